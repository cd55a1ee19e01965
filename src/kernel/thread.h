/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_THREAD_H
#define RPORT_KERNEL_THREAD_H

/* Threads that act in namespaces of others, and waiting for them. */

#include <pthread.h>
#include <semaphore.h>

#include "base/util.h"

/**
 * thread_start() - start a thread that takes no signals
 * @ret: the thread, to be joined or detached
 * @name: of the thread, at most 15 bytes
 * @run: what it does
 * @arg: handed to @run
 *
 * No handler ever runs in the namespace that the thread enters.
 *
 * Return: 0 or -errno (pthread_create(3)).
 */
int thread_start(pthread_t *ret, const char *name, void *(*run)(void *arg), void *arg);

/**
 * thread_wait() - wait for a semaphore, whatever interrupts that
 * @sem: the semaphore
 */
void thread_wait(sem_t *sem);

/**
 * thread_wait_until() - wait for a semaphore until a deadline
 * @sem: the semaphore
 * @deadline: CLOCK_MONOTONIC, in microseconds
 *
 * Return: whether it was posted.
 */
bool thread_wait_until(sem_t *sem, uint64_t deadline);

/**
 * thread_each() - call a function for each of many things, in several threads at once
 * @fn: what to do with the one of number @i; may wait
 * @arg: handed to @fn
 * @n: how many
 *
 * The caller is one of the threads: where no others can be started, it makes all calls. When this
 * returns, all calls have returned.
 */
void thread_each(void (*fn)(void *arg, size_t i), void *arg, size_t n);

#endif
