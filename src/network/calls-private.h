/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_CALLS_PRIVATE_H
#define RPORT_NETWORK_CALLS_PRIVATE_H

/* What the calls of rportd have in common. */

#include "network/client.h"

#define CALL_REMOVE_USEC (10 * USEC_PER_SEC) /* of many interfaces */

/**
 * call_begin() - begin a call that rportd waits for
 * @network: of network_new()
 * @call: the call
 *
 * Return: as network_begin().
 */
struct message *call_begin(struct network *network, enum network_call call);

/**
 * call_finish() - make the call that was begun last, and wait for its reply as long as most take
 * @network: of network_new()
 * @ret: as network_call()
 *
 * Return: as network_call().
 */
int call_finish(struct network *network, struct message **ret);

/**
 * call_error() - say why a call failed: with the error at the end of its reply, or that no reply came
 * @reply: of call_finish()
 * @r: its result
 * @err: set, if the call failed; or NULL
 *
 * Return: @r.
 */
int call_error(struct message *reply, int r, struct rport_error *err);

/**
 * call_put_number() - write how many things a request has: its first value, and known last
 * @message: of call_begin()
 * @n: how many
 */
void call_put_number(struct message *message, uint32_t n);

#endif
