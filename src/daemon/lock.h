/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_LOCK_H
#define RPORT_DAEMON_LOCK_H

/*
 * A lock file beside the socket: no two daemons serve one socket, by a lock of flock(2), and none begins
 * before the processes of the former one are over, which hold locks of fcntl(2).
 */

#include "base/entry.h"

struct lock {
	struct dir_entry file;
	int fd;     /* while it is open the lock is held; -1: it is not */
	int shared; /* the same file, for starter_set_lock(); -1: not open */
};

#define LOCK_INIT                                          \
	{                                                  \
		.file = ENTRY_INIT, .fd = -1, .shared = -1 \
	}

/**
 * lock_take() - take the lock of a socket, or log why it cannot be taken
 * @lock: LOCK_INIT; lock_release() it also after a failure
 * @socket: path of the socket; the lock is the file "PATH.lock"
 *
 * Waits until no process of a former daemon that was killed is left, and warns when that takes so long
 * that it goes on all the same.
 *
 * Return: 0; -EBUSY when another daemon holds it, -ENAMETOOLONG, -EEXIST when something
 * else than a file of rportd is there, -ESTALE when others exchange it again and again, or another -errno.
 */
int lock_take(struct lock *lock, const char *socket);

/**
 * lock_release() - remove the file, if the lock is held, and give the lock up
 * @lock: of lock_take(), or LOCK_INIT
 */
void lock_release(struct lock *lock);

#endif
