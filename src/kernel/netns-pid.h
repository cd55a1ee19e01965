/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_PID_H
#define RPORT_KERNEL_NETNS_PID_H

/* The namespace of a process, also of another user's, without CAP_SYS_PTRACE. */

#include "kernel/netns.h"
#include "kernel/process.h"

/**
 * netns_pid_open() - open the namespace that a process is in
 * @process: whose namespace it is, not that of another one which has its number since
 *
 * Return: an fd, -ESRCH when the process has ended, or another -errno.
 */
int netns_pid_open(const struct process *process);

/**
 * netns_pid_open_name() - open a namespace by its name, also where that is in /proc
 * @name: see netns.h; it may be /proc/PID/ns/net of a process of another user, or a symbolic link to
 *	that
 *
 * Return: as netns_open_name().
 */
int netns_pid_open_name(const char *name);

/**
 * netns_pid_named() - check whether a name stands for a namespace
 * @name: see netns.h
 * @id: the namespace
 *
 * A symbolic link is judged by what it opens to, not by what it reads like: one to a process that
 * has ended stands for nothing.
 *
 * Return: 1 or 0; or -errno when it cannot be found out, because the file system does not answer
 * (helper_is_late()) or descriptors or memory have run out.
 */
int netns_pid_named(const char *name, const struct netns_id *id);

#endif
