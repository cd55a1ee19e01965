/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_HELP_H
#define RPORTCTL_HELP_H

/* What --help prints. */

#include "commands.h"

/**
 * help_print_overview() - print all commands and the options that each of them takes
 */
void help_print_overview(void);

/**
 * help_print_command() - print how a command is used, and its options
 * @command: the command
 */
void help_print_command(const struct ctl_command *command);

#endif
