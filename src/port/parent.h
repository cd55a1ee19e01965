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
 * @port: the port; it keeps a pointer to @parent until link_delete_parent()
 * @parent: the other port, likewise; NULL: the caller found no such port
 *
 * A refused call changes nothing.
 *
 * Return: 1: done; 0: they already were peers; -EINVAL: @parent is NULL or @port itself; -EBUSY:
 * one of them has another peer.
 */
int link_set_parent(struct link_port *port, struct link_port *parent);

/**
 * link_get_parent() - get the peer of a port
 * @port: the port
 * @ret: its peer
 *
 * Return: 0, or -EADDRNOTAVAIL when it has none (@ret is untouched).
 */
int link_get_parent(const struct link_port *port, struct link_port **ret);

/**
 * link_delete_parent() - separate a port from its peer, at both ends
 * @port: the port; nothing happens to one without a peer
 */
void link_delete_parent(struct link_port *port);

/**
 * link_carrier() - compute the carrier of a port (IFF_LOWER_UP)
 * @port: the port
 *
 * Return: true when it has a peer whose device exists and is up.
 */
bool link_carrier(const struct link_port *port);

#endif
