/* SPDX-License-Identifier: ISC */
#ifndef RPORT_SHUTTLE_H
#define RPORT_SHUTTLE_H

/*
 * The data path's face: links are given to it and taken back, it spreads them over its workers,
 * which move the frames. All functions are for the main thread.
 */

#include <systemd/sd-event.h>

#include "flow.h"
#include "tun.h"

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
	bool nowait;          /* what tun_has_nowait() says of this kernel */
	unsigned int workers; /* threads */

	/* Called once, from the event loop, when port @end of the link given with @owner was
	 * removed. */
	void (*gone)(void *owner, unsigned int end, void *userdata);
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
	struct tun tun; /* stays open until shuttle_remove_link() */
	bool stale;     /* what waits in it is old: it is dropped, and counted as peer_down */
	struct flow_counters *counters; /* of what is sent into it; borrowed like the TUN */
};

/**
 * shuttle_add_link() - begin to move frames between two ports
 * @ports: both with the same headers
 * @owner: for the gone() callback
 */
int shuttle_add_link(struct shuttle *shuttle, const struct shuttle_port ports[static 2],
		     void *owner, struct shuttle_link **ret);

/**
 * shuttle_remove_link() - stop; when it returns nothing uses the ports any more. Takes NULL
 */
void shuttle_remove_link(struct shuttle_link *link);

/**
 * shuttle_link_worker() - which worker has it, from 0
 */
unsigned int shuttle_link_worker(const struct shuttle_link *link);

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
 * shuttle_uring_error() - why SHUTTLE_AUTO had to do without io_uring
 * Return: positive errno, or 0 when it did not.
 */
int shuttle_uring_error(const struct shuttle *shuttle);

#endif
