/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_SHUTTLE_PRIVATE_H
#define RPORT_DATAPATH_SHUTTLE_PRIVATE_H

/* What the files of the shuttle share with each other: shuttle.c, which has links and workers, and
 * balancer.c, which looks now and then how the one are spread over the other. */

#include <pthread.h>

#include "datapath/shuttle.h"
#include "datapath/worker.h"

/* One queue of a link: what one worker moves, and can be moved to another one. In cache lines of
 * its own, since its neighbour may be another worker's. */
struct lane {
	_Alignas(64) struct flow flows[2]; /* flows[i] reads from port i */
	struct shuttle_link *link;
	unsigned int worker;
	struct {
		uint64_t packets, bytes;
	} seen[2]; /* of each flow, when the balance was looked at */
};

struct shuttle_link {
	struct shuttle *shuttle;
	void *owner;
	bool gone[2]; /* seen by a worker; under the shuttle's lock */
	TAILQ_ENTRY(shuttle_link) gone_entry;
	bool listed; /* in the gone list */
	TAILQ_ENTRY(shuttle_link) entry;
	unsigned int n_lanes;
	struct lane lanes[];
};

TAILQ_HEAD(shuttle_link_list, shuttle_link);

/* See balancer.c. */
struct shuttle_balance {
	sd_event_source *timer; /* NULL: there is one worker */
	uint64_t at;            /* when it was last looked at; CLOCK_MONOTONIC, nanoseconds */
	uint64_t *busy_time;    /* of each worker, nanoseconds up to then */
	unsigned int *busy;     /* of each worker, per mille of the time before */
	bool uneven;            /* then; lanes have noted their work */
};

struct shuttle {
	const struct engine_class *class;
	int uring_error; /* see shuttle_uring_error() */
	struct worker **workers;
	unsigned int n_workers;
	struct shuttle_link_list links;
	size_t n_lanes;
	void (*gone)(void *owner, unsigned int end, void *userdata);
	void (*moved)(void *owner, void *userdata);
	void *userdata;

	int gone_fd; /* eventfd: the list below has something */
	sd_event_source *gone_source;
	pthread_mutex_t
		lock; /* of the list, and of gone[] and listed in links; never taken for a packet */
	struct shuttle_link_list gone_links;

	struct shuttle_balance balance;
};

/* --- shuttle.c --- */

/**
 * lane_move() - let another worker move what a lane has
 *
 * Nothing is lost, and order is kept: the old worker ends when all that it had read is written, and
 * what comes meanwhile waits in the ports.
 */
void lane_move(struct shuttle *shuttle, struct lane *lane, unsigned int worker);

/* --- balancer.c --- */

/**
 * lane_take_work() - how much CPU time a lane has used since the last call, about
 * @lane: the lane; what it has moved or dropped is noted
 *
 * Return: nanoseconds.
 */
uint64_t lane_take_work(struct lane *lane);

/**
 * shuttle_is_full() - had a worker no time left when the balance was looked at?
 * @shuttle: of several workers
 * @worker: its index
 *
 * Return: whether it was busy for BALANCE_FULL of the time.
 */
bool shuttle_is_full(const struct shuttle *shuttle, unsigned int worker);

/**
 * shuttle_balance_start() - look at the balance from now on, if there are workers to choose from
 * Return: 0 or -errno.
 */
int shuttle_balance_start(struct shuttle *shuttle, sd_event *event);

/**
 * shuttle_balance_stop() - no longer; also if it was never started
 */
void shuttle_balance_stop(struct shuttle *shuttle);

#endif
