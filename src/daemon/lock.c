/* SPDX-License-Identifier: ISC */

/* A lock file beside the socket: no two daemons serve one socket. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/log.h"
#include "daemon/lock.h"

#define LOCK_TRIES 100 /* the file may be removed, or exchanged, by others */

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
			return 0;
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
}
