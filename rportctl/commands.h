/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_COMMANDS_H
#define RPORTCTL_COMMANDS_H

/* The table of commands: what the help says, what completion offers, what is run. */

#include "args.h"

struct ctl_command {
	const char *name;
	/*
	 * What follows it: in lower case the words that stand for themselves, in capitals what is
	 * put in their place, "|" between alternatives, brackets around what may be left out.
	 * Completion goes by it; complete.c knows the words in capitals.
	 */
	const char *synopsis;
	const char *summary;
	const char *details;
	ctl_command_fn run;
	const struct args_option *options; /* besides the common ones; NULL: none */
	const size_t *n_options;
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;

/**
 * ctl_command_find() - the command of that name
 *
 * Return: it, or NULL.
 */
const struct ctl_command *ctl_command_find(const char *name);

#endif
