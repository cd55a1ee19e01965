/* SPDX-License-Identifier: ISC */

/*
 * A lock file beside the socket: no two daemons serve one socket.
 *
 * Theory of operation
 *
 * What flock(2) locks is rportd's. It does not tell whether rportd-data and rportd-net of a daemon that was
 * killed are over, which die by its death a moment later, and the service manager starts the next
 * one at once. They have locks of fcntl(2) on the same file (kernel/starter.c), which are waited for.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/log.h"
#include "daemon/lock.h"

#define LOCK_TRIES  100                 /* the file may be removed, or exchanged, by others */
#define FORMER_USEC (10 * USEC_PER_SEC) /* for the end of processes that were killed */
#define LOOK_USEC   500

/*
 * Accept only a file such as rportd makes: to open another one may have effects, and others may
 * lock it for purposes of their own.
 */
static int open_file(const struct dir_entry *entry, struct stat *ret)
{
	_cleanup_close_ int fd =
		openat(entry->directory, entry->name,
		       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0 || fstat(fd, ret) < 0)
		return -errno;
	if (!S_ISREG(ret->st_mode) || ret->st_nlink > 1 || ret->st_size > 0)
		return -EEXIST;
	return steal_fd(&fd);
}

/* @ret_pid: 0 in another PID namespace */
static bool find_former(const struct lock *lock, pid_t *ret_pid)
{
	struct flock other = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(lock->fd, F_GETLK, &other) < 0 || other.l_type == F_UNLCK)
		return false;
	*ret_pid = other.l_pid;
	return true;
}

/* One that cannot end, since a filesystem hangs, say, must not keep all links down. */
static void await_former(const struct lock *lock)
{
	uint64_t deadline = monotonic_usec() + FORMER_USEC;
	pid_t pid;

	while (find_former(lock, &pid)) {
		if (monotonic_usec() >= deadline) {
			log_warning("process %d of the former rportd does not end", (int)pid);
			return;
		}
		(void)usleep(LOOK_USEC);
	}
}

/* Not by /proc/self/fd, which may not be there. Nobody can write to it by this descriptor. */
static int share(struct lock *lock)
{
	int r;

	lock->shared = openat(lock->file.directory, lock->file.name,
			      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	r = lock->shared < 0 ? -errno : entry_is_ours(&lock->file) ? 0 : -ESTALE;
	if (r < 0)
		log_error("cannot open the lock again: %s", strerror(-r));
	return r;
}

static int take(struct lock *lock, const char *path, const char *socket)
{
	int r = entry_open(path, &lock->file);

	for (unsigned int i = 0; r >= 0 && i < LOCK_TRIES; i++) {
		_cleanup_close_ int fd = -1;
		struct stat st;

		r = fd = open_file(&lock->file, &st);
		if (r < 0)
			break;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				log_error("another rportd serves %s", socket);
			else
				log_error("cannot lock %s: %m", path);
			return -EBUSY;
		}
		entry_claim(&lock->file, &st);
		if (entry_is_ours(&lock->file)) { /* else the last daemon has just removed it */
			lock->fd = steal_fd(&fd);
			await_former(lock);
			return share(lock);
		}
		r = 0;
	}
	r = r < 0 ? r : -ESTALE;
	log_error("cannot open %s: %s", path, strerror(-r));
	return r;
}

int lock_take(struct lock *lock, const char *socket)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s.lock", socket);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		log_error("the path of the socket is too long: %s", socket);
		return -ENAMETOOLONG;
	}
	return take(lock, path, socket);
}

void lock_release(struct lock *lock)
{
	if (lock->fd >= 0)
		(void)entry_remove(&lock->file);
	entry_close(&lock->file);
	lock->fd = safe_close(lock->fd);
	lock->shared = safe_close(lock->shared);
}
