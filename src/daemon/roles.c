/* SPDX-License-Identifier: ISC */

/*
 * The processes of rportd beside itself: the start-up of each, as a numbered checklist.
 *
 * Theory of operation
 *
 * Executed, not only forked. Each role begins as a child of the starter, with its rights. It takes
 * its leave of what is outside, as the role needs, and executes this program once more: so nothing
 * is inherited by accident, and where a filter of the service manager refuses capset(2) a process
 * whose ambient set is empty loses its capabilities all the same. rportd itself does so, too, as soon
 * as it has started the starter: it keeps its number, and what the service manager passed.
 */

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "daemon/privileges.h"
#include "daemon/roles.h"
#include "datapath/serve.h"
#include "network/serve.h"

#define STARTER_NAME "rportd-starter"
#define DATA_NAME    "rportd-data"
#define NET_NAME     "rportd-net"
#define WITH_BPF     "bpf"

/* The descriptor of the connection to the starter, for rportd when it is executed again. */
#define STARTER_VARIABLE "RPORTD_STARTER"

/* Each works without: so that it fails is no reason not to start. */
static void confine(const char *name, const char *what, int r)
{
	if (r < 0)
		log_warning("%s: cannot %s: %s", name, what, strerror(-r));
}

/* How it is passed on: as the second and the third word of the command line. */
static struct role_options options_of(int argc, char *argv[])
{
	int mode = argc > 1 ? seccomp_mode_from_name(argv[1]) : -EINVAL;

	return (struct role_options){
		.seccomp = mode < 0 ? SECCOMP_REFUSE : (enum seccomp_mode)mode,
		.fastpath = argc > 2 && streq(argv[2], WITH_BPF) ? FASTPATH_DEFAULT_OFF
								 : FASTPATH_NEVER,
	};
}

#define ROLE_ARGV(name, options)                                                             \
	{                                                                                    \
		(char *)(uintptr_t)(name),                                                   \
			(char *)(uintptr_t)seccomp_mode_name((options)->seccomp),            \
			(options)->fastpath == FASTPATH_NEVER ? NULL                         \
							      : (char *)(uintptr_t)WITH_BPF, \
			NULL                                                                 \
	}

/* Signals are for rportd: a terminal and service managers send them to all processes. */
static void prepare_process(const char *name)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
}

/* --- rportd-data ------------------------------------------------------------------------------ */

static void drop_all(void)
{
	confine(DATA_NAME, "give up all privileges", privileges_drop_all());
}

static int data_main(int argc, char *argv[])
{
	struct data_server *server = NULL;
	sd_event *event = NULL;
	int r;

	/* 1. what it is called, and no signals */
	prepare_process(DATA_NAME);

	/* 2. the workers; they may need CAP_SYS_ADMIN for io_uring (sysctl kernel.io_uring_disabled)
	 * and give it up as soon as they have it */
	r = sd_event_new(&event);
	if (r >= 0)
		r = data_server_new(event, STARTER_FD, drop_all, &server);
	if (r < 0) /* rportd has been told */
		goto end;
	drop_all();

	/* 3. no system calls but those that move packets; sd-event reads the boot id for its first
	 * timer */
	(void)sd_event_run(event, 0);
	confine(DATA_NAME, "restrict its system calls",
		seccomp_install_data(options_of(argc, argv).seccomp));

	/* 4. from now on it can be given links */
	r = data_server_ready(server);
	if (r >= 0)
		r = sd_event_loop(event);
end:
	data_server_free(server);
	sd_event_unref(event);
	return r < 0 ? EXIT_FAILURE : r;
}

/* --- rportd-net ------------------------------------------------------------------------------- */

static int net_main(int argc, char *argv[])
{
	struct role_options options = options_of(argc, argv);
	struct network_server *server = NULL;
	sd_event *event = NULL;
	int r;

	/* 1. what it is called, and no signals */
	prepare_process(NET_NAME);

	/* 2. no rights but those that namespaces and interfaces need */
	confine(NET_NAME, "give up privileges", privileges_keep_network());
	r = sd_event_new(&event);
	if (r >= 0)
		r = network_server_new(event, STARTER_FD, &server);
	if (r < 0) /* rportd has been told */
		goto end;

	/* 3. no other system calls; sd-event reads the boot id for its first timer */
	(void)sd_event_run(event, 0);
	confine(NET_NAME, "restrict its system calls",
		seccomp_install_network(options.seccomp, options.fastpath));

	/* 4. from now on it serves */
	r = network_server_ready(server);
	if (r >= 0)
		r = sd_event_loop(event);
end:
	network_server_free(server);
	sd_event_unref(event);
	return r < 0 ? EXIT_FAILURE : r;
}

/* --- the starter ------------------------------------------------------------------------------ */

/* In the new process. Return: the exit status, when it fails. */
static int execute(const char *name, int fd, const struct role_options *options)
{
	char *argv[] = ROLE_ARGV(name, options);

	if (dup2(fd, STARTER_FD) >= 0)
		execve("/proc/self/exe", argv, environ);
	log_error("%s: cannot be executed: %m", name);
	return EXIT_FAILURE;
}

/* The network that it leaves is that of rportd; its own has no interfaces. */
static int start_data(int fd, void *userdata)
{
	const struct role_options *options = userdata;
	const struct role_options data_options = {
		.seccomp = options->seccomp,
		.fastpath = FASTPATH_NEVER,
	};

	confine(DATA_NAME, "enter an empty network namespace",
		unshare(CLONE_NEWNET) < 0 ? -errno : 0);
	confine(DATA_NAME, "give up what is ambient", privileges_drop_ambient());
	return execute(DATA_NAME, fd, &data_options);
}

static int start_net(int fd, void *userdata)
{
	confine(NET_NAME, "keep its privileges", privileges_pass_on());
	return execute(NET_NAME, fd, userdata);
}

static const struct starter_role roles[] = {
	[ROLE_DATA] = { DATA_NAME, start_data },
	[ROLE_NET] = { NET_NAME, start_net },
};

static int starter_main(int argc, char *argv[])
{
	struct role_options options = options_of(argc, argv);
	int r;

	/* 1. what it is called, and no signals */
	prepare_process(STARTER_NAME);

	/* 2. no more rights than those that it starts need to give theirs up */
	confine(STARTER_NAME, "give up privileges", privileges_keep_network());

	/* 3. no system calls but those that it, and what it starts, need */
	confine(STARTER_NAME, "restrict its system calls",
		seccomp_install_starter(options.seccomp, options.fastpath));

	/* 4. start what rportd asks for */
	r = starter_serve(roles, ARRAY_SIZE(roles), &options);
	if (r == -ENOTSOCK)
		log_error("%s is started by rportd only", STARTER_NAME);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- in rportd -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	role_main_t main;
} mains[] = {
	{ STARTER_NAME, starter_main },
	{ DATA_NAME, data_main },
	{ NET_NAME, net_main },
};

int roles_start(const struct role_options *options, struct starter **ret)
{
	char *argv[] = ROLE_ARGV(STARTER_NAME, options);

	return starter_new(argv, ret);
}

/* Root gets its capabilities again. What the service manager passed stays. Returns only if it fails. */
static void execute_again(struct starter *starter, char *argv[])
{
	int fd = starter_pass_on(starter);
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	confine("rportd", "give up what is ambient", privileges_drop_ambient());
	if (fd >= 0 && setenv(STARTER_VARIABLE, text, 1) == 0)
		(void)execve("/proc/self/exe", argv, environ);
	log_warning("cannot execute rportd without its privileges: %m");
	(void)unsetenv(STARTER_VARIABLE);
}

/* Return: 1; 0 when this process was not executed by execute_again(); or as roles_begin(). */
static int resume(struct starter **ret)
{
	const char *text = getenv(STARTER_VARIABLE);
	long fd;
	int r;

	if (!text)
		return 0;
	(void)prctl(PR_SET_NAME, "rportd", 0, 0, 0); /* not "exe" */
	fd = strtol(text, NULL, 10);
	r = fd > STDERR_FILENO && fd <= INT_MAX ? starter_adopt((int)fd, ret) : -ENOTSOCK;
	(void)unsetenv(STARTER_VARIABLE);
	return r < 0 ? r : 1;
}

int roles_begin(const struct role_options *options, char *argv[], struct starter **ret)
{
	int r = resume(ret);

	if (r == 0) {
		r = roles_start(options, ret);
		if (r >= 0)
			execute_again(*ret, argv);
	}
	return MIN(r, 0);
}

role_main_t roles_main(char *const argv[])
{
	for (size_t i = 0; argv[0] && i < ARRAY_SIZE(mains); i++)
		if (streq(argv[0], mains[i].name))
			return mains[i].main;
	return NULL;
}
