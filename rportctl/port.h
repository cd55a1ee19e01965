/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_PORT_H
#define RPORTCTL_PORT_H

/* What the commands about ports share. */

#include <jansson.h>

#include "commands.h"

#define PORT_DETAILS "A PORT is IFNAME, where only one port is called so, or DOMAIN/IFNAME.\n"

/**
 * port_print() - print a line on what became of a port: "DOMAIN/IFNAME: RESULT"
 * @port: as the daemon describes it
 * @result: what became of it
 */
void port_print(const json_t *port, const char *result);

/**
 * port_set_up() - run the command up or down
 * @command: the command
 * @options: of the command line
 * @argc: number of words after the command
 * @argv: these words
 * @up: true: set the port up; false: down
 *
 * Return: the status; a failure was printed.
 */
enum ctl_status port_set_up(const struct ctl_command *command, struct ctl_options *options,
			    int argc, char **argv, bool up);

#endif
