/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_QUEUE_H
#define RPORT_DATAPATH_QUEUE_H

/* One queue of a link: both directions of it, moved by one worker. */

#include "datapath/flow.h"
#include "datapath/worker.h"

struct shuttle_link;

/*
 * In cache lines of its own, since the next queue may be another worker's.
 *
 * @flows: flows[i] reads from port i
 * @link: the link that has the queue
 * @worker: index of the worker that moves its frames
 * @seen: for each flow, the counts at the last link_queue_take_work()
 */
struct link_queue {
	_Alignas(64) struct flow flows[2];
	struct shuttle_link *link;
	unsigned int worker;
	struct {
		uint64_t packets, bytes;
	} seen[2];
};

/**
 * link_queue_begin() - have a worker move the frames of a queue
 * @queue: its flows are filled in
 * @workers: all workers of the shuttle
 * @worker: index in @workers
 *
 * Return: 0, or -ENOMEM or -ENOSPC as worker_add_flows().
 */
int link_queue_begin(struct link_queue *queue, struct worker *const *workers, unsigned int worker);

/**
 * link_queue_end() - stop moving frames; when this returns, the worker no longer uses the ports
 * @queue: of link_queue_begin()
 * @workers: all workers of the shuttle
 */
void link_queue_end(struct link_queue *queue, struct worker *const *workers);

/**
 * link_queue_move() - give a queue to another worker
 * @queue: of link_queue_begin()
 * @workers: all workers of the shuttle
 * @worker: index in @workers
 *
 * No frame is lost, and order is kept: the old worker writes all frames that it has read before it
 * ends; frames that arrive meanwhile wait in the ports. Without memory for the move, the queue
 * stays where it is.
 */
void link_queue_move(struct link_queue *queue, struct worker *const *workers, unsigned int worker);

/**
 * link_queue_take_work() - estimate the CPU time that a queue has used since the last call
 * @queue: frames that it has moved or dropped are noted for the next call
 *
 * Return: nanoseconds.
 */
uint64_t link_queue_take_work(struct link_queue *queue);

#endif
