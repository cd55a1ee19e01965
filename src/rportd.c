/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "api.h"
#include "build-config.h"
#include "frame.h"
#include "log.h"
#include "manager.h"
#include "rportd.h"
#include "varlink.h"

#define SOCKET_DEFAULT "/run/rportd/org.rportd.Manager"
#define RUNTIME_DIR    "/run/rportd"
#define GROUP          "rportd"

#define WORKERS_MAX             64
#define LINKS_MAX               10000
#define CONNECTIONS_MAX         256
#define CONNECTIONS_PER_UID_MAX 64
#define MONITORS_MAX            64
#define MONITOR_OUTPUT_MAX      (4U * 1024 * 1024)
#define OUTPUT_MAX              (64U * 1024 * 1024) /* a list of LINKS_MAX links with all their routes */

enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct arguments {
	const char *socket;
	unsigned int workers;
	int log_level;
	enum shuttle_datapath datapath;
};

struct rportd {
	struct arguments arguments;
	char lock_path[PATH_MAX];
	int lock_fd;
	bool bound; /* the socket is ours to unlink */
	sd_event *event;
	struct manager *manager;
	struct varlink_server *varlink;
};

/* --- arguments -------------------------------------------------------------------------------- */

static const char usage[] =
	"Usage: rportd [OPTION]...\n"
	"Join network namespaces and VRFs at layer 3. Links are made with rportctl(1).\n"
	"\n"
	"  --socket PATH       listen here (" SOCKET_DEFAULT ")\n"
	"  --workers N         threads that move packets, 1 to " STRINGIFY(
		WORKERS_MAX) " (as many as CPUs, at most 8)\n"
			     "  --datapath NAME     auto, uring-batch (Linux 6.4), or "
			     "uring-pending (6.1)\n"
			     "  --log-level LEVEL   error, warning, notice, info (default) or "
			     "debug\n"
			     "  --help              show this\n"
			     "  --version           show the version\n";

/* An argument that is refused: say which and why. Return: -EINVAL. */
static int bad_argument(const char *option, const char *value, const char *allowed)
{
	fprintf(stderr, "rportd: %s cannot be \"%s\": it must be %s\n", option, value, allowed);
	return -EINVAL;
}

static int parse_workers(const char *text, unsigned int *ret)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || n < 1 || n > WORKERS_MAX)
		return bad_argument("--workers", text,
				    "a number from 1 to " STRINGIFY(WORKERS_MAX));
	*ret = (unsigned int)n;
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

static int parse_datapath(const char *text, enum shuttle_datapath *ret)
{
	int datapath = shuttle_datapath_from_name(text);

	if (datapath < 0)
		return bad_argument("--datapath", text, "auto, uring-batch or uring-pending");
	*ret = (enum shuttle_datapath)datapath;
	return 0;
}

static unsigned int default_workers(void)
{
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return 1;
	return (unsigned int)MIN(CPU_COUNT(&cpus), 8);
}

/* Return: 1: go on; 0: done (--help); -EINVAL. */
static int parse_arguments(int argc, char *argv[], struct arguments *arguments)
{
	enum { OPT_SOCKET, OPT_WORKERS, OPT_DATAPATH, OPT_LOG_LEVEL, OPT_HELP, OPT_VERSION };
	static const struct option options[] = {
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ "workers", required_argument, NULL, OPT_WORKERS },
		{ "datapath", required_argument, NULL, OPT_DATAPATH },
		{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
		{ 0 },
	};
	int option, r = 0;

	while (r == 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case OPT_SOCKET:
			arguments->socket = optarg;
			break;
		case OPT_WORKERS:
			r = parse_workers(optarg, &arguments->workers);
			break;
		case OPT_DATAPATH:
			r = parse_datapath(optarg, &arguments->datapath);
			break;
		case OPT_LOG_LEVEL:
			r = parse_log_level(optarg, &arguments->log_level);
			break;
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
	if (r < 0)
		return r;
	if (optind < argc) {
		fprintf(stderr, "rportd: \"%s\" is not an option; try \"rportd --help\"\n",
			argv[optind]);
		return -EINVAL;
	}
	return 1;
}

/* --- start-up --------------------------------------------------------------------------------- */

/* Each link takes two descriptors, and more for a moment while it is made. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("cannot raise the limit of open files: %m");
}

static int make_runtime_dir(const char *socket)
{
	if (!streq(socket, SOCKET_DEFAULT))
		return 0;
	if (mkdir(RUNTIME_DIR, 0755) < 0 && errno != EEXIST) {
		log_error("cannot make %s: %m", RUNTIME_DIR);
		return -errno;
	}
	return 0;
}

/* Is the file that was locked still the one at its path, or did the last daemon remove it? */
static bool lock_is_current(int fd, const char *path)
{
	struct stat locked, current;

	return fstat(fd, &locked) == 0 && stat(path, &current) == 0 &&
	       locked.st_dev == current.st_dev && locked.st_ino == current.st_ino;
}

static int take_lock(struct rportd *rportd)
{
	for (;;) {
		_cleanup_close_ int fd = -1;

		fd = open(rportd->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0) {
			log_error("cannot open %s: %m", rportd->lock_path);
			return -errno;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				log_error("another rportd serves %s", rportd->arguments.socket);
			else
				log_error("cannot lock %s: %m", rportd->lock_path);
			return -EBUSY;
		}
		if (lock_is_current(fd, rportd->lock_path)) {
			rportd->lock_fd = steal_fd(&fd);
			return 0;
		}
	}
}

static int refuse_second_instance(struct rportd *rportd)
{
	int n = snprintf(rportd->lock_path, sizeof(rportd->lock_path), "%s.lock",
			 rportd->arguments.socket);

	if (n < 0 || (size_t)n >= sizeof(rportd->lock_path)) {
		log_error("the path of the socket is too long: %s", rportd->arguments.socket);
		return -ENAMETOOLONG;
	}
	return take_lock(rportd);
}

static int quit(sd_event_source *source, const struct signalfd_siginfo *info,
		void *userdata _unused_)
{
	log_info("ending on signal %s", strsignal((int)info->ssi_signo));
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int prepare_signals(struct rportd *rportd)
{
	static const int signals[] = { SIGTERM, SIGINT };
	sigset_t set;
	int r;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	r = -pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(rportd->event, NULL, signals[i], quit, NULL);
	if (r < 0)
		log_error("cannot prepare for signals: %s", strerror(-r));
	return r;
}

static int start_manager(struct rportd *rportd)
{
	struct manager_options options = {
		.workers = rportd->arguments.workers,
		.datapath = rportd->arguments.datapath,
		.max_links = LINKS_MAX,
		.max_ports = 2 * LINKS_MAX,
	};
	struct rport_error err = { 0 };
	int r;

	r = manager_new(rportd->event, &options, &rportd->manager, &err);
	if (r < 0)
		log_error("%s", err.message);
	return r;
}

static gid_t allowed_group(void)
{
	const struct group *group = getgrnam(GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

static int start_varlink(struct rportd *rportd)
{
	struct varlink_server_options options = {
		.interface = &api_interface,
		.userdata = rportd->manager,
		.group = allowed_group(),
		.limits = {
			.connections = CONNECTIONS_MAX,
			.connections_per_uid = CONNECTIONS_PER_UID_MAX,
			.message = FRAME_MESSAGE_MAX,
			.output = OUTPUT_MAX,
			.streams = MONITORS_MAX,
			.stream_output = MONITOR_OUTPUT_MAX,
		},
		.vendor = "rport for Linux",
		.product = "rportd",
		.version = PACKAGE_VERSION,
		.url = "man:rportd(8)",
	};
	_cleanup_close_ int fd = -1;
	int r;

	r = varlink_listen(rportd->arguments.socket, &fd);
	if (r >= 0) {
		rportd->bound = true;
		r = varlink_server_new(rportd->event, fd, &options, &rportd->varlink);
	}
	if (r < 0) {
		log_error("cannot listen on %s: %s", rportd->arguments.socket, strerror(-r));
		return r;
	}
	steal_fd(&fd); /* the server's now */
	return 0;
}

static void announce(const struct rportd *rportd)
{
	log_info("rportd %s: serving %s, %u workers, data path %s", PACKAGE_VERSION,
		 rportd->arguments.socket, rportd->arguments.workers,
		 manager_datapath(rportd->manager));
	sd_notify(0, "READY=1");
}

/* The last to come is the first to go; takes a half-started one. */
static void shut_down(struct rportd *rportd)
{
	sd_notify(0, "STOPPING=1");
	varlink_server_free(rportd->varlink);
	if (rportd->bound)
		unlink(rportd->arguments.socket);
	manager_free(rportd->manager);
	sd_event_unref(rportd->event);
	if (rportd->lock_fd >= 0) {
		unlink(rportd->lock_path);
		safe_close(rportd->lock_fd);
	}
}

static int start_up(struct rportd *rportd)
{
	int r;

	/* 1. what we need of the process: descriptors, an event loop, signals */
	raise_descriptor_limit();
	r = sd_event_new(&rportd->event);
	if (r < 0)
		return r;
	r = prepare_signals(rportd);
	if (r < 0)
		return r;

	/* 2. be the only one */
	r = make_runtime_dir(rportd->arguments.socket);
	if (r < 0)
		return r;
	r = refuse_second_instance(rportd);
	if (r < 0)
		return r;

	/* 3. namespaces, netlink, workers */
	r = start_manager(rportd);
	if (r < 0)
		return r;

	/* 4. only now can we be asked for something */
	r = start_varlink(rportd);
	if (r < 0)
		return r;
	announce(rportd);
	return 0;
}

int rportd_main(int argc, char *argv[])
{
	struct rportd rportd = {
		.arguments = {
			.socket = SOCKET_DEFAULT,
			.workers = default_workers(),
			.log_level = LOG_INFO,
		},
		.lock_fd = -1,
	};
	int r;

	r = parse_arguments(argc, argv, &rportd.arguments);
	if (r <= 0)
		return r < 0 ? EXIT_USAGE : EXIT_OK;
	log_set_level(rportd.arguments.log_level);
	r = start_up(&rportd);
	if (r >= 0)
		r = sd_event_loop(rportd.event);
	shut_down(&rportd);
	return r < 0 ? EXIT_FAILED : EXIT_OK;
}
