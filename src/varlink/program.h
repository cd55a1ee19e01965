/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_PROGRAM_H
#define RPORT_VARLINK_PROGRAM_H

/* The program behind a socket. */

#include "varlink/server.h"

/**
 * varlink_read_program() - read what the process at the other end of a socket calls itself
 * @fd: a connected Unix socket
 * @pid: of the process that connected, see SO_PEERCRED in unix(7); 0: it has none here
 * @ret: filled with any bytes; "" when nobody says it
 */
void varlink_read_program(int fd, pid_t pid, char ret[static PROGRAM_NAME_MAX]);

#endif
