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

struct shuttle_options {
	const char *datapath;   /* which engines may be used, see engines.h; NULL: "auto" */
	bool nowait;            /* what tun_has_nowait() says of this kernel */
	unsigned int workers;   /* threads */
	unsigned int busy_poll; /* microseconds that they look for frames before they sleep */

	/* Called from the event loop when port @end of the link given with @owner was removed; once
	 * or, with several queues, more often. */
	void (*gone)(void *owner, unsigned int end, void *userdata);
	/* Called from the event loop when a queue of a link has been given to another worker. */
	void (*moved)(void *owner, void *userdata);
	/* Called from each worker's thread once it has its engine, before it has a frame: it gives up
	 * what it needed for that. NULL: nothing. */
	void (*confine)(void);
	void *userdata;
};

/**
 * shuttle_new() - start the workers
 * @event: the loop; referenced
 * @options: copied
 * @ret: stop it with shuttle_free(), after its links were removed
 *
 * Return: 0 or -errno; of several engines that fail, the error of the preferred one: -ENOSYS
 * and -EPERM where io_uring is missing or forbidden; -EOPNOTSUPP when this kernel lacks what the
 * engines need.
 */
int shuttle_new(sd_event *event, const struct shuttle_options *options, struct shuttle **ret);

/**
 * shuttle_free() - stop the workers and free the data path; takes NULL
 * @shuttle: without links
 */
void shuttle_free(struct shuttle *shuttle);

/*
 * One end of a link, as the shuttle sees it.
 *
 * @tun: its descriptors stay open until shuttle_remove_link()
 * @stale: frames that wait in it are old: they are dropped, and counted as peer_down
 * @counters: by queue, of frames that are sent into it; valid until shuttle_remove_link()
 */
struct shuttle_port {
	const struct tun *tun;
	bool stale;
	struct flow_counters *const *counters;
};

/**
 * shuttle_add_link() - begin to move frames between two ports
 * @shuttle: the data path
 * @ports: both with the same headers and the same number of queues; their descriptors and counters
 *	must stay until shuttle_remove_link() returns
 * @owner: passed to the callbacks of struct shuttle_options
 * @ret: the link; remove it with shuttle_remove_link()
 *
 * Return: 0; -EINVAL when the ports differ in headers or number of queues; -ENOMEM; -ENOSPC when
 * the engine can serve no more queues.
 */
int shuttle_add_link(struct shuttle *shuttle, const struct shuttle_port ports[static 2],
		     void *owner, struct shuttle_link **ret);

/**
 * shuttle_remove_link() - stop moving frames, and free the link; when it returns nothing uses the
 * ports any more
 * @link: of shuttle_add_link(), or NULL
 */
void shuttle_remove_link(struct shuttle_link *link);

/**
 * shuttle_link_workers() - tell which workers move the queues of a link
 * @link: of shuttle_add_link()
 * @ret: for each queue the index of its worker, from 0
 *
 * Return: the number of queues.
 */
unsigned int shuttle_link_workers(const struct shuttle_link *link,
				  unsigned int ret[static TUN_QUEUES_MAX]);

/**
 * shuttle_workers_answer() - check that all workers answered the last call, and ask them again
 * @shuttle: the data path
 * @ret_silent: index of the first worker that did not answer; untouched when all did
 *
 * Does not wait for the new answers: the next call reads them.
 *
 * Return: true when all workers answered.
 */
bool shuttle_workers_answer(struct shuttle *shuttle, unsigned int *ret_silent);

/*
 * struct shuttle_worker - what a worker does
 * @cpu_ns: CPU time of its thread, in nanoseconds
 * @flows: directions of queues of links that it serves
 */
struct shuttle_worker {
	uint64_t cpu_ns;
	unsigned int flows;
};

/**
 * shuttle_get_worker() - tell what a worker does
 * @shuttle: the data path
 * @index: from 0
 * @ret: filled
 *
 * Return: false when there is no such worker.
 */
bool shuttle_get_worker(const struct shuttle *shuttle, unsigned int index,
			struct shuttle_worker *ret);

/**
 * shuttle_datapath_name() - name the engine in use
 * @shuttle: the data path
 *
 * Return: a static string, as --datapath takes it.
 */
const char *shuttle_datapath_name(const struct shuttle *shuttle);

/**
 * shuttle_has_busy_poll() - tell whether the engine can poll before it sleeps, if that was asked
 * for
 * @shuttle: the data path
 *
 * Return: true when engine_options.busy_poll has an effect.
 */
bool shuttle_has_busy_poll(const struct shuttle *shuttle);

/**
 * shuttle_engine_error() - tell why the preferred engine is not the one in use
 * @shuttle: the data path
 *
 * Return: the positive errno with which the preferred engine could not start; 0 when it did.
 */
int shuttle_engine_error(const struct shuttle *shuttle);

#endif
