/* SPDX-License-Identifier: ISC */

/* The processes of rportd beside itself: the start-up of each, as a numbered checklist. */

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/log.h"
#include "daemon/privileges.h"
#include "daemon/roles.h"
#include "datapath/serve.h"

#define STARTER_NAME "rportd-starter"
#define DATA_NAME    "rportd-data"

static char *title; /* argv[0], which ps(1) shows; as long as STARTER_NAME */

_Static_assert(sizeof(DATA_NAME) <= sizeof(STARTER_NAME), "the title has room for it");

/* Each works without: so that it fails is no reason not to start. */
static void confine(const char *name, const char *what, int r)
{
	if (r < 0)
		log_warning("%s: cannot %s: %s", name, what, strerror(-r));
}

static int data_main(int fd, void *userdata)
{
	const enum seccomp_mode *mode = userdata;
	struct data_server *server;
	sd_event *event;
	int r;

	/* 1. what it is called, and a network without interfaces */
	memset(title, 0, sizeof(STARTER_NAME));
	strcpy(title, DATA_NAME);
	confine(DATA_NAME, "enter an empty network namespace",
		unshare(CLONE_NEWNET) < 0 ? -errno : 0);

	/* 2. no capabilities; the workers, which inherit that */
	confine(DATA_NAME, "give up all privileges", privileges_drop_all());
	r = sd_event_new(&event);
	if (r >= 0)
		r = data_server_new(event, fd, &server);
	if (r < 0) /* rportd has been told */
		return EXIT_FAILURE;

	/* 3. no system calls but those that move packets; sd-event reads the boot id for its first
	 * timer */
	(void)sd_event_run(event, 0);
	confine(DATA_NAME, "restrict its system calls", seccomp_install_data(*mode));

	/* 4. from now on it can be given links */
	r = data_server_ready(server);
	if (r >= 0)
		r = sd_event_loop(event);
	data_server_free(server);
	sd_event_unref(event);
	return r < 0 ? EXIT_FAILURE : r;
}

static const struct starter_role roles[] = {
	[ROLE_DATA] = { DATA_NAME, data_main },
};

int roles_start(enum seccomp_mode mode, struct starter **ret)
{
	char name[] = STARTER_NAME, word[] = { (char)('0' + mode), '\0' };
	char *argv[] = { name, word, NULL };

	return starter_new(argv, ret);
}

bool roles_is_starter(char *const argv[])
{
	return argv[0] && streq(argv[0], STARTER_NAME);
}

int roles_serve(int argc, char *argv[])
{
	enum seccomp_mode mode = argc > 1 ? (enum seccomp_mode)(argv[1][0] - '0') : SECCOMP_REFUSE;
	sigset_t set;
	int r;

	/* 1. signals are for rportd: a terminal and service managers send them to all processes */
	title = argv[0];
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_NAME, STARTER_NAME, 0, 0, 0);

	/* 2. no more rights than those that it starts need to give theirs up */
	confine(STARTER_NAME, "give up privileges", privileges_drop_to_start());

	/* 3. start what rportd asks for */
	r = starter_serve(roles, ARRAY_SIZE(roles), &mode);
	if (r == -ENOTSOCK)
		log_error("%s is started by rportd only", STARTER_NAME);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
