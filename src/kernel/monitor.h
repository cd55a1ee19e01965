/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_MONITOR_H
#define RPORT_KERNEL_MONITOR_H

/*
 * Events of interfaces, their addresses and our routes, in every network namespace that has an nsid
 * here (rtnl_nsid()). They are received on one socket, which keeps no namespace alive; the only
 * user of libmnl.
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
	/*
	 * An address of an interface, or a route through it with RTNL_ROUTE_PROTOCOL, was added,
	 * changed or removed. The kernel sends no event for the IPv4 routes that it removes when an
	 * interface goes down. NULL: these events are not wanted.
	 */
	void (*settings)(int nsid, unsigned int index, void *userdata);
	/*
	 * A queueing discipline of an interface was added or removed, or a filter was removed. NULL:
	 * these events are not wanted.
	 */
	void (*queueing)(int nsid, unsigned int index, void *userdata);
	/*
	 * The namespace that namespace @where (as monitor_event.nsid) knows as @nsid was deleted.
	 * The kernel sends no events for the interfaces in it: it removes the nsid first.
	 */
	void (*namespace_gone)(int where, int nsid, void *userdata);
	/* The kernel dropped events (ENOBUFS): read everything from the kernel. */
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
 * monitor_read() - report events that are queued now, rather than in the next turn of the loop
 * @monitor: the monitor
 *
 * Not all of them when there are very many.
 */
void monitor_read(struct monitor *monitor);

/**
 * monitor_free() - stop listening; takes NULL
 * @monitor: of monitor_new(), or NULL
 */
void monitor_free(struct monitor *monitor);

#endif
