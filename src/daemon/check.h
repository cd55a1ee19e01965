/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_CHECK_H
#define RPORT_DAEMON_CHECK_H

/* rportd --check-config: says what is wrong with the files of links. */

#include <stdbool.h>

/**
 * check_config() - read the files of links, and print what is wrong with them
 * @path: directories, see config_load()
 *
 * Return: true when all files could be read and none has an error.
 */
bool check_config(const char *path);

#endif
