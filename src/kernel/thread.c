/* SPDX-License-Identifier: ISC */

/* Starts threads, and waits for what they do. */

#include <signal.h>
#include <stdatomic.h>

#include "kernel/thread.h"

#define EACH_MAX 64 /* threads of thread_each(); the unit has TasksMax=512 */

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

struct each {
	void (*fn)(void *arg, size_t i);
	void *arg;
	size_t n;
	atomic_size_t next;
};

static void *take_turns(void *arg)
{
	struct each *each = arg;
	size_t i;

	while ((i = atomic_fetch_add(&each->next, 1)) < each->n)
		each->fn(each->arg, i);
	return NULL;
}

void thread_each(void (*fn)(void *arg, size_t i), void *arg, size_t n)
{
	struct each each = { .fn = fn, .arg = arg, .n = n };
	pthread_t threads[EACH_MAX - 1] = { 0 };
	size_t started = 0;

	while (started < ARRAY_SIZE(threads) && started + 1 < n &&
	       thread_start(&threads[started], "rportd-each", take_turns, &each) >= 0)
		started++;
	(void)take_turns(&each);
	while (started > 0)
		pthread_join(threads[--started], NULL);
}
