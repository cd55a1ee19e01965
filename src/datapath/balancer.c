/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * New lanes go to the worker that has fewest, which says nothing of what they will have to do. So
 * once a second, if there are workers to choose from, it is looked how much CPU time each has used,
 * which costs a system call for each and no more while they have little to do. Only when that was
 * uneven twice in a row are the counters of all lanes compared, and one lane is moved (balance.c
 * decides which). After a move it begins anew, so that there is one in two seconds at most.
 */

#include "datapath/balance.h"
#include "datapath/shuttle-private.h"

#define PERIOD_USEC   (1000 * 1000)
#define ACCURACY_USEC (100 * 1000)
#define PACKET_WORK   4096 /* moving a small packet costs about as much as copying these bytes */

uint64_t lane_work(const struct lane *lane)
{
	struct flow_counters sum = { 0 };
	uint64_t packets;

	for (int end = 0; end < 2; end++)
		flow_add_counters(lane->flows[end].counters, &sum);
	packets = sum.packets;
	for (int i = 0; i < DROP_CAUSES; i++)
		packets += sum.drops[i];
	return packets * PACKET_WORK + sum.bytes;
}

static void take_busy(struct shuttle *shuttle)
{
	struct shuttle_balance *balance = &shuttle->balance;
	uint64_t now = monotonic_ns(), passed = MAX(now - balance->at, UINT64_C(1));

	for (unsigned int i = 0; i < shuttle->n_workers; i++) {
		uint64_t cpu_time = worker_cpu_time(shuttle->workers[i]);

		balance->busy[i] =
			(unsigned int)((cpu_time - balance->cpu_time[i]) * 1000 / passed);
		balance->cpu_time[i] = cpu_time;
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
			uint64_t work = lane_work(lane);

			ret[n] = (struct balance_lane){ lane->worker, work - lane->work };
			ret_lanes[n] = lane;
			lane->work = work;
		}
	}
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
	if (!shuttle->balance.uneven || !balance_choose(shuttle->balance.busy, shuttle->n_workers,
							work, shuttle->n_lanes, &i, &worker))
		return true;
	lane_move(shuttle, lanes[i], worker);
	shuttle->moved(lanes[i]->link->owner, shuttle->userdata);
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

int shuttle_balance_start(struct shuttle *shuttle, sd_event *event)
{
	struct shuttle_balance *balance = &shuttle->balance;

	if (shuttle->n_workers < 2)
		return 0;
	balance->cpu_time = calloc(shuttle->n_workers, sizeof(*balance->cpu_time));
	balance->busy = calloc(shuttle->n_workers, sizeof(*balance->busy));
	if (!balance->cpu_time || !balance->busy)
		return -ENOMEM;
	balance->at = monotonic_ns();
	return sd_event_add_time_relative(event, &balance->timer, CLOCK_MONOTONIC, PERIOD_USEC,
					  ACCURACY_USEC, look, shuttle);
}

void shuttle_balance_stop(struct shuttle *shuttle)
{
	sd_event_source_disable_unref(shuttle->balance.timer);
	free(shuttle->balance.cpu_time);
	free(shuttle->balance.busy);
}
