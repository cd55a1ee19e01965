/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_HELPER_H
#define RPORT_KERNEL_HELPER_H

/*
 * Threads for system calls that may not return: those that follow a path into a file system which
 * we do not control, and those in a namespace that another user owns. The caller waits for the
 * result until a deadline.
 */

#include "base/util.h"

#define HELPER_ARGUMENT_MAX 320 /* bytes */

struct helper_call {
	/* What the call may hang on, such as a path: no second call is made for it while one is
	 * late. NULL: nothing in particular. At most PATH_MAX bytes. */
	const char *what;
	/* The function returns its result, or -errno. It gets a copy of the argument, since the
	 * caller may have gone on. */
	int (*run)(const void *argument);
	const void *argument;
	size_t size; /* of the argument: at most HELPER_ARGUMENT_MAX bytes */
	/* Called in the helper with a result >= 0 that comes too late, such as a descriptor. NULL:
	 * there is nothing to undo. */
	void (*discard)(int result);
	unsigned int msec; /* the deadline, from now; earlier while other calls are late */
	/* The function is called in another network namespace: that of the descriptor, or a new one
	 * if that is negative. The descriptor stays the caller's, who may close it at once. */
	bool enter;
	int netns_fd;
};

/**
 * helper_run() - have a helper make a call, and wait for it until its deadline
 * @call: what to do; nothing of it is used after the return
 *
 * May be called by any thread. A helper has the rights that its caller has when it is started.
 *
 * Return: what the function returned; -ETIMEDOUT when it has not by the deadline, or when an
 * earlier call for the same thing was late, and returned less than 5 s ago, if at all; -EAGAIN when
 * too many calls are late; -E2BIG when the argument is too long; or -errno of setns(2), unshare(2),
 * or pthread_create(3).
 */
int helper_run(const struct helper_call *call);

/**
 * helper_is_late() - check whether a result of helper_run() means that it did not finish in time
 * @r: the result
 *
 * Return: true for -ETIMEDOUT and -EAGAIN.
 */
static inline bool helper_is_late(int r)
{
	return r == -ETIMEDOUT || r == -EAGAIN;
}

/**
 * helper_discard_fd() - close a descriptor, for struct helper_call
 * @fd: the result of the call
 */
void helper_discard_fd(int fd);

#endif
