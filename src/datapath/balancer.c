/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * New queues go to the worker that has fewest, which says nothing of what they will have to do. So
 * once a second, if there are several workers, the balancer asks for how long each had something to
 * do. That costs two system calls for each worker, and no more while they have little to do. Only
 * when that was uneven twice in a row it compares the work of all queues and moves one (balance.c
 * decides which). After a move it needs two uneven seconds again, so it moves one queue in two
 * seconds at most.
 *
 * The work of a queue is time: a packet costs what its write takes, which workers measure (move.h),
 * and the reading and copying besides. So a queue of few packets, each of which runs through
 * thousands of netfilter rules of its receiver, is known for what it is. Queues that share a worker
 * with such a one are moved away from it, up to MOVES_MAX at each look: the main loop waits for
 * each, for a round of both workers.
 */

#include "datapath/balance.h"
#include "base/turn.h"
#include "datapath/shuttle-private.h"

#define PERIOD_USEC   (1000 * 1000)
#define ACCURACY_USEC (100 * 1000)
#define MOVES_MAX     8

static void take_busy(struct shuttle *shuttle)
{
	struct shuttle_balance *balance = &shuttle->balance;
	uint64_t now = monotonic_ns(), passed = MAX(now - balance->at, UINT64_C(1));

	for (unsigned int i = 0; i < shuttle->n_workers; i++) {
		uint64_t busy_time = worker_busy_time(shuttle->workers[i]);

		balance->busy[i] =
			(unsigned int)((busy_time - balance->busy_time[i]) * 1000 / passed);
		balance->busy_time[i] = busy_time;
	}
	balance->at = now;
}

/* What each queue has done since the last look; @ret and @ret_queues have the room for all. */
static void take_work(struct shuttle *shuttle, struct balance_queue ret[],
		      struct link_queue *ret_queues[])
{
	struct shuttle_link *link;
	size_t n = 0;

	TAILQ_FOREACH(link, &shuttle->links, entry)
	{
		for (unsigned int i = 0; i < link->n_queues; i++, n++) {
			struct link_queue *queue = &link->queues[i];

			ret[n] = (struct balance_queue){ queue->worker,
							 link_queue_take_work(queue) };
			ret_queues[n] = queue;
		}
	}
}

static void move(struct shuttle *shuttle, struct link_queue *queue, unsigned int worker)
{
	link_queue_move(queue, shuttle->workers, worker);
	shuttle->moved(queue->link->owner, shuttle->userdata);
}

/* Return: whether any queue was moved. */
static bool leave_heavy_queues(struct shuttle *shuttle, struct balance_queue work[],
			       struct link_queue *queues[])
{
	unsigned int worker, n = 0;
	size_t i;

	while (n < MOVES_MAX && balance_leave(shuttle->balance.busy, shuttle->n_workers, work,
					      shuttle->n_queues, &i, &worker)) {
		move(shuttle, queues[i], worker);
		n++;
	}
	return n > 0;
}

/* Return: whether queues have noted their work, which the next look can go by. */
static bool even_out(struct shuttle *shuttle)
{
	_cleanup_free_ struct balance_queue *work = calloc(shuttle->n_queues, sizeof(*work));
	_cleanup_free_ struct link_queue **queues =
		calloc(shuttle->n_queues, sizeof(struct link_queue *));
	unsigned int worker;
	size_t i;

	if (!work || !queues)
		return false;
	take_work(shuttle, work, queues);
	if (!shuttle->balance.uneven || leave_heavy_queues(shuttle, work, queues) ||
	    !balance_choose(shuttle->balance.busy, shuttle->n_workers, work, shuttle->n_queues, &i,
			    &worker))
		return true;
	move(shuttle, queues[i], worker);
	return false;
}

static int look(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	struct shuttle *shuttle = userdata;

	turn_is("evening out workers");
	take_busy(shuttle);
	shuttle->balance.uneven = shuttle->n_queues > 1 &&
				  balance_is_uneven(shuttle->balance.busy, shuttle->n_workers) &&
				  even_out(shuttle);
	(void)sd_event_source_set_time_relative(source, PERIOD_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

bool shuttle_is_full(const struct shuttle *shuttle, unsigned int worker)
{
	return shuttle->balance.busy[worker] >= BALANCE_FULL;
}

int shuttle_balance_start(struct shuttle *shuttle, sd_event *event)
{
	struct shuttle_balance *balance = &shuttle->balance;

	if (shuttle->n_workers < 2)
		return 0;
	balance->busy_time = calloc(shuttle->n_workers, sizeof(*balance->busy_time));
	balance->busy = calloc(shuttle->n_workers, sizeof(*balance->busy));
	if (!balance->busy_time || !balance->busy)
		return -ENOMEM;
	balance->at = monotonic_ns();
	return sd_event_add_time_relative(event, &balance->timer, CLOCK_MONOTONIC, PERIOD_USEC,
					  ACCURACY_USEC, look, shuttle);
}

void shuttle_balance_stop(struct shuttle *shuttle)
{
	sd_event_source_disable_unref(shuttle->balance.timer);
	free(shuttle->balance.busy_time);
	free(shuttle->balance.busy);
}
