/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_CLIENT_H
#define RPORT_NETWORK_CLIENT_H

/* How calls reach rportd-net; what they are is in calls.c. */

#include "network/message.h"
#include "network/network.h"
#include "network/wire.h"

/* The sockets for calls. */
enum network_lane {
	NETWORK_LANE_ACT,
	NETWORK_LANE_ASK,   /* of queries that may be late, see network_ask() */
	NETWORK_LANE_CHECK, /* see network_check() */
	NETWORK_LANES,
};

/**
 * network_begin() - begin to write a request
 * @network: of network_new()
 * @lane: on which it will be sent
 * @call: the call
 *
 * Return: the request, to be completed and sent; its descriptors are borrowed.
 */
struct message *network_begin(struct network *network, enum network_lane lane,
			      enum network_call call);

/**
 * network_call() - send the request that was begun last, and wait for its reply
 * @network: of network_new()
 * @lane: of network_begin()
 * @deadline: CLOCK_MONOTONIC, microseconds
 * @ret: the reply, after its header; valid until the next call on this lane, as its descriptors
 *	are, unless they are taken. NULL without a reply
 *
 * Return: the result of the call; -ETIMEDOUT, -ECONNRESET or -EMSGSIZE without a reply; -EBUSY on
 * NETWORK_LANE_ASK while a former query is not answered.
 */
int network_call(struct network *network, enum network_lane lane, uint64_t deadline,
		 struct message **ret);

/**
 * network_send() - send the request that was begun last, which has no reply
 * @network: of network_new()
 * @lane: of network_begin()
 */
void network_send(struct network *network, enum network_lane lane);

/**
 * network_put_check() - write the request of network_check()
 * @message: of network_begin()
 * @ends: as for network_check()
 * @probe: likewise
 */
void network_put_check(struct message *message, const struct inspect_end ends[static 2],
		       bool probe);

#endif
