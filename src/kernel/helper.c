/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Why. An entry of /run/netns may lead to a filesystem that does not answer (FUSE, NFS). A system
 * call that follows it sleeps until it does, and only SIGKILL ends that sleep. So the main thread
 * makes no such call: a helper does, and the main thread waits for it until a deadline.
 *
 * Being late. A helper that has not returned by the deadline is left alone: it is detached, and its
 * record stays in a list. Whichever of both comes second to the lock, the helper with its result or
 * the main thread with its patience over, sees what the first has left there. A late result is
 * discarded.
 *
 * Patience. The more calls are late, the shorter the next one is waited for, so that the main thread
 * does not wait much longer for many things that hang than for one.
 *
 * Barring. While a call is late, no other one is made for the same thing, nor for some seconds
 * after it has returned. So something that hangs costs the main thread one deadline, and something
 * that hangs now and then costs it a small share of its time. The list has room for a fixed number:
 * one more is not begun.
 *
 * Staying. A thread costs time when it starts, and when it ends it makes the next move of an
 * interface wait (netns-thread.c). So one helper that has returned in time stays for the next call.
 * One that has entered a namespace comes back before it hands in its result, so that nothing of it
 * is left there when the caller goes on. If it cannot come back it ends, and is joined.
 */

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/queue.h>

#include "kernel/helper.h"
#include "kernel/thread.h"

#define LATE_MAX 16 /* of those that enter a namespace, and of the others */
#define BAR_USEC (5 * USEC_PER_SEC)
#define MSEC_MIN 50U /* a call is waited for at least so long, unless its deadline is earlier */

struct helper {
	pthread_t thread;
	sem_t begun, done;
	int (*run)(const void *argument);
	void (*discard)(int result);
	char what[PATH_MAX]; /* "": nothing in particular */
	bool enter;
	int netns_fd; /* negative: a new one; of a helper that enters it */
	_Alignas(max_align_t) unsigned char argument[HELPER_ARGUMENT_MAX];
	int result;
	bool away; /* it could not come back from the namespace that it entered: it ends */

	/* under the lock */
	bool returned;
	bool late;
	uint64_t barred_until;     /* CLOCK_MONOTONIC, us; of one that is late and has returned */
	SLIST_ENTRY(helper) entry; /* in late_helpers */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static SLIST_HEAD(helper_list, helper) late_helpers = SLIST_HEAD_INITIALIZER(late_helpers);
static struct helper *idle; /* waits for its next call; may be NULL */

/* --- in the helper ---------------------------------------------------------------------------- */

/* Return: whether the caller has waited for it; if not, the record is no longer the helper's. */
static bool hand_in(struct helper *helper, int result)
{
	void (*discard)(int result) = helper->discard;
	bool late;

	pthread_mutex_lock(&lock);
	late = helper->late;
	helper->result = result;
	helper->returned = true;
	helper->barred_until = monotonic_usec() + BAR_USEC;
	pthread_mutex_unlock(&lock);
	if (late && result >= 0 && discard)
		discard(result);
	return !late;
}

static int enter(const struct helper *helper)
{
	int r = helper->netns_fd < 0 ? unshare(CLONE_NEWNET)
				     : setns(helper->netns_fd, CLONE_NEWNET);

	return r < 0 ? -errno : 0;
}

static int run_inside(struct helper *helper)
{
	_cleanup_close_ int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r = own < 0 ? -errno : enter(helper);

	helper->netns_fd = safe_close(helper->netns_fd);
	if (r < 0)
		return r;
	r = helper->run(helper->argument);
	helper->away = setns(own, CLONE_NEWNET) < 0;
	return r;
}

static void *live(void *arg)
{
	struct helper *helper = arg;
	int r;

	do {
		thread_wait(&helper->begun);
		if (!helper->run) /* put_back() ends it */
			return NULL;
		r = helper->enter ? run_inside(helper) : helper->run(helper->argument);
		if (!hand_in(helper, r))
			return NULL;
		sem_post(&helper->done);
	} while (!helper->away); /* see put_back() */
	return NULL;
}

void helper_discard_fd(int fd)
{
	safe_close(fd);
}

/* --- in the caller --------------------------------------------------------------------------- */

static void destroy(struct helper *helper)
{
	sem_destroy(&helper->begun);
	sem_destroy(&helper->done);
	free(helper);
}

static int new_helper(struct helper **ret)
{
	struct helper *helper = calloc(1, sizeof(*helper));
	int r;

	if (!helper)
		return -ENOMEM;
	sem_init(&helper->begun, 0, 0);
	sem_init(&helper->done, 0, 0);
	r = thread_start(&helper->thread, "rportd-helper", live, helper);
	if (r < 0) {
		destroy(helper);
		return r;
	}
	*ret = helper;
	return 0;
}

/* Under the lock. */
static void forget_old(void)
{
	struct helper *helper, *next;
	uint64_t now = monotonic_usec();

	for (helper = SLIST_FIRST(&late_helpers); helper; helper = next) {
		next = SLIST_NEXT(helper, entry);
		if (!helper->returned || helper->barred_until > now)
			continue;
		SLIST_REMOVE(&late_helpers, helper, helper, entry);
		destroy(helper);
	}
}

/* Under the lock. Paths that hang are no reason not to enter a namespace. @ret: how many are late. */
static int check_late(const struct helper_call *call, unsigned int *ret)
{
	const struct helper *helper;
	unsigned int n = 0;

	forget_old();
	SLIST_FOREACH(helper, &late_helpers, entry)
	{
		if (call->what && streq(helper->what, call->what))
			return -ETIMEDOUT;
		if (helper->enter == call->enter)
			n++;
	}
	*ret = n;
	return n < LATE_MAX ? 0 : -EAGAIN;
}

static int get_helper(const struct helper_call *call, unsigned int *ret_late, struct helper **ret)
{
	struct helper *helper = NULL;
	int r;

	pthread_mutex_lock(&lock);
	r = check_late(call, ret_late);
	if (r >= 0)
		helper = steal_ptr(idle);
	pthread_mutex_unlock(&lock);
	if (r >= 0 && !helper)
		r = new_helper(&helper);
	if (r >= 0)
		*ret = helper;
	return r;
}

static void begin(struct helper *helper, const struct helper_call *call, int *netns_fd)
{
	helper->run = call->run;
	helper->discard = call->discard;
	helper->enter = call->enter;
	helper->netns_fd = steal_fd(netns_fd);
	helper->returned = false;
	snprintf(helper->what, sizeof(helper->what), "%s", call->what ? call->what : "");
	if (call->size > 0)
		memcpy(helper->argument, call->argument, call->size);
	sem_post(&helper->begun);
}

/* Return: whether it has returned; if not, it is late from now on, and no longer the caller's. */
static bool wait_until(struct helper *helper, unsigned int msec)
{
	bool returned;

	if (thread_wait_until(&helper->done, monotonic_usec() + msec * USEC_PER_MSEC))
		return true;
	pthread_mutex_lock(&lock);
	returned = helper->returned;
	if (!returned) {
		helper->late = true;
		pthread_detach(helper->thread);
		SLIST_INSERT_HEAD(&late_helpers, helper, entry);
	}
	pthread_mutex_unlock(&lock);
	if (returned) /* just now */
		thread_wait(&helper->done);
	return returned;
}

static bool stay(struct helper *helper)
{
	bool stays;

	pthread_mutex_lock(&lock);
	stays = !helper->away && !idle;
	if (stays)
		idle = helper;
	pthread_mutex_unlock(&lock);
	return stays;
}

/* It has returned in time: it waits for its next call, or ends. */
static void put_back(struct helper *helper)
{
	if (stay(helper))
		return;
	if (!helper->away) {
		helper->run = NULL;
		sem_post(&helper->begun);
	}
	pthread_join(helper->thread, NULL);
	destroy(helper);
}

/* @late: how many calls are late */
static unsigned int patience(unsigned int msec, unsigned int late)
{
	return MAX(msec >> late, MIN(msec, MSEC_MIN));
}

int helper_run(const struct helper_call *call)
{
	_cleanup_close_ int netns_fd = -1;
	struct helper *helper;
	unsigned int late;
	int r;

	if (call->size > HELPER_ARGUMENT_MAX)
		return -E2BIG;
	if (call->enter && call->netns_fd >= 0) {
		/* one of its own, for the caller may be gone when it comes to it */
		netns_fd = fcntl(call->netns_fd, F_DUPFD_CLOEXEC, 0);
		if (netns_fd < 0)
			return -errno;
	}
	r = get_helper(call, &late, &helper);
	if (r < 0)
		return r;
	begin(helper, call, &netns_fd);
	if (!wait_until(helper, patience(call->msec, late)))
		return -ETIMEDOUT;
	r = helper->result;
	put_back(helper);
	return r;
}
