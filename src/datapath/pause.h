/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_PAUSE_H
#define RPORT_DATAPATH_PAUSE_H

/*
 * Flows whose port failed to be read, in one engine. TUNs fail only for lack of memory, but a port
 * that fails and still says that it can be read would be read in a loop otherwise. Each is read
 * again after PAUSE_MS at most, so an engine must not wait longer while there are any.
 */

#include "datapath/flow.h"

#define PAUSE_MS 20

struct pause {
	struct flow_list flows; /* FLOW_PAUSED */
	uint64_t until;         /* CLOCK_MONOTONIC, nanoseconds; while there are flows */
};

/**
 * pause_add() - read a flow again later
 * @pause: the engine's
 * @flow: in no list
 */
static inline void pause_add(struct pause *pause, struct flow *flow)
{
	if (TAILQ_EMPTY(&pause->flows))
		pause->until = monotonic_ns() + UINT64_C(1000000) * PAUSE_MS;
	flow->state = FLOW_PAUSED;
	TAILQ_INSERT_TAIL(&pause->flows, flow, ready);
}

/**
 * pause_end() - remove the flows that are to be read again
 * @pause: the engine's
 * @ret: an initialized list, to which all flows are added once the time has come; their state
 * is the caller's to set
 */
static inline void pause_end(struct pause *pause, struct flow_list *ret)
{
	if (!TAILQ_EMPTY(&pause->flows) && monotonic_ns() >= pause->until)
		TAILQ_CONCAT(ret, &pause->flows, ready);
}

#endif
