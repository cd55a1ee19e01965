/* SPDX-License-Identifier: ISC */

/*
 * The processes of rportd beside itself: the start-up of each, as a numbered checklist.
 *
 * Theory of operation
 *
 * Executed, not only forked. Each role begins as a child of the starter, with its rights. It takes
 * its leave of what is outside, as the role needs, and executes this program once more: so nothing
 * is inherited by accident, and where a filter of the service manager refuses capset(2) a process
 * whose ambient set is empty loses its capabilities all the same.
 */

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "daemon/privileges.h"
#include "daemon/roles.h"
#include "datapath/serve.h"

#define STARTER_NAME "rportd-starter"
#define DATA_NAME    "rportd-data"

/* Each works without: so that it fails is no reason not to start. */
static void confine(const char *name, const char *what, int r)
{
	if (r < 0)
		log_warning("%s: cannot %s: %s", name, what, strerror(-r));
}

/* How the mode is passed on: as the second word of the command line. */
static enum seccomp_mode mode_of(int argc, char *argv[])
{
	int mode = argc > 1 ? seccomp_mode_from_name(argv[1]) : -EINVAL;

	return mode < 0 ? SECCOMP_REFUSE : (enum seccomp_mode)mode;
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
	confine(DATA_NAME, "restrict its system calls", seccomp_install_data(mode_of(argc, argv)));

	/* 4. from now on it can be given links */
	r = data_server_ready(server);
	if (r >= 0)
		r = sd_event_loop(event);
end:
	data_server_free(server);
	sd_event_unref(event);
	return r < 0 ? EXIT_FAILURE : r;
}

/* --- the starter ------------------------------------------------------------------------------ */

/* In the new process. Return: the exit status, when it fails. */
static int execute(const char *name, int fd, enum seccomp_mode mode)
{
	char *argv[] = { (char *)(uintptr_t)name, (char *)(uintptr_t)seccomp_mode_name(mode),
			 NULL };

	if (dup2(fd, STARTER_FD) >= 0)
		execve("/proc/self/exe", argv, environ);
	log_error("%s: cannot be executed: %m", name);
	return EXIT_FAILURE;
}

/* The network that it leaves is that of rportd; its own has no interfaces. */
static int start_data(int fd, void *userdata)
{
	const enum seccomp_mode *mode = userdata;

	confine(DATA_NAME, "enter an empty network namespace",
		unshare(CLONE_NEWNET) < 0 ? -errno : 0);
	confine(DATA_NAME, "give up what is ambient", privileges_drop_ambient());
	return execute(DATA_NAME, fd, *mode);
}

static const struct starter_role roles[] = {
	[ROLE_DATA] = { DATA_NAME, start_data },
};

static int starter_main(int argc, char *argv[])
{
	enum seccomp_mode mode = mode_of(argc, argv);
	int r;

	/* 1. what it is called, and no signals */
	prepare_process(STARTER_NAME);

	/* 2. no more rights than those that it starts need to give theirs up */
	confine(STARTER_NAME, "give up privileges", privileges_drop_to_start());

	/* 3. no system calls but those that it, and what it starts, need */
	confine(STARTER_NAME, "restrict its system calls", seccomp_install_starter(mode));

	/* 4. start what rportd asks for */
	r = starter_serve(roles, ARRAY_SIZE(roles), &mode);
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
};

int roles_start(enum seccomp_mode mode, struct starter **ret)
{
	char *argv[] = { (char *)(uintptr_t)STARTER_NAME,
			 (char *)(uintptr_t)seccomp_mode_name(mode), NULL };

	return starter_new(argv, ret);
}

role_main_t roles_main(char *const argv[])
{
	for (size_t i = 0; argv[0] && i < ARRAY_SIZE(mains); i++)
		if (streq(argv[0], mains[i].name))
			return mains[i].main;
	return NULL;
}
