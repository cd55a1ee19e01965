/* SPDX-License-Identifier: ISC */

/* Decides which queue is moved from a worker that has much to do. No system calls. */

#include "datapath/balance.h"

static unsigned int busiest(const unsigned int busy[], unsigned int n)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < n; i++)
		if (busy[i] > busy[best])
			best = i;
	return best;
}

static unsigned int idlest(const unsigned int busy[], unsigned int n)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < n; i++)
		if (busy[i] < busy[best])
			best = i;
	return best;
}

bool balance_is_uneven(const unsigned int busy[], unsigned int n_workers)
{
	unsigned int most = busy[busiest(busy, n_workers)], least = busy[idlest(busy, n_workers)];

	return most >= BALANCE_BUSY_MIN && most - least >= BALANCE_GAIN_MIN;
}

static uint64_t total_load(const struct balance_queue queues[], size_t n, unsigned int worker)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		if (queues[i].worker == worker)
			total += queues[i].load;
	return total;
}

bool balance_choose(const unsigned int busy[], unsigned int n_workers,
		    const struct balance_queue queues[], size_t n_queues, size_t *ret_queue,
		    unsigned int *ret_worker)
{
	unsigned int from = busiest(busy, n_workers), to = idlest(busy, n_workers);
	uint64_t total = total_load(queues, n_queues, from);
	/* what comes after must be less than this */
	unsigned int best = busy[from] - MIN(busy[from], (unsigned int)BALANCE_GAIN_MIN) + 1;
	bool found = false;

	if (!balance_is_uneven(busy, n_workers) || total == 0)
		return false;
	for (size_t i = 0; i < n_queues; i++) {
		unsigned int share, after;

		if (queues[i].worker != from)
			continue;
		share = (unsigned int)((double)busy[from] * (double)queues[i].load / (double)total);
		after = MAX(busy[from] - share, busy[to] + share);
		if (after >= best || share == 0)
			continue;
		best = after;
		found = true;
		*ret_queue = i;
		*ret_worker = to;
	}
	return found;
}

/* Return: whether one queue has nearly all of the load of a worker that has no time left. */
static bool has_heavy(unsigned int busy, const struct balance_queue queues[], size_t n_queues,
		      unsigned int worker, size_t *ret_hog)
{
	uint64_t total = 0, most = 0;

	for (size_t i = 0; i < n_queues; i++) {
		if (queues[i].worker != worker)
			continue;
		total += queues[i].load;
		if (queues[i].load <= most)
			continue;
		most = queues[i].load;
		*ret_hog = i;
	}
	return busy >= BALANCE_FULL && most > 0 &&
	       (double)most >= (double)total * BALANCE_HEAVY / 1000;
}

/*
 * Return: the queue with most load beside the heavy one, or @n_queues when all the others are idle.
 */
static size_t next_to(size_t heavy, const struct balance_queue queues[], size_t n_queues)
{
	size_t best = n_queues;

	for (size_t i = 0; i < n_queues; i++)
		if (i != heavy && queues[i].worker == queues[heavy].worker && queues[i].load > 0 &&
		    (best == n_queues || queues[i].load > queues[best].load))
			best = i;
	return best;
}

bool balance_leave(unsigned int busy[], unsigned int n_workers, struct balance_queue queues[],
		   size_t n_queues, size_t *ret_queue, unsigned int *ret_worker)
{
	unsigned int to = idlest(busy, n_workers), share;
	size_t heavy = n_queues, queue;

	for (unsigned int from = 0; from < n_workers; from++) {
		if (from == to || !has_heavy(busy[from], queues, n_queues, from, &heavy))
			continue;
		queue = next_to(heavy, queues, n_queues);
		if (queue == n_queues)
			continue;
		share = (unsigned int)((double)busy[from] * (double)queues[queue].load /
				       (double)total_load(queues, n_queues, from));
		if (busy[to] + share >= BALANCE_FULL)
			continue;
		busy[from] -= MIN(busy[from], share);
		busy[to] += share;
		queues[queue].worker = to;
		*ret_queue = queue;
		*ret_worker = to;
		return true;
	}
	return false;
}
