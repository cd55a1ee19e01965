/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A thread that is made for each errand (netns_open_inside()) has a price that does not show where
 * it is paid: when it ends, the kernel frees it after an RCU grace period. To move an interface to
 * another namespace the kernel waits for all that is to be freed (rcu_barrier() in
 * __dev_change_net_namespace()), with a grace period that may not begin before the one that the
 * thread has begun is over. So nothing that ends should come just before a move, and the thread
 * that makes interfaces stays.
 *
 * It never changes its namespace after the first time, so it cannot be in a wrong one.
 */

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>

#include "base/util.h"
#include "kernel/netns-thread.h"

struct netns_room {
	pthread_t thread;
	sem_t begun, done;
	int (*fn)(void *arg); /* NULL: end */
	void *arg;
	int result;
};

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) < 0)
		;
}

static int enter(void *arg _unused_)
{
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}

static void *live(void *arg)
{
	struct netns_room *room = arg;

	for (;;) {
		wait_for(&room->begun);
		if (!room->fn)
			return NULL;
		room->result = room->fn(room->arg);
		sem_post(&room->done);
	}
}

/* It takes no signals, so that no handler ever runs in its namespace. */
static int start_thread(struct netns_room *room, const char *name)
{
	sigset_t all, saved;
	int r;

	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &saved);
	if (r != 0)
		return -r;
	r = pthread_create(&room->thread, NULL, live, room);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (r == 0)
		pthread_setname_np(room->thread, name);
	return -r;
}

static void destroy(struct netns_room *room)
{
	sem_destroy(&room->begun);
	sem_destroy(&room->done);
	free(room);
}

int netns_room_new(const char *name, struct netns_room **ret)
{
	struct netns_room *room = calloc(1, sizeof(*room));
	int r;

	if (!room)
		return -ENOMEM;
	sem_init(&room->begun, 0, 0);
	sem_init(&room->done, 0, 0);
	r = start_thread(room, name);
	if (r < 0) {
		destroy(room);
		return r;
	}
	r = netns_room_run(room, enter, NULL);
	if (r < 0) {
		netns_room_free(room);
		return r;
	}
	*ret = room;
	return 0;
}

void netns_room_begin(struct netns_room *room, int (*fn)(void *arg), void *arg)
{
	room->fn = fn;
	room->arg = arg;
	sem_post(&room->begun);
}

int netns_room_end(struct netns_room *room)
{
	wait_for(&room->done);
	return room->result;
}

int netns_room_run(struct netns_room *room, int (*fn)(void *arg), void *arg)
{
	netns_room_begin(room, fn, arg);
	return netns_room_end(room);
}

void netns_room_free(struct netns_room *room)
{
	if (!room)
		return;
	netns_room_begin(room, NULL, NULL);
	pthread_join(room->thread, NULL);
	destroy(room);
}
