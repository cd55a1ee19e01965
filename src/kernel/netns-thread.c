/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A short-lived thread delays a later move of an interface:
 * when it ends, the kernel frees it after an RCU grace period, and to move an interface to another
 * namespace the kernel waits for everything that is to be freed (rcu_barrier() in
 * __dev_change_net_namespace()). So the thread that makes interfaces is kept.
 *
 * It enters its namespace once and never leaves it, so it cannot be in a wrong one.
 */

#include <sched.h>
#include <stdlib.h>

#include "base/util.h"
#include "kernel/netns-thread.h"
#include "kernel/thread.h"

struct netns_thread {
	pthread_t thread;
	sem_t begun, done;
	int (*fn)(void *arg); /* NULL: end */
	void *arg;
	int result;
};

static int enter(void *arg _unused_)
{
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

static void *live(void *arg)
{
	struct netns_thread *thread = arg;

	for (;;) {
		thread_wait(&thread->begun);
		if (!thread->fn)
			return NULL;
		thread->result = thread->fn(thread->arg);
		sem_post(&thread->done);
	}
}

static void destroy(struct netns_thread *thread)
{
	sem_destroy(&thread->begun);
	sem_destroy(&thread->done);
	free(thread);
}

int netns_thread_new(const char *name, struct netns_thread **ret)
{
	struct netns_thread *thread = calloc(1, sizeof(*thread));
	int r;

	if (!thread)
		return -ENOMEM;
	sem_init(&thread->begun, 0, 0);
	sem_init(&thread->done, 0, 0);
	r = thread_start(&thread->thread, name, live, thread);
	if (r < 0) {
		destroy(thread);
		return r;
	}
	r = netns_thread_run(thread, enter, NULL);
	if (r < 0) {
		netns_thread_free(thread);
		return r;
	}
	*ret = thread;
	return 0;
}

void netns_thread_begin(struct netns_thread *thread, int (*fn)(void *arg), void *arg)
{
	thread->fn = fn;
	thread->arg = arg;
	sem_post(&thread->begun);
}

int netns_thread_end(struct netns_thread *thread)
{
	thread_wait(&thread->done);
	return thread->result;
}

int netns_thread_run(struct netns_thread *thread, int (*fn)(void *arg), void *arg)
{
	netns_thread_begin(thread, fn, arg);
	return netns_thread_end(thread);
}

void netns_thread_free(struct netns_thread *thread)
{
	if (!thread)
		return;
	netns_thread_begin(thread, NULL, NULL);
	pthread_join(thread->thread, NULL);
	destroy(thread);
}
