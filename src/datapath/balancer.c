/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * New lanes go to the worker that has fewest, which says nothing of what they will have to do. So
 * once a second, if there are several workers, the balancer asks for how long each had something to
 * do. That costs two system calls for each worker, and no more while they have little to do. Only
 * when that was uneven twice in a row it compares the work of all lanes and moves one (balance.c
 * decides which). After a move it needs two uneven seconds again, so it moves one lane in two
 * seconds at most.
 *
 * The work of a lane is time: a packet costs what its write takes, which workers measure (move.h),
 * and the reading and copying besides. So a lane of few packets, each of which runs through
 * thousands of netfilter rules of its receiver, is known for what it is. Lanes that share a worker
 * with such a one are moved away from it, up to MOVES_MAX at each look: the main loop waits for
 * each, for a round of both workers.
 */

#include "datapath/balance.h"
#include "datapath/shuttle-private.h"

#define PERIOD_USEC   (1000 * 1000)
#define ACCURACY_USEC (100 * 1000)
#define MOVES_MAX     8
#define PACKET_NS     1000 /* to read and write a small packet, about */
#define BYTES_PER_NS  4    /* to copy them, about */

uint64_t lane_take_work(struct lane *lane)
{
	uint64_t work = 0;

	for (int end = 0; end < 2; end++) {
		struct flow_counters sum = { 0 };
		uint64_t packets, done_packets, done_bytes;

		flow_add_counters(lane->flows[end].counters, &sum);
		packets = sum.packets;
		for (int i = 0; i < DROP_CAUSES; i++)
			packets += sum.drops[i];
		done_packets = packets - lane->seen[end].packets;
		done_bytes = sum.bytes - lane->seen[end].bytes;
		lane->seen[end].packets = packets;
		lane->seen[end].bytes = sum.bytes;
		work += done_packets * (PACKET_NS + flow_write_time(&lane->flows[end])) +
			done_bytes / BYTES_PER_NS;
	}
	return work;
}

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

/* What each lane has done since the last look; @ret and @ret_lanes have the room for all. */
static void take_work(struct shuttle *shuttle, struct balance_lane ret[], struct lane *ret_lanes[])
{
	struct shuttle_link *link;
	size_t n = 0;

	TAILQ_FOREACH(link, &shuttle->links, entry)
	{
		for (unsigned int i = 0; i < link->n_lanes; i++, n++) {
			struct lane *lane = &link->lanes[i];

			ret[n] = (struct balance_lane){ lane->worker, lane_take_work(lane) };
			ret_lanes[n] = lane;
		}
	}
}

static void move(struct shuttle *shuttle, struct lane *lane, unsigned int worker)
{
	lane_move(shuttle, lane, worker);
	shuttle->moved(lane->link->owner, shuttle->userdata);
}

/* Return: whether any lane was moved. */
static bool leave_hogs(struct shuttle *shuttle, struct balance_lane work[], struct lane *lanes[])
{
	unsigned int worker, n = 0;
	size_t i;

	while (n < MOVES_MAX && balance_leave(shuttle->balance.busy, shuttle->n_workers, work,
					      shuttle->n_lanes, &i, &worker)) {
		move(shuttle, lanes[i], worker);
		n++;
	}
	return n > 0;
}

/* Return: whether lanes have noted their work, which the next look can go by. */
static bool even_out(struct shuttle *shuttle)
{
	_cleanup_free_ struct balance_lane *work = calloc(shuttle->n_lanes, sizeof(*work));
	_cleanup_free_ struct lane **lanes = calloc(shuttle->n_lanes, sizeof(struct lane *));
	unsigned int worker;
	size_t i;

	if (!work || !lanes)
		return false;
	take_work(shuttle, work, lanes);
	if (!shuttle->balance.uneven || leave_hogs(shuttle, work, lanes) ||
	    !balance_choose(shuttle->balance.busy, shuttle->n_workers, work, shuttle->n_lanes, &i,
			    &worker))
		return true;
	move(shuttle, lanes[i], worker);
	return false;
}

static int look(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	struct shuttle *shuttle = userdata;

	take_busy(shuttle);
	shuttle->balance.uneven = shuttle->n_lanes > 1 &&
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
