/* SPDX-License-Identifier: ISC */

/*
 * fdkeeper: a service manager of one service, for tests where no systemd runs. It keeps what the
 * service stores, starts it again when it fails, and gives it back what it kept.
 */

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "fdkeeper.h"

#define MAX_DEFAULT  4096
#define MAX_MAX      100000
#define STOP_TIMEOUT 30000 /* milliseconds from SIGTERM to SIGKILL */
#define NOT_STARTED  127   /* exit status when COMMAND cannot be executed */

struct keeper {
	const char *socket_dir, *pid_file;
	unsigned int max;
	unsigned long delay;
	char **command;

	struct store store;
	struct rlimit nofile;                                             /* as we found it */
	char notify_socket[64];                                           /* for $NOTIFY_SOCKET */
	char socket_path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* "": abstract */
	int signals;
	pid_t child;     /* 0: none runs */
	long long due;   /* when to start it, or to kill it; 0: not at all */
	bool restarting; /* SIGHUP: start it again whatever its status */
	bool stopping;   /* SIGTERM: do not */
};

static const char usage_text[] =
	"usage: fdkeeper [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	"  --socket-dir DIR  make $NOTIFY_SOCKET a file there, for a COMMAND in another network\n"
	"                    namespace (default: an abstract one)\n"
	"  --max N           descriptors that are kept (4096)\n"
	"  --delay MS        from a failure to the next start (100)\n"
	"  --pid-file FILE   has the PID of COMMAND as long as it runs\n"
	"Prints \"started PID\", \"ready PID\", \"terminated PID\" (by us) and \"ended PID "
	"STATUS\"\n"
	"(128 + N: signal N). COMMAND is started again, with what it stored, when it fails.\n"
	"SIGHUP: restart it at once; SIGTERM, SIGINT: stop it and exit; SIGUSR1: print the names "
	"of what\n"
	"is stored, and an empty line.\n";

void keeper_warn(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "fdkeeper: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void keeper_die(const char *fmt, ...)
{
	int errnum = errno;
	va_list args;

	fprintf(stderr, "fdkeeper: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	if (errnum)
		fprintf(stderr, ": %s", strerror(errnum));
	fputc('\n', stderr);
	exit(1);
}

static void __attribute__((noreturn)) usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void _printf_(1, 2) say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	fflush(stdout);
}

/* --- the service ------------------------------------------------------------------------------ */

/* A reader never sees half of it. */
static void write_pid_file(const struct keeper *keeper)
{
	char temporary[PATH_MAX];
	FILE *file;

	if (!keeper->pid_file)
		return;
	snprintf(temporary, sizeof(temporary), "%s.%d", keeper->pid_file, (int)getpid());
	file = fopen(temporary, "we");
	if (!file || fprintf(file, "%d\n", (int)keeper->child) < 0 || fclose(file) != 0 ||
	    rename(temporary, keeper->pid_file) < 0)
		keeper_die("%s", keeper->pid_file);
}

static void __attribute__((noreturn)) child_die(const char *what)
{
	fprintf(stderr, "fdkeeper: %s: %s\n", what, strerror(errno));
	_exit(NOT_STARTED);
}

static void set_environment(const struct keeper *keeper)
{
	char limit[24];

	snprintf(limit, sizeof(limit), "%u", keeper->max);
	if (setenv("NOTIFY_SOCKET", keeper->notify_socket, 1) < 0)
		child_die("environment");
	/* as systemd 254 */
	if (keeper->max > 0 ? setenv("FDSTORE", limit, 1) : unsetenv("FDSTORE"))
		child_die("environment");
}

static void __attribute__((noreturn)) run_child(const struct keeper *keeper, pid_t parent)
{
	sigset_t none;

	/* a keeper that is killed leaves nothing running */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(NOT_STARTED);
	set_environment(keeper);
	if (store_pass(&keeper->store) < 0)
		child_die("descriptors");
	setrlimit(RLIMIT_NOFILE, &keeper->nofile);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(keeper->command[0], keeper->command);
	child_die(keeper->command[0]);
}

static void start(struct keeper *keeper)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		keeper_die("fork");
	if (pid == 0)
		run_child(keeper, parent);
	keeper->child = pid;
	keeper->due = 0;
	keeper->restarting = false;
	write_pid_file(keeper);
	say("started %d\n", (int)pid);
}

static void terminate(struct keeper *keeper)
{
	if (!keeper->child || keeper->due)
		return;
	say("terminated %d\n", (int)keeper->child);
	kill(keeper->child, SIGTERM);
	keeper->due = now() + STOP_TIMEOUT;
}

/* The end of the service, if it ended. Return: the keeper's exit status, or -1 to go on. */
static int reap(struct keeper *keeper)
{
	int status, shown;

	if (!keeper->child || waitpid(keeper->child, &status, WNOHANG) != keeper->child)
		return -1;
	/* it may have stored something before it died */
	(void)store_receive(&keeper->store);
	shown = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (keeper->pid_file)
		unlink(keeper->pid_file);
	say("ended %d %d\n", (int)keeper->child, shown);
	keeper->child = 0;
	keeper->due = now() + (keeper->restarting ? 0 : (long long)keeper->delay);
	if (keeper->stopping)
		return 0;
	if (shown == NOT_STARTED)
		return NOT_STARTED;
	return shown == 0 && !keeper->restarting ? 0 : -1;
}

/* --- the loop --------------------------------------------------------------------------------- */

static void list(const struct keeper *keeper)
{
	const struct stored *stored;

	TAILQ_FOREACH(stored, &keeper->store.stored, entry)
	printf("%s\n", stored->name);
	say("\n");
}

/* Return: the keeper's exit status, or -1 to go on. */
static int handle_signal(struct keeper *keeper)
{
	struct signalfd_siginfo info;

	if (read(keeper->signals, &info, sizeof(info)) != sizeof(info))
		return -1;
	switch (info.ssi_signo) {
	case SIGCHLD:
		return reap(keeper);
	case SIGHUP:
		keeper->restarting = true;
		if (!keeper->child)
			keeper->due = now();
		terminate(keeper);
		return -1;
	case SIGUSR1:
		list(keeper);
		return -1;
	default:
		keeper->stopping = true;
		terminate(keeper);
		return keeper->child ? -1 : 0;
	}
}

static void handle_due(struct keeper *keeper)
{
	if (!keeper->due || now() < keeper->due)
		return;
	if (keeper->child) {
		keeper->due = 0;
		kill(keeper->child, SIGKILL);
	} else {
		start(keeper);
	}
}

static int run(struct keeper *keeper)
{
	struct pollfd fds[] = { { .fd = keeper->store.socket, .events = POLLIN },
				{ .fd = keeper->store.epoll, .events = POLLIN },
				{ .fd = keeper->signals, .events = POLLIN } };
	int status = -1;

	start(keeper);
	while (status < 0) {
		long long left = keeper->due ? MAX(keeper->due - now(), 0) : -1;

		if (poll(fds, ARRAY_SIZE(fds), (int)left) < 0 && errno != EINTR)
			keeper_die("poll");
		/* what the service sent comes before a signal that was sent after it */
		if (store_receive(&keeper->store))
			say("ready %d\n", (int)keeper->child);
		store_drop_dead(&keeper->store);
		if (fds[2].revents)
			status = handle_signal(keeper);
		if (status < 0)
			handle_due(keeper);
	}
	return status;
}

/* --- begin and end ---------------------------------------------------------------------------- */

static int open_socket(struct keeper *keeper)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), length,
	    size = 8 << 20;

	if (fd < 0)
		keeper_die("socket");
	if (keeper->socket_dir)
		length = snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify.%d",
				  keeper->socket_dir, (int)getpid());
	else
		length = snprintf(address.sun_path, sizeof(address.sun_path), "@fdkeeper-%d",
				  (int)getpid());
	if (length >= (int)sizeof(keeper->notify_socket)) {
		errno = ENAMETOOLONG;
		keeper_die("%s", keeper->socket_dir);
	}
	strcpy(keeper->notify_socket, address.sun_path);
	if (keeper->socket_dir)
		strcpy(keeper->socket_path, address.sun_path);
	else
		address.sun_path[0] = '\0';
	if (bind(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)) < 0)
		keeper_die("bind to %s", keeper->notify_socket);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

/* To pass n descriptors takes 2 n of them for a moment. The service gets the limit as it was. */
static void raise_limit(struct keeper *keeper)
{
	rlim_t wanted = 2 * (rlim_t)keeper->max + 256;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &keeper->nofile) < 0)
		keeper_die("limits");
	limit.rlim_cur = MAX(keeper->nofile.rlim_cur, wanted);
	limit.rlim_max = MAX(keeper->nofile.rlim_max, wanted);
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	limit.rlim_cur = limit.rlim_max = keeper->nofile.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		keeper_die("limits");
}

static void catch_signals(struct keeper *keeper)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	keeper->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (keeper->signals < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		keeper_die("signals");
}

static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > max) {
		errno = 0;
		keeper_die("%s is not a number up to %lu", text, max);
	}
	return value;
}

static void parse_arguments(int argc, char **argv, struct keeper *keeper)
{
	static const struct option options[] = {
		{ "socket-dir", required_argument, NULL, 's' },
		{ "max", required_argument, NULL, 'm' },
		{ "delay", required_argument, NULL, 'd' },
		{ "pid-file", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 's':
			keeper->socket_dir = optarg;
			break;
		case 'm':
			keeper->max = (unsigned int)number(optarg, MAX_MAX);
			break;
		case 'd':
			keeper->delay = number(optarg, 3600000);
			break;
		case 'p':
			keeper->pid_file = optarg;
			break;
		default:
			usage();
		}
	}
	if (optind == argc)
		usage();
	keeper->command = argv + optind;
}

int main(int argc, char **argv)
{
	struct keeper keeper = { .max = MAX_DEFAULT, .delay = 100 };
	int status;

	parse_arguments(argc, argv, &keeper);
	/* what a shell left open is none of the service's */
	(void)close_range(FDS_START, ~0U, CLOSE_RANGE_CLOEXEC);
	raise_limit(&keeper);
	catch_signals(&keeper);
	store_open(&keeper.store, open_socket(&keeper), keeper.max);
	status = run(&keeper);
	store_close(&keeper.store);
	if (keeper.socket_path[0])
		unlink(keeper.socket_path);
	return status;
}
