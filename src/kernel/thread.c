/* SPDX-License-Identifier: ISC */

/* Starts threads. */

#include <signal.h>

#include "kernel/thread.h"

int thread_start(pthread_t *ret, const char *name, void *(*run)(void *arg), void *arg)
{
	sigset_t all, saved;
	pthread_t thread;
	int r;

	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &saved);
	if (r != 0)
		return -r;
	r = pthread_create(&thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (r != 0)
		return -r;
	pthread_setname_np(thread, name);
	*ret = thread;
	return 0;
}

void thread_wait(sem_t *sem)
{
	while (sem_wait(sem) < 0)
		;
}

bool thread_wait_until(sem_t *sem, uint64_t deadline)
{
	struct timespec until = { .tv_sec = (time_t)(deadline / USEC_PER_SEC),
				  .tv_nsec = (long)(deadline % USEC_PER_SEC * 1000) };
	int r;

	do
		r = sem_clockwait(sem, CLOCK_MONOTONIC, &until);
	while (r < 0 && errno == EINTR);
	return r == 0;
}
