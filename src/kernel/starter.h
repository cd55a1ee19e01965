/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_STARTER_H
#define RPORT_KERNEL_STARTER_H

/*
 * The starter, a process that starts the processes of rportd which have another role than rportd
 * itself, and starts them again. See starter.c.
 */

#include <systemd/sd-event.h>

#include "base/util.h"

/* --- in rportd -------------------------------------------------------------------------------- */

struct starter;

/**
 * starter_new() - execute this program again, as the starter
 * @argv: its command line, by which it knows its role; ended by NULL
 * @ret: free it with starter_free()
 *
 * The new process has the standard descriptors and STARTER_FD, and no others. It gets what
 * capabilities the caller has; call it before these are given up, and from the main thread: it is
 * killed when that ends. It may still be starting when this returns; requests wait for it.
 *
 * Return: 0; -ENOMEM; or -errno of socketpair(2) or posix_spawn(3).
 */
int starter_new(char *const argv[], struct starter **ret);

/**
 * starter_free() - end the starter, which kills the processes that it started; takes NULL
 * @starter: of starter_new(), or NULL
 */
void starter_free(struct starter *starter);

/**
 * starter_pass_on() - keep the connection to the starter over execve(2)
 * @starter: of starter_new()
 *
 * Return: the descriptor, for starter_adopt(); or -errno of fcntl(2).
 */
int starter_pass_on(struct starter *starter);

/**
 * starter_adopt() - take over the connection that this process had before it executed a program
 * @fd: of starter_pass_on(); owned by the starter on success
 * @ret: free it with starter_free()
 *
 * Return: 0; -ENOMEM; or -ENOTSOCK when it is no such connection.
 */
int starter_adopt(int fd, struct starter **ret);

/**
 * starter_set_lock() - have each process that is started hold a lock until it has ended
 * @starter: of starter_new() or starter_adopt()
 * @fd: a file, open for reading only, for a shared lock of fcntl(2); borrowed, until starter_free()
 */
void starter_set_lock(struct starter *starter, int fd);

/**
 * starter_start() - start a process
 * @starter: of starter_new()
 * @role: index in the table of starter_serve(); no process of it is running
 * @fd: the process gets a copy, which is its only connection; stays the caller's
 *
 * Does not wait until it runs.
 *
 * Return: 0; -EPIPE when the starter is gone; another -errno.
 */
int starter_start(struct starter *starter, unsigned int role, int fd);

/**
 * starter_kill() - have a process killed, if it is running
 * @starter: of starter_new()
 * @role: index in the table of starter_serve()
 *
 * Does not wait for its end: see starter_await_end() and starter_watch().
 */
void starter_kill(struct starter *starter, unsigned int role);

/**
 * starter_await_end() - wait until a process has ended; its struct starter_watch is notified later
 * @starter: of starter_new()
 * @role: index in the table of starter_serve(), below STARTER_ROLES_MAX
 * @usec: microseconds to wait at most
 *
 * Return: 0, also when there is none; -ETIME; -EPIPE when the starter is gone.
 */
int starter_await_end(struct starter *starter, unsigned int role, uint64_t usec);

/*
 * Functions that the event loop calls.
 *
 * @ended: the process of the role ended; with the status of waitpid(2)
 * @failed: the starter is gone, and nothing can be started any more
 * @userdata: for both
 */
struct starter_watch {
	void (*ended)(int status, void *userdata);
	void (*failed)(void *userdata);
	void *userdata;
};

/**
 * starter_watch() - have the event loop notice the end of a process
 * @starter: of starter_new()
 * @event: the loop; referenced
 * @role: index in the table of starter_serve(), below STARTER_ROLES_MAX
 * @watch: copied
 *
 * Return: 0 or -errno of sd_event_add_io(3).
 */
int starter_watch(struct starter *starter, sd_event *event, unsigned int role,
		  const struct starter_watch *watch);

/* --- in the starter --------------------------------------------------------------------------- */

#define STARTER_FD        3 /* its socket */
#define STARTER_ROLES_MAX 4

/*
 * A role.
 *
 * @name: of its processes
 * @main: runs in a new process, which ends with what it returns. @fd is the socket, its own;
 *	@userdata is that of starter_serve()
 */
struct starter_role {
	const char *name;
	int (*main)(int fd, void *userdata);
};

/**
 * starter_serve() - start processes as rportd asks, until it ends
 * @roles: the table of roles; the index is what starter_start() names
 * @n: how many, up to STARTER_ROLES_MAX
 * @userdata: for the main() of roles
 *
 * All processes that are left are killed at the end.
 *
 * Return: 0; -ENOTSOCK when STARTER_FD is not the socket of a starter_new(); another -errno.
 */
int starter_serve(const struct starter_role roles[], unsigned int n, void *userdata);

#endif
