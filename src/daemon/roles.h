/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_ROLES_H
#define RPORT_DAEMON_ROLES_H

/*
 * The processes of rportd beside itself: the starter, and those that it starts. Each is this
 * program, executed again under the name of its role.
 */

#include "daemon/seccomp.h"
#include "kernel/starter.h"

/* What starter_start() is given; a new one needs its rows in the tables of roles.c, too. */
enum role {
	ROLE_DATA, /* rportd-data: moves packets */
};

/**
 * roles_start() - execute this program again, as the starter
 * @mode: for the processes that it starts
 * @ret: see starter_new()
 *
 * Return: as starter_new().
 */
int roles_start(enum seccomp_mode mode, struct starter **ret);

/* The main() of a role. Return: the exit status. */
typedef int (*role_main_t)(int argc, char *argv[]);

/**
 * roles_main() - find out which role this process has
 * @argv: of main()
 *
 * Return: what to call instead of being rportd; NULL: it is rportd.
 */
role_main_t roles_main(char *const argv[]);

#endif
