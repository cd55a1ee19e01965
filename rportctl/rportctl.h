/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_H
#define RPORTCTL_H

/* What every command of rportctl sees: the options given for all of them, and the exit status. */

#include "base/error.h"

struct ctl_options {
	bool json;
	bool pretty;
	bool brief;
	bool statistics;
	bool quiet;
	bool no_pager;
	bool help;
	bool version;
	bool start;          /* calls that only look start a stopped daemon, too */
	const char *socket;  /* --socket, or NULL */
	const char *command; /* what is run, for messages; NULL: not known yet */
};

/* Runs a command; @argv are the words after its own, which it reads with args_parse(). */
typedef enum ctl_status (*ctl_command_fn)(struct ctl_options *options, int argc, char **argv);

/**
 * ctl_print_version() - print the version of rportctl itself, without asking the daemon
 * @options: of them, whether as JSON
 */
void ctl_print_version(const struct ctl_options *options);

#endif
