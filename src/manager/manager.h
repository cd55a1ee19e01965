/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_MANAGER_H
#define RPORT_MANAGER_MANAGER_H

/*
 * The table of ports and links, and the only place that orders namespaces, TUN devices, rtnetlink
 * and the shuttle about. Its verbs are those of rport(4): create and destroy a port, set and delete
 * its parent. What `rportctl pair` does is composed of them in pair.c.
 *
 * A port, once there, is there until it is destroyed. Its device may come and go with its domain:
 * without one it is pending, and gets it back as soon as that is possible, with all its settings.
 */

#include <systemd/sd-event.h>

#include "datapath/shuttle.h"
#include "port/spec.h"
#include "store/fdstore.h"
#include "manager/table.h"

struct manager;

struct manager_options {
	unsigned int workers;
	unsigned int busy_poll; /* microseconds */
	const char *datapath;   /* see shuttle_options */
	unsigned int max_links;
	unsigned int max_ports;
	unsigned int
		max_retries;   /* of a port whose domain is there, until it is given up; 0: never */
	bool unwatched_queues; /* see staging.queues_forced */
	struct state *state;   /* borrowed: what a former daemon left, and the next is left */
	struct state_handover handover;
};

/* Who is told of what happens to ports and links: of each once it has come to rest. */
struct manager_observer {
	void (*port)(const struct port *port, bool removed, void *userdata);
	void (*link)(const struct rport_link *link, bool removed, void *userdata);
	void *userdata;
};

/* A port as the daemon knows it; see manager_port_status(). */
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
 * manager_free() - stop; takes NULL
 *
 * All links and ports go with it, unless the service manager keeps their devices for the next
 * daemon (store/fdstore.h).
 */
void manager_free(struct manager *manager);

/**
 * manager_observe() - whom to tell; one only
 */
void manager_observe(struct manager *manager, const struct manager_observer *observer);

/**
 * manager_create_port() - make a port, down and without a peer
 * @spec: what it shall be; its contents are taken over, in any case
 * @alias: what `ip link` shows of it besides, see port_set_alias()
 * @wait: if its domain does not exist, or another interface has its name, it is pending; else
 *	that is a failure
 * @ret: the port
 *
 * Return: 0; -ENOENT (RPORT_ERR_DOMAIN_NOT_FOUND); -EEXIST (RPORT_ERR_INTERFACE_EXISTS); -ENOSPC
 * (RPORT_ERR_LIMIT); or another -errno. A failure leaves nothing behind.
 */
int manager_create_port(struct manager *manager, struct port_spec *spec, const char *alias,
			bool wait, struct port **ret, struct rport_error *err);

/**
 * manager_check_name() - is the name of an interface free for a port?
 * @except: a link whose ports do not count, or NULL
 *
 * A port that is pending has its name, too, which is how users name it.
 *
 * Return: 0, or -EEXIST (RPORT_ERR_INTERFACE_EXISTS).
 */
int manager_check_name(struct manager *manager, const struct port_spec *spec,
		       const struct rport_link *except, struct rport_error *err);

/**
 * manager_complete_port() - if a port is pending, give it its device now
 * Return: 0, or -errno; the port is still pending then.
 */
int manager_complete_port(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * manager_keep_port() - a port was created, and is to stay without a peer
 */
void manager_keep_port(struct manager *manager, struct port *port);

/**
 * manager_destroy_port() - remove a port; one that has a peer is separated from it first
 */
void manager_destroy_port(struct manager *manager, struct port *port);

/**
 * manager_set_up() - set a port up, with its addresses and routes, or down; one that is pending
 * will be
 *
 * Return: 1: done; 0: it was so; or -errno.
 */
int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err);

/**
 * manager_set_mtu() - set the MTU of some ports, of all or none; a pending one will have it
 * @ports: those
 * @n: how many, at most 2
 * @mtu: bytes
 *
 * Return: 1: done; 0: it was so; -EINVAL out of range; or another -errno.
 */
int manager_set_mtu(struct manager *manager, struct port *const ports[], size_t n, int64_t mtu,
		    struct rport_error *err);

/**
 * manager_rename_port() - give the interface of a port another name, in place
 * @manager: the manager
 * @port: the port; a pending one will have the name
 * @ifname: its new name
 * @err: why it was refused, or which step failed
 *
 * Its link-local address, which follows from its name, changes, too.
 *
 * Return: 1: done; 0: it was so; -EINVAL (RPORT_ERR_INVALID) when it is not valid; -EEXIST
 * (RPORT_ERR_INTERFACE_EXISTS) when it is taken; or another -errno. Refused, it changes nothing.
 */
int manager_rename_port(struct manager *manager, struct port *port, const char *ifname,
			struct rport_error *err);

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
 * manager_rename_link() - give a link another name
 * @manager: the manager
 * @link: the link, which no file makes
 * @name: its new name
 * @err: why it was refused
 *
 * Return: 1: done; 0: it is its name; -EINVAL (RPORT_ERR_INVALID) when it is not valid, or when a
 * file makes the link; -EEXIST (RPORT_ERR_LINK_EXISTS); or -ENOMEM.
 */
int manager_rename_link(struct manager *manager, struct rport_link *link, const char *name,
			struct rport_error *err);

/**
 * manager_set_configured() - note whether there is a file for a link
 */
void manager_set_configured(struct manager *manager, struct rport_link *link, bool configured);

/**
 * manager_reconcile() - put back what is not as it was asked for, and try what is pending
 * @restored: called for each thing that was put back, in words
 *
 * Return: 0 or -errno; what was done before a failure stays done.
 */
int manager_reconcile(struct manager *manager, struct port *port,
		      void (*restored)(const struct port *port, const char *what, void *userdata),
		      void *userdata, struct rport_error *err);

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
 * manager_ask_all() - ask the kernel about all ports, for an answer that tells of all
 * @manager: the manager
 *
 * Waits 10 ms for the kernel. Ports that were not asked about by then are as events have told, and
 * the next call asks about those first. Ports of a namespace that has used up its share of time
 * (budget.h) are left out. The observer is told what was news.
 *
 * Acts in the namespaces of the ports, so it is not for callers who may not change anything.
 */
void manager_ask_all(struct manager *manager);

/**
 * manager_ask_link() - ask the kernel about both ports of a link, and compare them with their spec
 * @manager: the manager
 * @link: the link
 *
 * Waits 50 ms for the kernel, else as manager_ask_all().
 */
void manager_ask_link(struct manager *manager, struct rport_link *link);

/**
 * manager_table() - the ports and links, to look at
 */
struct table *manager_table(struct manager *manager);

/**
 * manager_port_status() - a port as the daemon knows it
 * @port: any port
 * @ret: its status; interface_dropped is as the kernel was asked last, all else is kept
 *	up to date by events
 *
 * Makes no system call: everybody may ask.
 */
void manager_port_status(const struct port *port, struct port_status *ret);

/**
 * manager_n_pending() - how many ports have no device
 */
unsigned int manager_n_pending(const struct manager *manager);

/**
 * manager_workers_answer() - are all workers alive? See shuttle_workers_answer()
 */
bool manager_workers_answer(struct manager *manager, unsigned int *ret_silent);

/**
 * manager_datapath() - the name of the engine that moves the packets
 */
const char *manager_datapath(const struct manager *manager);

/**
 * manager_has_busy_poll() - is that of the options in effect? Not with every data path
 */
bool manager_has_busy_poll(const struct manager *manager);

/**
 * manager_uring_error() - why it is not io_uring, though that was preferred
 * Return: positive errno, or 0.
 */
int manager_uring_error(const struct manager *manager);

#endif
