/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_THREAD_H
#define RPORT_KERNEL_NETNS_THREAD_H

/*
 * A network namespace of our own, and a thread that lives in it and does what it is told to do
 * there.
 */

struct netns_room;

/**
 * netns_room_new() - make a namespace that nobody else is in, and start its thread
 * @name: of the thread, at most 15 bytes
 * @ret: free it with netns_room_free()
 *
 * The thread has the rights of the caller, and keeps them.
 *
 * Return: 0 or -errno (unshare(2), pthread_create(3)).
 */
int netns_room_new(const char *name, struct netns_room **ret);

/**
 * netns_room_begin() - have @fn called in the room; netns_room_end() waits for it
 * @fn: returns 0 or -errno; what it opens belongs to the room's namespace
 * @arg: handed to @fn
 *
 * One thing at a time: what was begun is to be waited for before the next.
 */
void netns_room_begin(struct netns_room *room, int (*fn)(void *arg), void *arg);

/**
 * netns_room_end() - wait for what was begun
 * Return: what it returned.
 */
int netns_room_end(struct netns_room *room);

/**
 * netns_room_run() - call @fn in the room, and wait for it
 * Return: what @fn returned.
 */
int netns_room_run(struct netns_room *room, int (*fn)(void *arg), void *arg);

/**
 * netns_room_free() - end the thread; the namespace goes when nothing in it is open any more.
 * Takes NULL
 */
void netns_room_free(struct netns_room *room);

#endif
