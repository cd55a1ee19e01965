/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_SPIN_H
#define RPORT_DATAPATH_SPIN_H

/*
 * How long a worker looks for something to do before it goes to sleep (rportd --busy-poll). That
 * spares the next frame the time of a wake-up, and costs CPU time: so it is done only while it
 * pays. No system calls.
 */

#include "base/util.h"

struct spin {
	uint64_t max;    /* nanoseconds; 0: never */
	uint64_t budget; /* for the next wait */
};

/**
 * spin_init() - set the longest time to poll, and begin with none
 * @spin: filled
 * @max_usec: the longest time, in microseconds
 */
void spin_init(struct spin *spin, unsigned int max_usec);

/**
 * spin_learn() - adjust the budget after a wait
 * @spin: of spin_init()
 * @waited: nanoseconds until there was something to do, spun or slept
 *
 * Had it come within the longest time, spinning would have paid: the next budget is twice as long.
 * Else it would have been in vain: the next is half as long, and soon none.
 */
void spin_learn(struct spin *spin, uint64_t waited);

#endif
