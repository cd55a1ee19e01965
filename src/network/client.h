/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_CLIENT_H
#define RPORT_NETWORK_CLIENT_H

/* How calls reach rportd-net; what they are is in calls.c. */

#include "network/message.h"
#include "network/network.h"
#include "network/wire.h"

/* The sockets for calls. */
enum network_channel {
	NETWORK_CHANNEL_ACT,
	NETWORK_CHANNEL_ASK,   /* of queries that may be late, see network_ask() */
	NETWORK_CHANNEL_CHECK, /* see network_check() */
	NETWORK_CHANNELS,
};

/**
 * network_begin() - begin to write a request
 * @network: of network_new()
 * @channel: on which it will be sent
 * @call: the call
 *
 * Return: the request, to be completed and sent; its descriptors are borrowed.
 */
struct message *network_begin(struct network *network, enum network_channel channel,
			      enum network_call call);

/**
 * network_call() - send the request that was begun last, and wait for its reply
 * @network: of network_new()
 * @number: the channel, of network_begin()
 * @deadline: CLOCK_MONOTONIC, microseconds
 * @ret: the reply, after its header; valid until the next call on this channel, as its descriptors
 *	are, unless they are taken. NULL without a reply
 *
 * Return: the result of the call; -ETIMEDOUT, -ECONNRESET or -EMSGSIZE without a reply; -EBUSY on
 * NETWORK_CHANNEL_ASK while a former query is not answered.
 */
int network_call(struct network *network, enum network_channel number, uint64_t deadline,
		 struct message **ret);

/**
 * network_send() - send the request that was begun last, which has no reply
 * @network: of network_new()
 * @channel: of network_begin()
 */
void network_send(struct network *network, enum network_channel channel);

/**
 * network_put_check() - write the request of network_check()
 * @message: of network_begin()
 * @ends: as for network_check()
 * @probe: likewise
 */
void network_put_check(struct message *message, const struct inspect_end ends[static 2],
		       bool probe);

#endif
