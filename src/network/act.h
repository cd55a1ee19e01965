/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_ACT_H
#define RPORT_NETWORK_ACT_H

/* Carries out the calls of network/wire.h. */

#include "kernel/netns-watch.h"
#include "network/message.h"
#include "network/wire.h"

#define ACTOR_PLACES_MAX 4 /* that were found, and not released */

struct actor_place {
	uint32_t number; /* 0: none */
	struct domain_place place;
};

/*
 * struct actor - what one thread acts with
 * @staging: its own
 * @names: hears of names of namespaces, or NULL
 * @places: what it found
 * @last: number of the last place
 */
struct actor {
	struct staging staging;
	struct netns_watch *names;
	struct actor_place places[ACTOR_PLACES_MAX];
	uint32_t last;
};

/**
 * actor_end() - close what an actor has; not its staging
 * @actor: zeroed afterwards, but for its staging and @names
 */
void actor_end(struct actor *actor);

/**
 * actor_act() - carry out one call
 * @actor: of this thread
 * @request: read; its descriptors are closed
 * @reply: written; it owns its descriptors, which the caller sends, and then closes
 *
 * Whatever the request says, only interfaces are changed whose descriptors come with it, or that
 * this call makes.
 *
 * Return: 1: there is a reply; 0: there is none; -EBADMSG when the request is not valid.
 */
int actor_act(struct actor *actor, struct message *request, struct message *reply);

#endif
