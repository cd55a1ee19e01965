/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_H
#define RPORT_MANAGER_H

/*
 * The table of ports and links, and the only place that orders namespaces, TUN devices, rtnetlink
 * and the shuttle about. Its verbs are those of rport(4): create and destroy a port, set and delete
 * its parent. What `rportctl pair` does is composed of them in pair.c.
 */

#include <systemd/sd-event.h>

#include "shuttle.h"
#include "spec.h"
#include "table.h"

struct manager;

struct manager_options {
	unsigned int workers;
	enum shuttle_datapath datapath;
	unsigned int max_links;
	unsigned int max_ports;
};

enum port_state {
	PORT_UP,
	PORT_DOWN,
	PORT_GONE,
};

/* A port as it is now. */
struct port_status {
	enum port_state state;
	bool carrier;
	unsigned int index, mtu;
	char ifname[IFNAMSIZ];
	uint64_t interface_dropped;
	struct flow_counters counters;
};

/**
 * manager_new() - begin to manage; no ports yet
 * @event: the loop; referenced
 * @ret: free it with manager_free()
 * @err: what is missing on this machine
 *
 * Return: 0 or -errno.
 */
int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err);

/**
 * manager_free() - remove all links and ports; takes NULL
 */
void manager_free(struct manager *manager);

/**
 * manager_create_port() - make a port, down and without a peer
 * @spec: what it shall be; its contents are taken over, in any case
 * @place: its domain, found
 * @ret: the port
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS); -ENOSPC (RPORT_ERR_LIMIT); or another -errno. A
 * failure leaves nothing behind.
 */
int manager_create_port(struct manager *manager, struct port_spec *spec,
			const struct domain_place *place, struct port **ret,
			struct rport_error *err);

/**
 * manager_update_ports() - act on what has become known: show NO-CARRIER, or no longer
 *
 * What sets parents or states does so by itself; a port that was created, and is to stay without a
 * peer, wants it.
 */
void manager_update_ports(struct manager *manager);

/**
 * manager_destroy_port() - remove a port; one that has a peer is separated from it first
 */
void manager_destroy_port(struct manager *manager, struct port *port);

/**
 * manager_set_up() - set a port up, with its addresses and routes, or down
 *
 * Return: 1: done; 0: it was so; or -errno.
 */
int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err);

/**
 * manager_set_mtu() - set the MTU of some ports, of all or none
 * @ports: those
 * @n: how many, at most 2
 * @mtu: bytes
 *
 * Return: 1: done; 0: it was so; -EINVAL out of range; or another -errno.
 */
int manager_set_mtu(struct port *const ports[], size_t n, int64_t mtu, struct rport_error *err);

/**
 * manager_set_parent() - make two ports each other's peer, and begin to move frames between them
 * @name: of the link; NULL: after their domains, with a number if that is taken
 *
 * Return: 1: done; 0: they already were; -EINVAL (RPORT_ERR_PARENT_IS_SELF); -EBUSY
 * (RPORT_ERR_PORT_BUSY); -EOPNOTSUPP (RPORT_ERR_PORTS_DIFFER); -ENOSPC (RPORT_ERR_LIMIT); or
 * another -errno. Refused, it changes nothing.
 */
int manager_set_parent(struct manager *manager, struct port *port, struct port *parent,
		       const char *name, struct rport_error *err);

/**
 * manager_get_parent() - the peer of a port
 * Return: 0, or -EADDRNOTAVAIL (RPORT_ERR_NO_PARENT).
 */
int manager_get_parent(const struct port *port, struct port **ret, struct rport_error *err);

/**
 * manager_delete_parent() - separate a port from its peer; both stay
 * Return: 1: done; 0: it had none.
 */
int manager_delete_parent(struct manager *manager, struct port *port);

/**
 * manager_destroy_link() - remove a link and both its ports
 */
void manager_destroy_link(struct manager *manager, struct rport_link *link);

/**
 * manager_find_port() - a port by its interface
 * @name: IFNAME, where only one port is called so, or DOMAIN/IFNAME
 *
 * Return: 0; -ENXIO (RPORT_ERR_PORT_NOT_FOUND); -EPROTONOSUPPORT (RPORT_ERR_NOT_RPORT) when there
 * is such an interface, but it is none of rportd's; -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int manager_find_port(struct manager *manager, const char *name, struct port **ret,
		      struct rport_error *err);

/**
 * manager_table() - the ports and links, to look at
 */
struct table *manager_table(struct manager *manager);

/**
 * manager_port_status() - a port as it is now, the kernel asked
 */
void manager_port_status(struct manager *manager, const struct port *port, struct port_status *ret);

/**
 * manager_datapath() - the name of the engine that moves the packets
 */
const char *manager_datapath(const struct manager *manager);

#endif
