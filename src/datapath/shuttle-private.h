/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_SHUTTLE_PRIVATE_H
#define RPORT_DATAPATH_SHUTTLE_PRIVATE_H

/*
 * The inside of the shuttle: shuttle.c, which has links and workers, and balancer.c, which evens
 * out the load of the workers from time to time.
 */

#include <pthread.h>

#include "datapath/queue.h"
#include "datapath/shuttle.h"

struct shuttle_link {
	struct shuttle *shuttle;
	void *owner;
	bool gone[2]; /* seen by a worker; under the shuttle's lock */
	TAILQ_ENTRY(shuttle_link) gone_entry;
	bool listed; /* in the gone list */
	TAILQ_ENTRY(shuttle_link) entry;
	unsigned int n_queues;
	struct link_queue queues[];
};

TAILQ_HEAD(shuttle_link_list, shuttle_link);

/* See balancer.c. */
struct shuttle_balance {
	sd_event_source *timer; /* NULL: there is one worker */
	uint64_t at;            /* when it was last looked at; CLOCK_MONOTONIC, nanoseconds */
	uint64_t *busy_time;    /* of each worker, nanoseconds up to then */
	unsigned int *busy;     /* of each worker, per mille of the time before */
	bool uneven;            /* then; queues have noted their work */
};

struct shuttle {
	const struct engine_class *class;
	int error; /* see shuttle_engine_error() */
	struct worker **workers;
	unsigned int n_workers;
	struct shuttle_link_list links;
	size_t n_queues;
	void (*gone)(void *owner, unsigned int end, void *userdata);
	void (*moved)(void *owner, void *userdata);
	void *userdata;

	int gone_fd; /* eventfd: the list below has something */
	sd_event_source *gone_source;
	/* of the list, and of gone[] and listed in links; never taken for a packet */
	pthread_mutex_t lock;
	struct shuttle_link_list gone_links;

	struct shuttle_balance balance;
};

/* --- balancer.c --- */

/**
 * shuttle_is_full() - had a worker no time left when the balance was looked at?
 * @shuttle: of several workers
 * @worker: its index
 *
 * Return: whether it was busy for BALANCE_FULL of the time.
 */
bool shuttle_is_full(const struct shuttle *shuttle, unsigned int worker);

/**
 * shuttle_balance_start() - start the timer that compares the load of the workers
 * @shuttle: with its workers; with a single worker nothing is started
 * @event: the loop; referenced
 *
 * Return: 0, -ENOMEM, or another -errno of sd_event_add_time_relative(3).
 */
int shuttle_balance_start(struct shuttle *shuttle, sd_event *event);

/**
 * shuttle_balance_stop() - stop that timer and free its memory
 * @shuttle: of which the timer may never have been started
 */
void shuttle_balance_stop(struct shuttle *shuttle);

#endif
