/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_PROCESS_H
#define RPORT_KERNEL_PROCESS_H

/*
 * A process, held by a pidfd (pidfd_open(2)): another one that gets its number later is not taken
 * for it. This keeps neither the process nor its namespaces alive.
 */

#include <sys/types.h>

#include "base/util.h"

struct process;

/**
 * process_open() - open the process that has a number now
 * @pid: its number
 * @ret: free it with process_free()
 *
 * Return: 0; -ESRCH when there is no such process, or @pid is the number of a thread; or another
 * -errno.
 */
int process_open(pid_t pid, struct process **ret);

/**
 * process_adopt() - take over the pidfd of a process from a former daemon
 * @pidfd: its descriptor; owned by the process on success
 * @pid: its number
 * @ret: free it with process_free(); it may have ended
 *
 * Return: 0; -EBADF when @pidfd is not a descriptor of a process that has, or had, this number; or
 * -ENOMEM.
 */
int process_adopt(int pidfd, pid_t pid, struct process **ret);

/**
 * process_free() - let go of a process; takes NULL
 * @process: not to be used again
 */
void process_free(struct process *process);

/**
 * process_take_fd() - free a process, but for its pidfd
 * @process: not to be used again
 *
 * Return: the descriptor, the caller's.
 */
int process_take_fd(struct process *process);

/**
 * process_pid() - return the number of a process
 * @process: which has the number until it has ended
 *
 * Return: the number.
 */
pid_t process_pid(const struct process *process);

/**
 * process_fd() - return the pidfd of a process
 * @process: of process_open(); keeps the descriptor
 *
 * Return: the descriptor.
 */
int process_fd(const struct process *process);

/**
 * process_has_ended() - check whether a process has ended, so that another one may have its number
 * @process: of process_open()
 *
 * What was found out by the number of a process is true of the process if it is still running
 * afterwards.
 *
 * Return: true when it has ended.
 */
bool process_has_ended(const struct process *process);

/**
 * process_equal() - compare two processes
 * @a: a process
 * @b: a process
 *
 * Return: true if so; false when one of them has ended.
 */
bool process_equal(const struct process *a, const struct process *b);

/**
 * cleanup_process() - free a process at the end of its scope, for _cleanup_process_
 * @process: the address of the pointer
 */
static inline void cleanup_process(struct process **process)
{
	process_free(*process);
}
#define _cleanup_process_ _cleanup_(cleanup_process)

#endif
