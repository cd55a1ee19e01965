/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_BALANCE_H
#define RPORT_DATAPATH_BALANCE_H

/* Decides which queue is moved from a worker that has much to do. No system calls. */

#include "base/util.h"

/* What one worker moves, and could be moved to another. */
struct balance_queue {
	unsigned int worker;
	uint64_t load; /* its work in the time looked at, in any unit */
};

#define BALANCE_FULL     500 /* per mille: a worker that has more to do has no room for others */
#define BALANCE_HEAVY    750 /* per mille of what a full worker does, done for one queue alone */
#define BALANCE_BUSY_MIN 300 /* per mille: a worker that has less to do is left alone */
/* per mille: a move that relieves the busiest worker of less is not worth while */
#define BALANCE_GAIN_MIN 100

/**
 * balance_is_uneven() - check whether to compare the load of the queues
 * @busy: of each worker, the share of the time in which it had something to do, per mille
 * @n_workers: entries of @busy
 *
 * Return: true when one worker has much to do and another little.
 */
bool balance_is_uneven(const unsigned int busy[], unsigned int n_workers);

/**
 * balance_choose() - choose the queue to move from the busiest worker to the one with least to do
 * @busy: as above
 * @n_workers: entries of @busy
 * @queues: of all workers
 * @n_queues: entries of @queues
 * @ret_queue: its index in @queues
 * @ret_worker: where to
 *
 * A queue's share of what its worker did is taken to be that of its load. The one is chosen after
 * whose move the busier of the two workers would have least to do. So a worker with a single busy
 * queue keeps it.
 *
 * Return: true when a move is worth while.
 */
bool balance_choose(const unsigned int busy[], unsigned int n_workers,
		    const struct balance_queue queues[], size_t n_queues, size_t *ret_queue,
		    unsigned int *ret_worker);

/**
 * balance_leave() - choose a queue to move away from a queue that uses up its worker
 * @busy: as above; what the move changes is updated
 * @n_workers: entries of @busy
 * @queues: of all workers; the worker of the moved queue is updated
 * @n_queues: entries of @queues
 * @ret_queue: its index in @queues
 * @ret_worker: where to; has room for it, and no such queue
 *
 * A queue may be slow because of what the owner of a namespace does, for instance by the netfilter
 * rules of a receiver. Its worker does little else then, and whoever shares the worker waits. So
 * the heavy queue stays, and the others go where there is room, also when their own share is too
 * small for balance_choose(). Queues without load stay until they have some. Call it until it
 * returns false to move all of them.
 *
 * Return: true when there is such a queue.
 */
bool balance_leave(unsigned int busy[], unsigned int n_workers, struct balance_queue queues[],
		   size_t n_queues, size_t *ret_queue, unsigned int *ret_worker);

#endif
