/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_PID_H
#define RPORT_KERNEL_NETNS_PID_H

/* The namespace of a process, also of another user's, without CAP_SYS_PTRACE. */

#include "kernel/process.h"

/**
 * netns_pid_open() - open the namespace that a process is in
 * @process: whose namespace it is, not that of another one which has its number since
 *
 * Return: an fd, -ESRCH when the process has ended, or another -errno.
 */
int netns_pid_open(const struct process *process);

/**
 * netns_pid_open_name() - open a namespace of /run/netns, also where the name is a link into /proc
 * @name: of a file in /run/netns; it may be a symbolic link to the namespace of a process of
 *	another user
 *
 * Return: as netns_open_name().
 */
int netns_pid_open_name(const char *name);

#endif
