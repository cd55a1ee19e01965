/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_CHECK_H
#define RPORT_DAEMON_CHECK_H

/* rportd --check-config: says what is wrong with the files of links. */

#include "daemon/arguments.h"

/**
 * check_config() - read files of links, and print what is wrong with them
 * @arguments: of the command line: the files and directories that it names, or those of the path
 *
 * Return: true when all could be read, and none has an error.
 */
bool check_config(const struct arguments *arguments);

#endif
