/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_THREAD_H
#define RPORT_KERNEL_NETNS_THREAD_H

/*
 * A network namespace of our own, and a thread that lives in it and calls functions there for the
 * main thread.
 */

struct netns_thread;

/**
 * netns_thread_new() - make a new namespace, and start a thread that lives in it
 * @name: of the thread, at most 15 bytes
 * @ret: free it with netns_thread_free()
 *
 * The thread has the rights of the caller, and keeps them.
 *
 * Return: 0 or -errno (unshare(2), pthread_create(3)).
 */
int netns_thread_new(const char *name, struct netns_thread **ret);

/**
 * netns_thread_begin() - have the thread call a function, without waiting for it
 * @thread: of netns_thread_new()
 * @fn: returns 0 or -errno; sockets and devices that it opens belong to the thread's namespace
 * @arg: passed to @fn; must stay until netns_thread_end() returns
 *
 * One call at a time: netns_thread_end() must follow before the next one.
 */
void netns_thread_begin(struct netns_thread *thread, int (*fn)(void *arg), void *arg);

/**
 * netns_thread_end() - wait for the function that netns_thread_begin() started
 * @thread: of netns_thread_new()
 *
 * Return: what the function returned.
 */
int netns_thread_end(struct netns_thread *thread);

/**
 * netns_thread_run() - have the thread call a function, and wait for it
 * @thread: of netns_thread_new()
 * @fn: as for netns_thread_begin()
 * @arg: passed to @fn
 *
 * Return: what @fn returned.
 */
int netns_thread_run(struct netns_thread *thread, int (*fn)(void *arg), void *arg);

/**
 * netns_thread_free() - end the thread; takes NULL
 * @thread: not running a function
 *
 * The kernel removes the namespace once nothing in it is open any more.
 */
void netns_thread_free(struct netns_thread *thread);

#endif
