/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_COMMANDS_H
#define RPORTCTL_COMMANDS_H

/*
 * The commands, each in a file of its own: what the help says, what completion offers, what is run.
 */

#include "args.h"

/* All commands, in the order of the help. */
#define CTL_COMMANDS(COMMAND) \
	COMMAND(pair)         \
	COMMAND(unpair)       \
	COMMAND(reconcile)    \
	COMMAND(apply)        \
	COMMAND(reload)       \
	COMMAND(export)       \
	COMMAND(delete_file)  \
	COMMAND(monitor)      \
	COMMAND(status)       \
	COMMAND(list)         \
	COMMAND(show)         \
	COMMAND(exists)       \
	COMMAND(check)        \
	COMMAND(wait)         \
	COMMAND(capture)      \
	COMMAND(top)          \
	COMMAND(graph)        \
	COMMAND(metrics)      \
	COMMAND(create)       \
	COMMAND(destroy)      \
	COMMAND(up)           \
	COMMAND(down)         \
	COMMAND(set)          \
	COMMAND(parent)       \
	COMMAND(unparent)     \
	COMMAND(ports)        \
	COMMAND(version)      \
	COMMAND(help)         \
	COMMAND(complete)

/*
 * A command.
 *
 * @name: the word that is typed
 * @synopsis: what follows it: in lower case the words that stand for themselves, in capitals what
 *	is put in their place, "|" between alternatives, brackets around what may be left out.
 *	Completion goes by it; complete.c knows the words in capitals
 * @summary: a line for the list of commands
 * @details: lines for the help of the command; "": none
 * @run: see ctl_command_fn
 * @options: besides the common ones; NULL: none
 * @n_options: entries of @options
 */
struct ctl_command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const char *details;
	ctl_command_fn run;
	const struct args_option *options;
	size_t n_options;
};

#define CTL_COMMAND_DECLARATION(name) extern const struct ctl_command ctl_command_##name;
CTL_COMMANDS(CTL_COMMAND_DECLARATION)

extern const struct ctl_command *const ctl_commands[];
extern const size_t ctl_n_commands;

/**
 * ctl_command_find() - find a command by its name
 * @name: any word
 *
 * Return: the command, or NULL when there is none.
 */
const struct ctl_command *ctl_command_find(const char *name);

/**
 * ctl_command_find_or_complain() - find a command by its name, and print an error when there is
 * none
 * @name: any word
 *
 * Return: the command, or NULL.
 */
const struct ctl_command *ctl_command_find_or_complain(const char *name);

#endif
