/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_MONITOR_H
#define RPORT_KERNEL_MONITOR_H

/*
 * What happens to interfaces, their addresses and our routes, in every network namespace that has
 * an nsid here (rtnl_nsid()), heard on one socket, which keeps none of them alive; the only user of
 * libmnl.
 */

#include <net/if.h>
#include <systemd/sd-event.h>

#include "base/util.h"

struct monitor;

#define MONITOR_OWN_NSID (-1) /* the namespace of the socket, when it has no number for itself */

struct monitor_event {
	int nsid;
	unsigned int index;
	bool removed;
	unsigned int flags;  /* IFF_* */
	unsigned int mtu;    /* bytes */
	unsigned int master; /* ifindex of the VRF (or bridge, ...) that it is in, 0: none */
	char name[IFNAMSIZ];
};

struct monitor_handler {
	/* An interface was made, changed, or removed. */
	void (*device)(const struct monitor_event *event, void *userdata);
	/* An address of an interface, or a route by it that has RTNL_ROUTE_PROTOCOL, came, changed
	 * or went. IPv4 routes go without a word with an interface that goes down. NULL: not heard.
	 */
	void (*settings)(int nsid, unsigned int index, void *userdata);
	/* A namespace was deleted, as it is known in namespace @where (like monitor_event.nsid).
	 * What was in it goes without a word: its number is taken away first.
	 */
	void (*namespace_gone)(int where, int nsid, void *userdata);
	/* All that was waiting has been told: what is known now is how things are. Where events
	 * come without end, this is called now and then all the same. */
	void (*settled)(void *userdata);
	/* Events were lost (ENOBUFS): ask the kernel about everything. */
	void (*lost)(void *userdata);
	void *userdata;
};

/**
 * monitor_new() - begin to listen
 * @event: the loop; referenced
 * @handler: copied
 * @ret: end it with monitor_free()
 *
 * Return: 0 or -errno; -EPERM without CAP_NET_BROADCAST (NETLINK_LISTEN_ALL_NSID of netlink(7)).
 */
int monitor_new(sd_event *event, const struct monitor_handler *handler, struct monitor **ret);

/**
 * monitor_free() - stop listening; takes NULL
 * @monitor: of monitor_new(), or NULL
 */
void monitor_free(struct monitor *monitor);

#endif
