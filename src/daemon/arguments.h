/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_ARGUMENTS_H
#define RPORT_DAEMON_ARGUMENTS_H

/* The command line of rportd. */

#include "daemon/seccomp.h"
#include "datapath/fastpath.h"
#include "datapath/shuttle.h"

#define ARGUMENTS_SOCKET_DEFAULT "/run/rportd/org.rportd.Manager"

/* How much there may be of what clients and files can ask for. */
struct limits {
	unsigned int links;
	unsigned int ports;
	unsigned int connections;
	unsigned int connections_per_user;
	unsigned int idle; /* seconds that an unprivileged client may do nothing; 0: for ever */
	unsigned int monitors;
	unsigned int message; /* bytes of a call */
	unsigned int retries; /* of a port that cannot be made; 0: for ever */
};

struct arguments {
	const char *socket;
	const char *config_path; /* "": no files are read */
	bool config_path_said;   /* by --config-path */
	bool check_config;       /* do nothing else */
	char **files;            /* for check_config, ended by NULL; none: those of config_path */
	unsigned int workers;
	unsigned int busy_poll; /* microseconds */
	enum seccomp_mode seccomp;
	int log_level;
	enum fastpath_policy fastpath;
	const char *datapath;  /* a choice of engines.h; NULL: "auto" */
	bool unwatched_queues; /* several queues also where a kernel does not tell of intruders */
	struct limits limits;
};

/**
 * arguments_parse() - read the command line
 * @argc: of main()
 * @argv: of main(); must live as long as @ret
 * @ret: filled, what is not said with its default; strings are those of @argv
 *
 * Return: 1: go on; 0: done (--help, --version); -EINVAL after having said what is wrong.
 */
int arguments_parse(int argc, char *argv[], struct arguments *ret);

#endif
