/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation. setns(2) changes the namespace of one thread only, so whatever has to be
 * done inside a namespace is done by a thread made for it, which ends when it is done: no thread
 * that lives on can be left in the wrong namespace, whatever fails on the way. The thread takes no
 * signals, so that no handler ever runs inside a foreign namespace.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/names.h"
#include "kernel/netns.h"

struct netns_call {
	int netns_fd;
	int (*fn)(void *arg);
	void *arg;
	int result;
};

static int open_readonly(const char *path)
{
	/* O_NONBLOCK: a FIFO in /run/netns must not hold us up */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int netns_open_self(void)
{
	return open_readonly("/proc/thread-self/ns/net");
}

/* The placeholder that `ip netns add` makes has mode 0, so without CAP_DAC_OVERRIDE it cannot even
 * be opened to find out that it is not a namespace; one that is on nsfs can be read by everybody.
 */
static bool path_on_nsfs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

static bool fd_is_netns(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC &&
	       ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

int netns_open_name(const char *name)
{
	char path[sizeof(NETNS_RUN_DIR) + 1 + NAME_MAX];
	_cleanup_close_ int fd = -1;

	if (!netns_name_valid(name))
		return -EINVAL;
	snprintf(path, sizeof(path), "%s/%s", NETNS_RUN_DIR, name);

	fd = open_readonly(path);
	if (fd == -EACCES && !path_on_nsfs(path))
		return -ENOENT;
	if (fd < 0)
		return fd;
	if (!fd_is_netns(fd))
		return -ENOENT;
	return steal_fd(&fd);
}

int netns_identify(int fd, struct netns_id *ret)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret = (struct netns_id){ .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

bool netns_equal(const struct netns_id *a, const struct netns_id *b)
{
	return a->ino != 0 && a->ino == b->ino && a->dev == b->dev;
}

pid_t netns_link_pid(const char *name)
{
	char path[sizeof(NETNS_RUN_DIR) + 1 + NAME_MAX], target[64];
	static const char proc[] = "/proc/";
	ssize_t size;
	char *end;
	long pid;

	if (!netns_name_valid(name))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", NETNS_RUN_DIR, name);
	size = readlink(path, target, sizeof(target) - 1);
	if (size < 0)
		return 0;
	target[size] = '\0';
	if (strncmp(target, proc, strlen(proc)) != 0)
		return 0;
	pid = strtol(target + strlen(proc), &end, 10);
	return pid > 0 && pid <= INT_MAX && streq(end, "/ns/net") ? (pid_t)pid : 0;
}

bool netns_named(const char *name, const struct netns_id *id)
{
	_cleanup_close_ int fd = netns_open_name(name);
	struct netns_id other = { 0 };

	if (fd < 0)
		return netns_link_pid(name) > 0;
	return netns_identify(fd, &other) >= 0 && netns_equal(&other, id);
}

int netns_open_pid(pid_t pid)
{
	char path[sizeof("/proc//ns/net") + 3 * sizeof(pid)];

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return open_readonly(path);
}

static void *run_call(void *arg)
{
	struct netns_call *call = arg;
	int r;

	if (call->netns_fd < 0)
		r = unshare(CLONE_NEWNET);
	else
		r = setns(call->netns_fd, CLONE_NEWNET);
	call->result = r < 0 ? -errno : call->fn(call->arg);
	return NULL;
}

int netns_run(int netns_fd, int (*fn)(void *arg), void *arg)
{
	struct netns_call call = { .netns_fd = netns_fd, .fn = fn, .arg = arg };
	sigset_t all, saved;
	pthread_t thread;
	int r;

	/* a thread inherits the mask of its maker: so there is no moment when it has another */
	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &saved);
	if (r != 0)
		return -r;
	r = pthread_create(&thread, NULL, run_call, &call);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (r != 0)
		return -r;

	r = pthread_join(thread, NULL);
	return r != 0 ? -r : call.result;
}
