/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_WORKERS_H
#define RPORT_NETWORK_WORKERS_H

/* The threads of rportd-net that carry calls out. */

#include "network/wire.h"

#define WORKERS_CHANNELS 3 /* the last one is for checks, which some threads serve */

struct worker;

/*
 * struct workers - the threads, and what they are made with
 * @channels: sockets for calls
 * @current: who serves each channel, but the last one
 * @n_abandoned: threads that were left alone with a call
 * @queues_forced: see struct staging
 * @names: of the main thread, or NULL; only netns_watch_path() is for other threads
 */
struct workers {
	int channels[WORKERS_CHANNELS];
	struct worker *current[WORKERS_CHANNELS];
	_Atomic unsigned int n_abandoned;
	bool queues_forced;
	struct netns_watch *names;
};

/**
 * workers_start() - serve all channels from now on
 * @workers: with all but @current; must not be moved or freed any more
 * @staging: of the first thread, which owns it from now on
 *
 * Return: 0; -ENOMEM; or -errno of pthread_create(3) or socket(2).
 */
int workers_start(struct workers *workers, struct staging *staging);

/**
 * workers_abandon() - have another thread serve a channel
 * @workers: of workers_start()
 * @control: says which call is not waited for any more; if that is done by now nothing happens
 *
 * Return: 0; -EBUSY when too many threads hang; or another -errno, as workers_start().
 */
int workers_abandon(struct workers *workers, const struct network_control *control);

#endif
