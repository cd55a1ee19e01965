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
	ROLE_NET,  /* rportd-net: namespaces and interfaces */
};

/*
 * struct role_options - what the processes are started with
 * @seccomp: what happens to system calls that they do not use
 * @fastpath: as for seccomp_install_network()
 */
struct role_options {
	enum seccomp_mode seccomp;
	enum fastpath_policy fastpath;
};

/**
 * roles_start() - execute this program again, as the starter
 * @options: for it, and for the processes that it starts
 * @ret: see starter_new()
 *
 * Return: as starter_new().
 */
int roles_start(const struct role_options *options, struct starter **ret);

/**
 * roles_begin() - start the starter, and execute this program again, as rportd without capabilities
 * @options: as for roles_start()
 * @argv: of main()
 * @ret: see starter_new(); the starter is the same after the second beginning
 *
 * Root gets its capabilities again: privileges_keep_files() takes these away. What the service
 * manager passed stays. That the second beginning fails is logged, and rportd goes on.
 *
 * Return: 0; as starter_new(); -ENOTSOCK when the environment says that this is the second
 * beginning, but there is no starter; or -ENOMEM.
 */
int roles_begin(const struct role_options *options, char *argv[], struct starter **ret);

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
