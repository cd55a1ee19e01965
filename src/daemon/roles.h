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
 * roles_execute_again() - execute this program again, as rportd without the capabilities that it got
 * @starter: of roles_start(); roles_resume() finds it
 * @argv: of main()
 *
 * Root gets its capabilities again: privileges_keep_files() takes these away. What the service
 * manager passed stays. Returns only if it fails, which is logged.
 */
void roles_execute_again(struct starter *starter, char *argv[]);

/**
 * roles_resume() - find out whether this process was executed by roles_execute_again()
 * @ret: its starter
 *
 * Return: 1; 0 when it was not; -ENOTSOCK when the environment says so, but there is no starter; or
 * -ENOMEM.
 */
int roles_resume(struct starter **ret);

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
