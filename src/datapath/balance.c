/* SPDX-License-Identifier: ISC */
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

static uint64_t total_load(const struct balance_lane lanes[], size_t n, unsigned int worker)
{
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++)
		if (lanes[i].worker == worker)
			total += lanes[i].load;
	return total;
}

bool balance_choose(const unsigned int busy[], unsigned int n_workers,
		    const struct balance_lane lanes[], size_t n_lanes, size_t *ret_lane,
		    unsigned int *ret_worker)
{
	unsigned int from = busiest(busy, n_workers), to = idlest(busy, n_workers);
	uint64_t total = total_load(lanes, n_lanes, from);
	/* what comes after must be less than this */
	unsigned int best = busy[from] - MIN(busy[from], (unsigned int)BALANCE_GAIN_MIN) + 1;
	bool found = false;

	if (!balance_is_uneven(busy, n_workers) || total == 0)
		return false;
	for (size_t i = 0; i < n_lanes; i++) {
		unsigned int share, after;

		if (lanes[i].worker != from)
			continue;
		share = (unsigned int)((double)busy[from] * (double)lanes[i].load / (double)total);
		after = MAX(busy[from] - share, busy[to] + share);
		if (after >= best || share == 0)
			continue;
		best = after;
		found = true;
		*ret_lane = i;
		*ret_worker = to;
	}
	return found;
}
