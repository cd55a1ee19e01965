/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_SHUTTLE_H
#define RPORT_DATAPATH_SHUTTLE_H

/*
 * The data path's face: links are given to it and taken back, it spreads them, queue by queue, over
 * its workers, which move the frames. All functions are for the main thread.
 */

#include <systemd/sd-event.h>

#include "datapath/flow.h"
#include "kernel/tun.h"

struct shuttle;
struct shuttle_link;

enum shuttle_datapath {
	SHUTTLE_AUTO,  /* the best that the kernel can do */
	SHUTTLE_URING, /* the same, but io_uring or nothing */
	SHUTTLE_URING_BATCH,
	SHUTTLE_URING_PENDING,
	SHUTTLE_EPOLL,
};

struct shuttle_options {
	enum shuttle_datapath datapath;
	bool nowait;            /* what tun_has_nowait() says of this kernel */
	unsigned int workers;   /* threads */
	unsigned int busy_poll; /* microseconds that they look for frames before they sleep */

	/* Called from the event loop when port @end of the link given with @owner was removed; once
	 * or, with several queues, more often. */
	void (*gone)(void *owner, unsigned int end, void *userdata);
	/* Called from the event loop when a queue of a link has been given to another worker. */
	void (*moved)(void *owner, void *userdata);
	void *userdata;
};

/**
 * shuttle_datapath_from_name() - parse "auto", "uring", "epoll" or the name of an engine
 * Return: the datapath, or -EINVAL.
 */
int shuttle_datapath_from_name(const char *name);

/**
 * shuttle_new() - start the workers
 * @event: the loop; referenced
 * @ret: stop it with shuttle_free(), after its links were removed
 *
 * Return: 0 or -errno; -ENOSYS and -EPERM where io_uring was asked for and is missing or forbidden
 * (with SHUTTLE_AUTO it is done without), -EOPNOTSUPP when a datapath was asked for that this
 * kernel cannot do.
 */
int shuttle_new(sd_event *event, const struct shuttle_options *options, struct shuttle **ret);

/**
 * shuttle_free() - end the workers; takes NULL
 */
void shuttle_free(struct shuttle *shuttle);

/* One end of a link, as the shuttle sees it. */
struct shuttle_port {
	const struct tun *tun; /* its descriptors stay open until shuttle_remove_link() */
	bool stale; /* what waits in it is old: it is dropped, and counted as peer_down */
	struct flow_counters *const *counters; /* by queue: of what is sent into it; these stay, too
						*/
};

/**
 * shuttle_add_link() - begin to move frames between two ports
 * @ports: both with the same headers, and as many queues
 * @owner: for the gone() callback
 */
int shuttle_add_link(struct shuttle *shuttle, const struct shuttle_port ports[static 2],
		     void *owner, struct shuttle_link **ret);

/**
 * shuttle_remove_link() - stop; when it returns nothing uses the ports any more. Takes NULL
 */
void shuttle_remove_link(struct shuttle_link *link);

/**
 * shuttle_link_workers() - which workers have it
 * @ret: for each of its queues the worker, from 0
 *
 * Return: the number of queues.
 */
unsigned int shuttle_link_workers(const struct shuttle_link *link,
				  unsigned int ret[static TUN_QUEUES_MAX]);

/**
 * shuttle_workers_answer() - did every worker answer the last question, whether it is alive?
 * @ret_silent: one that did not
 *
 * Asks them the next one, and does not wait for the answers.
 */
bool shuttle_workers_answer(struct shuttle *shuttle, unsigned int *ret_silent);

/**
 * shuttle_datapath_name() - the engine in use, as users see it
 */
const char *shuttle_datapath_name(const struct shuttle *shuttle);

/**
 * shuttle_has_busy_poll() - does it look for frames before it sleeps, if that was asked for?
 */
bool shuttle_has_busy_poll(const struct shuttle *shuttle);

/**
 * shuttle_uring_error() - why SHUTTLE_AUTO had to do without io_uring
 * Return: positive errno, or 0 when it did not.
 */
int shuttle_uring_error(const struct shuttle *shuttle);

#endif
