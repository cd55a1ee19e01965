/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/arguments.h"
#include "build-config.h"
#include "config/config.h"
#include "base/frame.h"
#include "base/log.h"

#define WORKERS_MAX       64
#define WORKERS_USUAL_MAX 8
#define BUSY_POLL_MAX     10000

static const char usage[] =
	"Usage: rportd [OPTION]...\n"
	"Join network namespaces and VRFs at layer 3. Links are made with rportctl(1), or by "
	"files\n"
	"as in rport(5).\n"
	"\n"
	"  --socket PATH       listen here (" ARGUMENTS_SOCKET_DEFAULT ")\n"
	"  --config-path DIR[:DIR...]\n"
	"                      read the files of links there (" CONFIG_PATH_DEFAULT ")\n"
	"  --check-config      say what is wrong with these files, and end\n"
	"  --workers N         threads that move packets, 1 to " STRINGIFY(
		WORKERS_MAX) " (as many as CPUs, at most 8)\n"
			     "  --datapath NAME     auto, uring (of these the best: uring-batch, "
			     "Linux 6.4, or\n"
			     "                      uring-pending, 6.1) or epoll\n"
			     "  --busy-poll USEC    look for packets so long before sleeping, "
			     "while "
			     "that pays: less\n"
			     "                      latency for CPU time; 0 to " STRINGIFY(
				     BUSY_POLL_MAX) " (0)\n"
						    "  --unwatched-queues  several queues "
						    "also where the kernel does "
						    "not tell\n"
						    "                      when another "
						    "process opens an "
						    "interface\n"
						    "  --limit NAME=N      of links, ports, "
						    "connections, "
						    "connections-per-user, idle "
						    "(seconds),\n"
						    "                      monitors, "
						    "message (bytes), retries (0: no "
						    "limit); again for more\n"

						    "  --seccomp MODE      system calls that "
						    "rportd does not "
						    "use: refuse (default),\n"
						    "                      kill (the daemon), off "
						    "(allow them)\n"
						    "  --log-level LEVEL   error, warning, notice, "
						    "info (default) or "
						    "debug\n"
						    "  --help              show this\n"
						    "  --version           show the version\n";

static const struct limit {
	const char *name;
	size_t offset; /* in struct limits */
	unsigned int usual, min, max;
} limits[] = {
	{ "links", offsetof(struct limits, links), 10000, 0, 1000000 },
	{ "ports", offsetof(struct limits, ports), 20000, 1, 1000000 },
	{ "connections", offsetof(struct limits, connections), 256, 1, 100000 },
	{ "connections-per-user", offsetof(struct limits, connections_per_user), 64, 1, 100000 },
	{ "idle", offsetof(struct limits, idle), 60, 0, 86400 },
	{ "monitors", offsetof(struct limits, monitors), 128, 0, 100000 },
	{ "message", offsetof(struct limits, message), FRAME_MESSAGE_MAX, 1024, 16 * 1024 * 1024 },
	{ "retries", offsetof(struct limits, retries), 0, 0, 1000000 },
};

static unsigned int *limit_value(struct limits *values, const struct limit *limit)
{
	return (unsigned int *)((char *)values + limit->offset);
}

/* An argument that is refused: say which and why. Return: -EINVAL. */
static int bad_argument(const char *option, const char *value, const char *allowed)
{
	fprintf(stderr, "rportd: %s cannot be \"%s\": it must be %s\n", option, value, allowed);
	return -EINVAL;
}

static bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned int *ret)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] < '0' || text[0] > '9' || n < min || n > max)
		return false;
	*ret = (unsigned int)n;
	return true;
}

static int parse_workers(const char *text, unsigned int *ret)
{
	if (parse_number(text, 1, WORKERS_MAX, ret))
		return 0;
	return bad_argument("--workers", text, "a number from 1 to " STRINGIFY(WORKERS_MAX));
}

static int parse_busy_poll(const char *text, unsigned int *ret)
{
	if (parse_number(text, 0, BUSY_POLL_MAX, ret))
		return 0;
	return bad_argument("--busy-poll", text,
			    "a number of microseconds, 0 to " STRINGIFY(BUSY_POLL_MAX));
}

static int parse_limit(const char *text, struct limits *values)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : 0;
	char allowed[96];

	for (size_t i = 0; i < ARRAY_SIZE(limits) && equals; i++) {
		const struct limit *limit = &limits[i];

		if (strlen(limit->name) != length || strncmp(text, limit->name, length) != 0)
			continue;
		if (parse_number(equals + 1, limit->min, limit->max, limit_value(values, limit)))
			return 0;
		snprintf(allowed, sizeof(allowed), "%s=N, with N from %u to %u", limit->name,
			 limit->min, limit->max);
		return bad_argument("--limit", text, allowed);
	}
	return bad_argument("--limit", text,
			    "NAME=N, with NAME one of links, ports, connections, "
			    "connections-per-user, idle, monitors, message, retries");
}

static int parse_config_path(const char *text, const char **ret)
{
	if (!*text)
		return bad_argument("--config-path", text, "directories with ':' between");
	*ret = text;
	return 0;
}

static int parse_log_level(const char *text, int *ret)
{
	int level = log_level_from_name(text);

	if (level < 0)
		return bad_argument("--log-level", text, "error, warning, notice, info or debug");
	*ret = level;
	return 0;
}

static int parse_seccomp(const char *text, enum seccomp_mode *ret)
{
	int mode = seccomp_mode_from_name(text);

	if (mode < 0)
		return bad_argument("--seccomp", text, "refuse, kill or off");
	*ret = (enum seccomp_mode)mode;
	return 0;
}

static int parse_datapath(const char *text, enum shuttle_datapath *ret)
{
	int datapath = shuttle_datapath_from_name(text);

	if (datapath < 0)
		return bad_argument("--datapath", text,
				    "auto, uring, uring-batch, uring-pending or epoll");
	*ret = (enum shuttle_datapath)datapath;
	return 0;
}

static void set_defaults(struct arguments *arguments)
{
	*arguments = (struct arguments){
		.socket = ARGUMENTS_SOCKET_DEFAULT,
		.workers = MIN(usable_cpus(), (unsigned int)WORKERS_USUAL_MAX),
		.log_level = LOG_INFO,
	};
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		*limit_value(&arguments->limits, &limits[i]) = limits[i].usual;
}

enum option_code {
	OPT_SOCKET,
	OPT_CONFIG_PATH,
	OPT_CHECK_CONFIG,
	OPT_WORKERS,
	OPT_DATAPATH,
	OPT_BUSY_POLL,
	OPT_UNWATCHED_QUEUES,
	OPT_LIMIT,
	OPT_SECCOMP,
	OPT_LOG_LEVEL,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "config-path", required_argument, NULL, OPT_CONFIG_PATH },
	{ "check-config", no_argument, NULL, OPT_CHECK_CONFIG },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "datapath", required_argument, NULL, OPT_DATAPATH },
	{ "busy-poll", required_argument, NULL, OPT_BUSY_POLL },
	{ "unwatched-queues", no_argument, NULL, OPT_UNWATCHED_QUEUES },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "seccomp", required_argument, NULL, OPT_SECCOMP },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static int take_option(int option, const char *value, struct arguments *arguments)
{
	switch (option) {
	case OPT_SOCKET:
		arguments->socket = value;
		return 1;
	case OPT_CONFIG_PATH:
		return parse_config_path(value, &arguments->config_path) < 0 ? -EINVAL : 1;
	case OPT_CHECK_CONFIG:
		arguments->check_config = true;
		return 1;
	case OPT_WORKERS:
		return parse_workers(value, &arguments->workers) < 0 ? -EINVAL : 1;
	case OPT_DATAPATH:
		return parse_datapath(value, &arguments->datapath) < 0 ? -EINVAL : 1;
	case OPT_BUSY_POLL:
		return parse_busy_poll(value, &arguments->busy_poll) < 0 ? -EINVAL : 1;
	case OPT_UNWATCHED_QUEUES:
		arguments->unwatched_queues = true;
		return 1;
	case OPT_LIMIT:
		return parse_limit(value, &arguments->limits) < 0 ? -EINVAL : 1;
	case OPT_SECCOMP:
		return parse_seccomp(value, &arguments->seccomp) < 0 ? -EINVAL : 1;
	case OPT_LOG_LEVEL:
		return parse_log_level(value, &arguments->log_level) < 0 ? -EINVAL : 1;
	case OPT_HELP:
		fputs(usage, stdout);
		return 0;
	case OPT_VERSION:
		puts("rportd " PACKAGE_VERSION);
		return 0;
	default: /* getopt_long() has said what */
		fputs("rportd: try \"rportd --help\"\n", stderr);
		return -EINVAL;
	}
}

/*
 * The files of the system belong to the daemon that serves the socket of the system. Another one
 * would make the same interfaces in the same namespaces a second time.
 */
static const char *default_config_path(const struct arguments *arguments)
{
	bool of_the_system = streq(arguments->socket, ARGUMENTS_SOCKET_DEFAULT);

	return of_the_system || arguments->check_config ? CONFIG_PATH_DEFAULT : "";
}

int arguments_parse(int argc, char *argv[], struct arguments *ret)
{
	struct arguments arguments;
	int option, r = 1;

	set_defaults(&arguments);
	while (r > 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(option, optarg, &arguments);
	if (r <= 0)
		return r;
	if (optind < argc) {
		fprintf(stderr, "rportd: \"%s\" is not an option; try \"rportd --help\"\n",
			argv[optind]);
		return -EINVAL;
	}
	if (!arguments.config_path)
		arguments.config_path = default_config_path(&arguments);
	*ret = arguments;
	return 1;
}
