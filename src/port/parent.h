/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PARENT_H
#define RPORT_PORT_PARENT_H

/*
 * The rules of rport(4) for ports and their parents, as a state machine without system calls.
 * "Parent" is rport(4)'s word for setting the peer; the relation is symmetric: a port is always its
 * peer's peer. Source: rport_set_parent(), rport_get_parent() and rport_del_parent() of OpenBSD's
 * sys/net/if_rport.c.
 */

#include "base/property.h"

#define LINK_MTU_MIN     PROPERTY_MIN_MTU
#define LINK_MTU_MAX     PROPERTY_MAX_MTU
#define LINK_MTU_DEFAULT PROPERTY_STANDARD_MTU

struct link_port {
	struct link_port *peer;
	bool present; /* its device exists */
	bool up;      /* its administrator wants it up (IFF_UP) */
};

/**
 * link_set_parent() - make two ports each other's peer
 *
 * Return: 1: done; 0: they already were, nothing changed; -EINVAL: @parent is NULL (no such port)
 * or @port itself; -EBUSY: one of them has another peer. Refused, it changes nothing.
 */
int link_set_parent(struct link_port *port, struct link_port *parent);

/**
 * link_get_parent() - the peer of a port
 * Return: 0, or -EADDRNOTAVAIL when it has none (@ret is untouched).
 */
int link_get_parent(const struct link_port *port, struct link_port **ret);

/**
 * link_delete_parent() - separate a port from its peer, at both ends; no peer is fine
 */
void link_delete_parent(struct link_port *port);

/**
 * link_carrier() - does the port have to show that it can reach its peer (IFF_LOWER_UP)?
 */
bool link_carrier(const struct link_port *port);

/**
 * link_mtu_valid() - is it an MTU that a port may have?
 */
bool link_mtu_valid(int64_t mtu);

#endif
