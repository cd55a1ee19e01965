/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_ROLES_H
#define RPORT_DAEMON_ROLES_H

/* The processes of rportd beside itself: the starter, and those that it starts. */

#include "daemon/seccomp.h"
#include "kernel/starter.h"

enum role {
	ROLE_DATA, /* rportd-data */
};

/**
 * roles_start() - execute this program again, as the starter
 * @mode: for the processes that it starts
 * @ret: see starter_new()
 *
 * Return: as starter_new().
 */
int roles_start(enum seccomp_mode mode, struct starter **ret);

/**
 * roles_is_starter() - check whether this process is the starter
 * @argv: of main()
 *
 * Return: whether roles_start() of another process made it.
 */
bool roles_is_starter(char *const argv[]);

/**
 * roles_serve() - be the starter
 * @argc: of main()
 * @argv: of main()
 *
 * Return: the exit status.
 */
int roles_serve(int argc, char *argv[]);

#endif
