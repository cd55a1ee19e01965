/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_FILES_H
#define RPORTCTL_FILES_H

/* What the commands apply and reload share: have rportd read the files again. */

#include "command.h"

/**
 * reload_has_faults() - tell whether links are not as their files say
 * @reply: of the method Reload
 *
 * A warning is no fault: it has no effect.
 *
 * Return: true when a file has an error, or a link could not be made.
 */
bool reload_has_faults(const json_t *reply);

/**
 * reload_files() - have rportd read the files again, and print the answer and what is wrong
 * @options: of the command line
 * @dry_run: change nothing
 * @print: prints the answer as text; faults are printed after it
 *
 * Return: the status; STATUS_REFUSED also when reload_has_faults(). A failure was printed.
 */
enum ctl_status reload_files(const struct ctl_options *options, bool dry_run,
			     command_print_fn print);

#endif
