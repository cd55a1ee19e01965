/* SPDX-License-Identifier: ISC */
#ifndef RPORT_FDKEEPER_H
#define RPORT_FDKEEPER_H

/*
 * The descriptor store of fdkeeper: what the service manager's does with the messages of
 * sd_pid_notify_with_fds(3), see service_add_fd_store() and service_notify_message() in systemd's
 * src/core/service.c.
 */

#include <sys/queue.h>

#include "base/util.h"

#define STORE_NAME_MAX 256 /* bytes of a name, with its NUL: FDNAME= has at most 255 */
#define FDS_START      3   /* SD_LISTEN_FDS_START */

struct stored {
	TAILQ_ENTRY(stored) entry;
	int fd;
	bool polled;
	char name[STORE_NAME_MAX];
};

struct store {
	int socket;  /* that messages come to */
	void *files; /* tsearch(3): systemd keeps an open file once */
	int epoll;   /* of stored descriptors that are watched */
	unsigned int max, n;
	TAILQ_HEAD(stored_list, stored) stored; /* the newest first, as systemd has them */
};

/**
 * store_open() - begin with an empty store
 * @socket: bound, nonblocking; taken over
 * @max: descriptors
 */
void store_open(struct store *store, int socket, unsigned int max);

/**
 * store_close() - close all descriptors
 */
void store_close(struct store *store);

/**
 * store_receive() - take all messages that have come
 * Return: whether READY=1 was among them.
 */
bool store_receive(struct store *store);

/**
 * store_add() - keep a descriptor, unless that open file is kept already, under any name
 * @fd: taken over
 * @watch: drop it when it hangs up
 *
 * Return: whether there is room.
 */
bool store_add(struct store *store, int fd, const char *name, bool watch);

/**
 * store_remove() - drop all of a name
 */
void store_remove(struct store *store, const char *name);

/**
 * store_drop_dead() - drop watched descriptors that hung up or have an error
 */
void store_drop_dead(struct store *store);

/**
 * store_pass() - in a child that executes a service: give it what is stored
 *
 * Descriptors 3 and up are those of the store from then on, and $LISTEN_PID, $LISTEN_FDS and
 * $LISTEN_FDNAMES say so. What was open under these numbers is closed.
 *
 * Return: 0, or -1 with errno.
 */
int store_pass(const struct store *store);

/**
 * keeper_warn() - say on standard error what is wrong
 */
void keeper_warn(const char *fmt, ...) _printf_(1, 2);

/**
 * keeper_die() - say what failed, with errno if that is set, and exit with status 1
 */
void keeper_die(const char *fmt, ...) _printf_(1, 2) __attribute__((noreturn));

#endif
