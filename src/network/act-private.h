/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_ACT_PRIVATE_H
#define RPORT_NETWORK_ACT_PRIVATE_H

/* The calls of network/wire.h, as rportd-net carries them out, and what they have in common. */

#include "network/act.h"

/*
 * struct work - one call
 * @in, @out: request and reply
 * @err: why it failed, if it says so
 */
struct work {
	struct actor *actor;
	struct message *in, *out;
	struct rport_error err;
};

/**
 * work_refuse() - note that the request is not valid: whoever sent it is not rportd any more
 * @work: its request becomes broken
 *
 * Return: -EBADMSG.
 */
int work_refuse(struct work *work);

/**
 * work_watch() - hear of it when a domain with a path may be another namespace, or none
 * @work: the call, which looks at the domain afterwards
 * @domain: message_domain_valid()
 */
void work_watch(struct work *work, const struct domain *domain);

/**
 * work_place() - find the place that the request names next
 * @work: the call
 *
 * Return: the place, or NULL.
 */
const struct domain_place *work_place(struct work *work);

/**
 * work_with_port() - carry out a call that is about one port
 * @work: the request has the port next
 * @fn: what is done with it
 * @changes: add the state of the port to the reply
 *
 * Return: as @fn.
 */
int work_with_port(struct work *work, int (*fn)(struct work *work, struct port *port),
		   bool changes);

/**
 * work_take_fds() - take the descriptors that are left out of a request
 * @in: the request
 * @ret: filled; the caller's
 * @max: how many @ret has room for
 *
 * Return: how many.
 */
unsigned int work_take_fds(struct message *in, int ret[], unsigned int max);

/**
 * work_close_fds() - close descriptors
 * @fds: the descriptors
 * @n: how many
 */
void work_close_fds(const int fds[], unsigned int n);

/*
 * All calls. Each function reads its arguments from the request, writes its results to the reply,
 * after the place of the header, and returns what the reply says.
 */
#define WORK_CALLS(CALL)                                 \
	CALL(NETWORK_RESOLVE, act_resolve)               \
	CALL(NETWORK_RELEASE, act_release)               \
	CALL(NETWORK_EXISTS, act_exists)                 \
	CALL(NETWORK_MAKE, act_make)                     \
	CALL(NETWORK_ADOPT, act_adopt)                   \
	CALL(NETWORK_DERIVE, act_derive)                 \
	CALL(NETWORK_LOOK, act_look)                     \
	CALL(NETWORK_LOST_NAME, act_lost_name)           \
	CALL(NETWORK_APPLY, act_apply)                   \
	CALL(NETWORK_OBSERVE, act_observe)               \
	CALL(NETWORK_ASK, act_ask)                       \
	CALL(NETWORK_CARRIER, act_carrier)               \
	CALL(NETWORK_ALIAS, act_alias)                   \
	CALL(NETWORK_REMOVE, act_remove)                 \
	CALL(NETWORK_REMOVE_DEVICES, act_remove_devices) \
	CALL(NETWORK_REMOVE_UNNAMED, act_remove_unnamed) \
	CALL(NETWORK_LAY, act_lay)                       \
	CALL(NETWORK_CLEAR, act_clear)                   \
	CALL(NETWORK_COUNTS, act_counts)                 \
	CALL(NETWORK_CAPTURES, act_captures)             \
	CALL(NETWORK_SWEEP, act_sweep)                   \
	CALL(NETWORK_LOCAL_FIRST, act_local_first)       \
	CALL(NETWORK_CHECK, act_check)

#define WORK_DECLARE(call, function) int function(struct work *work);
WORK_CALLS(WORK_DECLARE)

#endif
