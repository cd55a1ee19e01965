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

/* Return: whether one lane has nearly all of the load of a worker that has no time left. */
static bool has_hog(unsigned int busy, const struct balance_lane lanes[], size_t n_lanes,
		    unsigned int worker, size_t *ret_hog)
{
	uint64_t total = 0, most = 0;

	for (size_t i = 0; i < n_lanes; i++) {
		if (lanes[i].worker != worker)
			continue;
		total += lanes[i].load;
		if (lanes[i].load <= most)
			continue;
		most = lanes[i].load;
		*ret_hog = i;
	}
	return busy >= BALANCE_FULL && most > 0 &&
	       (double)most >= (double)total * BALANCE_HOG / 1000;
}

/* Return: the lane with most load beside the hog, or @n_lanes when all the others are idle. */
static size_t next_to(size_t hog, const struct balance_lane lanes[], size_t n_lanes)
{
	size_t best = n_lanes;

	for (size_t i = 0; i < n_lanes; i++)
		if (i != hog && lanes[i].worker == lanes[hog].worker && lanes[i].load > 0 &&
		    (best == n_lanes || lanes[i].load > lanes[best].load))
			best = i;
	return best;
}

bool balance_leave(unsigned int busy[], unsigned int n_workers, struct balance_lane lanes[],
		   size_t n_lanes, size_t *ret_lane, unsigned int *ret_worker)
{
	unsigned int to = idlest(busy, n_workers), share;
	size_t hog = n_lanes, lane;

	for (unsigned int from = 0; from < n_workers; from++) {
		if (from == to || !has_hog(busy[from], lanes, n_lanes, from, &hog))
			continue;
		lane = next_to(hog, lanes, n_lanes);
		if (lane == n_lanes)
			continue;
		share = (unsigned int)((double)busy[from] * (double)lanes[lane].load /
				       (double)total_load(lanes, n_lanes, from));
		if (busy[to] + share >= BALANCE_FULL)
			continue;
		busy[from] -= MIN(busy[from], share);
		busy[to] += share;
		lanes[lane].worker = to;
		*ret_lane = lane;
		*ret_worker = to;
		return true;
	}
	return false;
}
