/* SPDX-License-Identifier: ISC */

/*
 * Network namespaces: opens one, and acts inside one.
 *
 * Theory of operation
 *
 * Opening. A path, and a symbolic link in /run/netns, may lead anywhere: to a FIFO, whose open(2)
 * waits for a writer; to a device, whose driver acts on it; to a file system that does not answer.
 * So a file is opened only after it is known to be on nsfs: O_PATH finds it
 * without opening it, and AT_STATX_DONT_SYNC reads its device number without asking a file server.
 * nsfs has one device number in the kernel, that of our own namespace. Walking the path may hang
 * nevertheless, so a helper does it, with a deadline (helper.c).
 *
 * Acting. setns(2) changes the namespace of one thread only, so a helper thread does all work
 * inside a namespace, and comes back or ends (helper.c): whatever fails, no thread that continues is
 * in the wrong namespace.
 */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/names.h"
#include "kernel/helper.h"
#include "kernel/netns.h"

#define PATH_MSEC   250  /* to follow a path: less than a millisecond unless it hangs */
#define INSIDE_MSEC 2000 /* for work in a namespace, which may have to wait for the rtnl lock */

static int open_readonly(const char *path)
{
	/* O_NONBLOCK: do not wait for a FIFO in /run/netns */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int netns_open_self(void)
{
	return open_readonly("/proc/thread-self/ns/net");
}

static bool same_device(const struct statx *a, const struct statx *b)
{
	return a->stx_dev_major == b->stx_dev_major && a->stx_dev_minor == b->stx_dev_minor;
}

/* @path_fd: opened with O_PATH */
static bool on_nsfs(int path_fd)
{
	const int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
	struct statx own, it;

	return statx(AT_FDCWD, "/proc/thread-self/ns/net", flags, 0, &own) == 0 &&
	       statx(path_fd, "", flags | AT_EMPTY_PATH, 0, &it) == 0 && same_device(&own, &it);
}

/* In a helper. @argument: the path, a string */
static int open_path(const void *argument)
{
	_cleanup_close_ int path_fd = open(argument, O_PATH | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	char self[64];

	if (path_fd < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (!on_nsfs(path_fd))
		return -ENOENT;
	snprintf(self, sizeof(self), "/proc/thread-self/fd/%d", path_fd);
	fd = open_readonly(self);
	if (fd < 0)
		return fd;
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET ? steal_fd(&fd) : -ENOENT;
}

static int open_in_helper(const char *path)
{
	return helper_run(&(struct helper_call){
		.what = path,
		.run = open_path,
		.argument = path,
		.size = strlen(path) + 1,
		.discard = helper_discard_fd,
		.msec = PATH_MSEC,
	});
}

_Static_assert(NETNS_PATH_MAX <= HELPER_ARGUMENT_MAX, "a helper gets a copy of the path");

int netns_open_name(const char *name)
{
	char path[NETNS_PATH_MAX];
	int r = netns_path(name, path);

	return r < 0 ? r : open_in_helper(path);
}

/* In a helper. @argument: the path, a string. Return: an enum netns_kind. */
static int find_kind(const void *argument)
{
	_cleanup_close_ int path_fd = open(argument, O_PATH | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct statx it;

	if (path_fd < 0)
		return NETNS_NOTHING;
	if (on_nsfs(path_fd)) {
		fd = open_path(argument);
		return fd >= 0 ? NETNS_NETWORK : NETNS_OTHER;
	}
	if (statx(path_fd, "", AT_STATX_DONT_SYNC | AT_EMPTY_PATH, STATX_TYPE, &it) < 0)
		return -errno;
	if (S_ISDIR(it.stx_mode))
		return NETNS_DIRECTORY;
	if (!S_ISREG(it.stx_mode) || it.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return NETNS_SPECIAL;
	return NETNS_FILE;
}

int netns_kind_of_name(const char *name)
{
	char path[NETNS_PATH_MAX];
	int r = netns_path(name, path);

	if (r < 0)
		return r;
	return helper_run(&(struct helper_call){
		.what = path,
		.run = find_kind,
		.argument = path,
		.size = strlen(path) + 1,
		.msec = PATH_MSEC,
	});
}

/* In a helper. @argument: the path, a string. Return: a descriptor, or -errno. */
static int open_directory(const void *argument)
{
	int fd = open(argument, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_names(void)
{
	return helper_run(&(struct helper_call){
		.what = NETNS_RUN_DIR,
		.run = open_directory,
		.argument = NETNS_RUN_DIR,
		.size = sizeof(NETNS_RUN_DIR),
		.discard = helper_discard_fd,
		.msec = PATH_MSEC,
	});
}

int netns_each_name(uint64_t usec, int (*fn)(const char *name, void *userdata), void *userdata)
{
	uint64_t end = monotonic_usec() + usec;
	const struct dirent *entry;
	int fd = open_names(), r = 0;
	DIR *names;

	if (fd < 0)
		return fd;
	names = fdopendir(fd);
	if (!names) {
		r = -errno;
		safe_close(fd);
		return r;
	}
	while (r == 0 && monotonic_usec() < end && (entry = readdir(names)))
		if (netns_name_valid(entry->d_name))
			r = fn(entry->d_name, userdata);
	closedir(names);
	return r;
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

/* A path and a namespace, for the helper. */
struct holding {
	struct netns_id id;
	char path[NETNS_PATH_MAX];
};
_Static_assert(sizeof(struct holding) <= HELPER_ARGUMENT_MAX, "a helper gets a copy of it");

/* In a helper. */
static int holds(const void *argument)
{
	const int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
	const struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS, /* /proc/PID/root leads elsewhere */
	};
	const struct holding *holding = argument;
	_cleanup_close_ int fd =
		(int)syscall(SYS_openat2, AT_FDCWD, holding->path, &how, sizeof(how));
	struct netns_id id;
	struct statx it;

	if (fd < 0 || statx(fd, "", flags, STATX_INO, &it) < 0)
		return 0;
	id = (struct netns_id){ .dev = makedev(it.stx_dev_major, it.stx_dev_minor),
				.ino = it.stx_ino };
	return netns_equal(&id, &holding->id);
}

int netns_name_holds(const char *name, const struct netns_id *id)
{
	struct holding holding = { .id = *id };

	if (netns_path(name, holding.path) < 0)
		return 0;
	return helper_run(&(struct helper_call){
		.what = *name == '/' ? name : NETNS_RUN_DIR, /* the file itself is not opened */
		.run = holds,
		.argument = &holding,
		.size = sizeof(holding),
		.msec = PATH_MSEC,
	});
}

/* In a helper. @argument: the path, a string. Return: the process, or 0. */
static int read_pid(const void *argument)
{
	char target[64];
	ssize_t size = readlink(argument, target, sizeof(target) - 1);

	if (size < 0)
		return 0;
	target[size] = '\0';
	return netns_path_pid(target);
}

pid_t netns_link_pid(const char *name)
{
	char path[NETNS_PATH_MAX];
	int r = netns_path(name, path);
	pid_t pid = r < 0 ? 0 : netns_path_pid(path);

	if (pid > 0)
		return pid;
	if (r >= 0)
		r = helper_run(&(struct helper_call){
			.what = path,
			.run = read_pid,
			.argument = path,
			.size = strlen(path) + 1,
			.msec = PATH_MSEC,
		});
	return MAX(r, 0);
}

int netns_open_pid(pid_t pid)
{
	char path[sizeof("/proc//ns/net") + 3 * sizeof(pid)];

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return open_in_helper(path);
}

static int run_inside(int netns_fd, int (*fn)(const void *argument), const void *argument,
		      size_t size, void (*discard)(int result))
{
	return helper_run(&(struct helper_call){
		.run = fn,
		.argument = argument,
		.size = size,
		.discard = discard,
		.msec = INSIDE_MSEC,
		.enter = true,
		.netns_fd = netns_fd,
	});
}

int netns_open_inside(int netns_fd, int (*fn)(const void *argument), const void *argument,
		      size_t size)
{
	return run_inside(netns_fd, fn, argument, size, helper_discard_fd);
}

int netns_run_inside(int netns_fd, int (*fn)(const void *argument), const void *argument,
		     size_t size)
{
	return run_inside(netns_fd, fn, argument, size, NULL);
}
