/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_SOCKET_NAME_H
#define RPORT_BASE_SOCKET_NAME_H

/*
 * The name of a program as the name of its socket, for a server that may not look into /proc: an
 * abstract address of unix(7), "RANDOM/rport/PROGRAM". The D-Bus library of systemd does the same.
 */

#include "base/util.h"

/* Bytes of a program's name, with its NUL: TASK_COMM_LEN of the kernel. */
#define PROGRAM_NAME_MAX 16

/**
 * socket_name_set() - give a socket the name of this program
 * @fd: a Unix socket that is not connected yet
 *
 * Without a name a socket works as well: what fails has no consequence.
 */
void socket_name_set(int fd);

/**
 * socket_name_get() - read the name that the program at the other end has given its socket
 * @fd: a connected Unix socket
 * @ret: any bytes that the other end chose; "" when it has not given one
 */
void socket_name_get(int fd, char ret[static PROGRAM_NAME_MAX]);

#endif
