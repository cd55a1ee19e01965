/* SPDX-License-Identifier: ISC */

/* A service manager with a descriptor store, for the tests of src/store. */

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "store_fixture.h"

#define STORE_MAX 64

struct store store;
char aside_path[64];

void keeper_warn(const char *fmt _unused_, ...)
{
}

void keeper_die(const char *fmt, ...)
{
	ck_abort_msg("%s: %s", fmt, strerror(errno));
}

void store_setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char name[64];

	snprintf(name, sizeof(name), "@rport-test-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, strlen(name) - 1);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	unsetenv("FDSTORE");
	store_open(&store, fd, STORE_MAX);
	snprintf(aside_path, sizeof(aside_path), "/tmp/rport-test-%d.aside", (int)getpid());
}

void store_teardown(void)
{
	store_close(&store);
	unsetenv("NOTIFY_SOCKET");
	unlink(aside_path);
}

static void __attribute__((noreturn)) be_daemon(daemon_fn fn)
{
	struct state_handover handover;
	struct state *state;

	must(store_pass(&store) == 0);
	must(state_open(aside_path, &state, &handover) == 0);
	must(!getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"));
	fn(state, &handover);
	state_close(state);
	_exit(0);
}

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Receive what it sends until it ends. */
static int follow(pid_t pid, unsigned int usec)
{
	struct pollfd pfd = { .fd = store.socket, .events = POLLIN };
	long due = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		ck_assert_int_ge(poll(&pfd, 1, 1), 0);
		if (store_receive(&store) && usec)
			due = now() + usec;
		if (due && now() >= due)
			kill(pid, SIGKILL);
	}
	store_receive(&store);
	store_drop_dead(&store);
	return status;
}

static int run(daemon_fn fn, unsigned int usec)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		be_daemon(fn);
	return follow(pid, usec);
}

void daemon_run(daemon_fn fn)
{
	ck_assert_int_eq(run(fn, 0), 0);
}

void daemon_kill(daemon_fn fn, unsigned int usec)
{
	int status = run(fn, usec);

	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int store_find(const char *name)
{
	const struct stored *stored;

	TAILQ_FOREACH(stored, &store.stored, entry)
	if (streq(stored->name, name))
		return stored->fd;
	return -1;
}

unsigned int store_count(const char *name)
{
	const struct stored *stored;
	unsigned int n = 0;

	TAILQ_FOREACH(stored, &store.stored, entry)
	n += streq(stored->name, name);
	return n;
}

void store_write(const char *name, const char *text, size_t size)
{
	int fd = store_find(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, text, size, 0), (ssize_t)size);
}
