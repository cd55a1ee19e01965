/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_H
#define RPORT_KERNEL_NETNS_H

/*
 * Network namespaces: open one, act inside one. The thread that calls never changes its own
 * namespace. An open namespace fd keeps the namespace alive: close it as soon as the work in it is
 * done. What may hang has a deadline (helper.h).
 */

#include <sys/types.h>

#include "base/names.h"

/* A name is what netns_path() takes: that of a file in /run/netns, or an absolute path. */

/**
 * netns_open_self() - open the namespace of the calling thread
 *
 * Return: an O_CLOEXEC fd that the caller closes, or -errno of open(2).
 */
int netns_open_self(void);

/**
 * netns_open_name() - open a namespace by its name
 * @name: need not be valid
 *
 * `ip netns add` makes the file first and mounts the namespace on it afterwards, so a file that is
 * not (yet) on nsfs is treated as absent. It is not opened.
 *
 * Return: an O_CLOEXEC fd that the caller closes; -ENOENT when there is no such namespace;
 * -ETIMEDOUT or -EAGAIN when the file system does not answer (helper_run()); or another -errno.
 */
int netns_open_name(const char *name);

/* What is where a namespace was expected. */
enum netns_kind {
	NETNS_NOTHING,
	NETNS_NETWORK, /* a namespace of a network, as expected */
	NETNS_OTHER,   /* a namespace, of something else */
	NETNS_FILE,    /* an ordinary file, without a namespace mounted on it */
	NETNS_DIRECTORY,
	NETNS_SPECIAL, /* a FIFO, a socket, a device, or a mount of something else */
};

/**
 * netns_kind_of_name() - find out what a name stands for, for messages
 * @name: need not be valid
 *
 * Nothing is opened that is not on nsfs.
 *
 * Return: an enum netns_kind; or -errno when it cannot be found out (helper_run()).
 */
int netns_kind_of_name(const char *name);

/**
 * netns_each_name() - call a function for each name in NETNS_RUN_DIR
 * @usec: how long it may take: as many as can be done in that time
 * @fn: returns 0 to go on
 * @userdata: for @fn
 *
 * Return: what @fn returned; 0 when there is no other name, or no time left; -ETIMEDOUT or -EAGAIN
 * when the file system does not answer (helper_run()); or another -errno.
 */
int netns_each_name(uint64_t usec, int (*fn)(const char *name, void *userdata), void *userdata);

/**
 * netns_open_pid() - open the namespace that a process is in
 * @pid: its number
 *
 * Return: as netns_open_name(); -ENOENT or -ESRCH when there is no such process, -EACCES, or
 * another -errno.
 */
int netns_open_pid(pid_t pid);

/* Tells a namespace from all others, as long as it exists. A port with a device in it, or the
 * process that is its domain, see to that; of others it is forgotten when the kernel says that the
 * namespace is deleted. So no socket has to be opened in it to ask for its cookie
 * (SO_NETNS_COOKIE). */
struct netns_id {
	dev_t dev;
	ino_t ino; /* 0: none */
};

/**
 * netns_identify() - identify a namespace by the inode of its file
 * @fd: of the namespace
 * @ret: equal for two descriptors of one namespace
 *
 * Return: 0 or -errno of fstat(2).
 */
int netns_identify(int fd, struct netns_id *ret);

/**
 * netns_equal() - compare two namespaces
 * @a: one; inode 0 stands for no namespace, which equals nothing
 * @b: the other
 *
 * Return: true when they are one namespace.
 */
bool netns_equal(const struct netns_id *a, const struct netns_id *b);

/**
 * netns_name_holds() - check whether a name keeps a namespace alive by itself
 * @name: any
 * @id: the namespace
 *
 * `ip netns add` and `ip netns attach` mount the namespace on the file. A symbolic link keeps nothing
 * alive, nor does /proc/PID/ns/net. A mount elsewhere than in our own mount namespace (below
 * /proc/PID/root, for example) does, but it goes without a word to us: it does not count.
 *
 * Return: 1 when the namespace is mounted on that very file; 0 when it is not; or -errno when it
 * cannot be found out (helper_run()).
 */
int netns_name_holds(const char *name, const struct netns_id *id);

/**
 * netns_link_pid() - find the process that a name stands for
 * @name: any
 *
 * Return: N when the file is /proc/N/ns/net, or a symbolic link to that, as people make them for
 * containers; or 0.
 */
pid_t netns_link_pid(const char *name);

/**
 * netns_open_inside() - open a descriptor inside a namespace, in a helper
 * @netns_fd: the namespace; negative: a new one that lasts as long as something in it is open
 * @fn: opens the descriptor and returns it, or -errno
 * @argument: @fn gets a copy of it
 * @size: of the argument: at most HELPER_ARGUMENT_MAX bytes
 *
 * Return: what @fn returned; -ETIMEDOUT when it has not within 2 s; or -errno when the namespace
 * could not be entered (setns(2), unshare(2)), or no thread be made (helper_run()).
 */
int netns_open_inside(int netns_fd, int (*fn)(const void *argument), const void *argument,
		      size_t size);

/**
 * netns_run_inside() - make a call inside a namespace that opens nothing, in a helper
 * @netns_fd: the namespace
 * @fn: makes the call, and returns its result, or -errno
 * @argument: @fn gets a copy of it
 * @size: of the argument: at most HELPER_ARGUMENT_MAX bytes
 *
 * Return: as netns_open_inside().
 */
int netns_run_inside(int netns_fd, int (*fn)(const void *argument), const void *argument,
		     size_t size);

#endif
