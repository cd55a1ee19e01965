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
 * manager_new() - start the manager, and restore the links and ports of a former daemon
 * @event: the loop; referenced
 * @options: copied; its state and its strings must live as long as the manager
 * @ret: free it with manager_free()
 * @err: names what is missing on this machine
 *
 * Return: 0; -ENOMEM; -EPERM without CAP_SYS_ADMIN or CAP_NET_ADMIN, or where io_uring is
 * forbidden; -ENOENT, -ENODEV or -ENXIO without /dev/net/tun; -ENOSYS without io_uring, when the
 * options ask for it; -EOPNOTSUPP when this kernel lacks what the data path needs; or another
 * -errno.
 */
int manager_new(sd_event *event, const struct manager_options *options, struct manager **ret,
		struct rport_error *err);

/**
 * manager_free() - stop the manager
 * @manager: of manager_new(), or NULL
 *
 * All links and ports are removed, unless the service manager keeps their devices for the next
 * daemon (store/fdstore.h). The observer is not notified.
 */
void manager_free(struct manager *manager);

/**
 * manager_observe() - set the observer, of which there is one
 * @manager: the manager
 * @observer: copied; replaces the former one. Functions that are NULL are not called
 */
void manager_observe(struct manager *manager, const struct manager_observer *observer);

/**
 * manager_create_port() - make a port, down and without a peer
 * @manager: the manager
 * @spec: of the port; zeroed when the manager takes its contents over, which a failure frees then.
 *	The caller releases it in any case
 * @alias: of the interface, see port_set_alias(); copied
 * @wait: true: while its domain does not exist, or another interface has its name, the port is
 *	pending; false: that is an error
 * @ret: the port, owned by the manager
 * @err: names the step, the object and the reason; may be NULL
 *
 * A failure leaves nothing behind.
 *
 * Return: 0; -ENOENT (RPORT_ERR_DOMAIN_NOT_FOUND); -EEXIST (RPORT_ERR_INTERFACE_EXISTS); -ENOSPC
 * (RPORT_ERR_LIMIT); or another -errno.
 */
int manager_create_port(struct manager *manager, struct port_spec *spec, const char *alias,
			bool wait, struct port **ret, struct rport_error *err);

/**
 * manager_check_name() - check that no other port has, or waits for, the interface name of a spec
 * @manager: the manager
 * @spec: its domain and interface name are read; no name is never taken
 * @except: a link whose ports are ignored, or NULL
 * @err: names the interface and the domain
 *
 * Only ports are checked, the kernel is not asked. A pending port has its name, too: users name it
 * so.
 *
 * Return: 0, or -EEXIST (RPORT_ERR_INTERFACE_EXISTS).
 */
int manager_check_name(struct manager *manager, const struct port_spec *spec,
		       const struct rport_link *except, struct rport_error *err);

/**
 * manager_complete_port() - if a port is pending, try to make its device now
 * @manager: the manager
 * @port: any port; nothing is done for one with a device
 * @err: names the step, the object and the reason; not NULL
 *
 * Return: 0; or as make_device(), -ENOENT, -EEXIST or another -errno: then the port is still
 * pending.
 */
int manager_complete_port(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * manager_keep_port() - keep a port without a peer: it is recorded for the next daemon
 * @manager: the manager
 * @port: of manager_create_port()
 */
void manager_keep_port(struct manager *manager, struct port *port);

/**
 * manager_destroy_port() - remove a port with its device
 * @manager: the manager
 * @port: freed; if it has a peer, they are separated first, and their link is freed
 */
void manager_destroy_port(struct manager *manager, struct port *port);

/**
 * manager_set_up() - set a port up, with its addresses and routes, or down
 * @manager: the manager
 * @port: the port; a pending one is set up, or not, when it gets its device
 * @up: true: up; false: down
 * @err: names the step, the object and the reason
 *
 * A failure leaves the administrative state of the port as it was.
 *
 * Return: 1: changed; 0: it was so; -EBADFD or -ESTALE when the device was removed or moved just
 * now; or another -errno of rtnetlink(7).
 */
int manager_set_up(struct manager *manager, struct port *port, bool up, struct rport_error *err);

/**
 * manager_set_mtu() - set the MTU of some ports, of all or none
 * @manager: the manager
 * @ports: the ports; a pending one gets the MTU with its device
 * @n: how many, at most 2
 * @mtu: bytes
 * @err: names the range, or the step, the object and the reason
 *
 * Return: 1: changed; 0: it was so; -EINVAL outside LINK_MTU_MIN to LINK_MTU_MAX; -EBADFD or
 * -ESTALE when a device was removed or moved just now; or another -errno of rtnetlink(7).
 */
int manager_set_mtu(struct manager *manager, struct port *const ports[], size_t n, int64_t mtu,
		    struct rport_error *err);

/**
 * manager_rename_port() - rename the interface of a port, in place
 * @manager: the manager
 * @port: the port; a pending one gets the name with its device
 * @ifname: its new name; copied
 * @err: why it was refused, or which step failed
 *
 * Its link-local address, which is a hash of domain and name, changes, too. A failure changes
 * nothing.
 *
 * Return: 1: changed; 0: it was so; -EINVAL (RPORT_ERR_INVALID) when the name is not valid; -EEXIST
 * (RPORT_ERR_INTERFACE_EXISTS) when it is taken; or another -errno.
 */
int manager_rename_port(struct manager *manager, struct port *port, const char *ifname,
			struct rport_error *err);

/**
 * manager_set_parent() - make two ports each other's peer, and begin to move frames between them
 * @manager: the manager
 * @port: becomes end a of the new link
 * @parent: becomes end b
 * @name: of the link, valid, and not the name of another link; NULL: after their domains, with a
 *	number if that is taken
 * @err: why it was refused
 *
 * A failure changes nothing.
 *
 * Return: 1: done; 0: they already were peers; -EINVAL (RPORT_ERR_PARENT_IS_SELF); -EBUSY
 * (RPORT_ERR_PORT_BUSY); -EOPNOTSUPP (RPORT_ERR_PORTS_DIFFER); -ENOSPC (RPORT_ERR_LIMIT, or the
 * data path can serve no more queues); or -ENOMEM.
 */
int manager_set_parent(struct manager *manager, struct port *port, struct port *parent,
		       const char *name, struct rport_error *err);

/**
 * manager_get_parent() - get the peer of a port
 * @port: the port
 * @ret: its peer
 * @err: names the port
 *
 * Return: 0, or -EADDRNOTAVAIL (RPORT_ERR_NO_PARENT).
 */
int manager_get_parent(const struct port *port, struct port **ret, struct rport_error *err);

/**
 * manager_delete_parent() - separate a port from its peer; both ports stay
 * @manager: the manager
 * @port: the port; the link that it was in is freed
 *
 * Return: 1: done; 0: it had no peer.
 */
int manager_delete_parent(struct manager *manager, struct port *port);

/**
 * manager_rename_link() - rename a link
 * @manager: the manager
 * @link: the link, which no file makes
 * @name: its new name; copied
 * @err: why it was refused
 *
 * Return: 1: changed; 0: it has this name; -EINVAL (RPORT_ERR_INVALID) when it is not valid, or
 * when a file makes the link; -EEXIST (RPORT_ERR_LINK_EXISTS); or -ENOMEM.
 */
int manager_rename_link(struct manager *manager, struct rport_link *link, const char *name,
			struct rport_error *err);

/**
 * manager_set_configured() - note whether a file makes a link
 * @manager: the manager
 * @link: the link
 * @configured: true: a file makes it
 */
void manager_set_configured(struct manager *manager, struct rport_link *link, bool configured);

/**
 * manager_reconcile() - undo the drift of a port, or make the device of a pending one now
 * @manager: the manager
 * @port: any port; one that was given up is tried, too
 * @restored: called, after success, for each thing that was put back; @what, in words, is valid
 *	during the call only
 * @userdata: for @restored
 * @err: names the step, the object and the reason; not NULL
 *
 * What was put back before a failure stays so.
 *
 * Return: 0; -EBUSY when the port has drifted again, or still; for a pending port, or one that was
 * moved to another namespace, as manager_complete_port(); -ENOMEM; or another -errno of
 * rtnetlink(7).
 */
int manager_reconcile(struct manager *manager, struct port *port,
		      void (*restored)(const struct port *port, const char *what, void *userdata),
		      void *userdata, struct rport_error *err);

/**
 * manager_destroy_link() - remove a link and both its ports with their devices
 * @manager: the manager
 * @link: freed, with its ports
 */
void manager_destroy_link(struct manager *manager, struct rport_link *link);

/**
 * manager_find_port() - find a port by its interface
 * @manager: the manager
 * @name: IFNAME, if only one port has it, or DOMAIN/IFNAME
 * @ret: the port
 * @err: says what was not found, or which names are possible
 *
 * Return: 0; -ENXIO (RPORT_ERR_PORT_NOT_FOUND); -EPROTONOSUPPORT (RPORT_ERR_NOT_RPORT) when there
 * is such an interface, but not of rportd; -EINVAL (RPORT_ERR_AMBIGUOUS).
 */
int manager_find_port(struct manager *manager, const char *name, struct port **ret,
		      struct rport_error *err);

/**
 * manager_ask_all() - ask the kernel about all ports, before an answer that lists all
 * @manager: the manager
 *
 * Waits 10 ms for the kernel. What is known of ports that were not asked about by then is from
 * events; the next call asks about those first. Ports of a namespace that has used up its share of
 * time (budget.h) are left out. The observer is notified of what changed.
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
 * manager_table() - get the table of ports and links
 * @manager: the manager
 *
 * Return: the table, owned by the manager; for lookups only.
 */
struct table *manager_table(struct manager *manager);

/**
 * manager_port_status() - get the status of a port as the daemon knows it
 * @port: any port
 * @ret: its status; interface_dropped is of the last query of the kernel, events keep all else up
 *	to date
 *
 * Makes no system call, so any caller may have it.
 */
void manager_port_status(const struct port *port, struct port_status *ret);

/**
 * manager_n_pending() - count the ports that have no device
 * @manager: the manager
 *
 * Return: how many.
 */
unsigned int manager_n_pending(const struct manager *manager);

/**
 * manager_workers_answer() - check that all workers answered the last call, and ask them again
 * @manager: the manager
 * @ret_silent: index of the first worker that did not answer; untouched when all did
 *
 * Return: true when all workers answered; see shuttle_workers_answer().
 */
bool manager_workers_answer(struct manager *manager, unsigned int *ret_silent);

/**
 * manager_datapath() - name the engine that moves the packets
 * @manager: the manager
 *
 * Return: a static string, as --datapath takes it.
 */
const char *manager_datapath(const struct manager *manager);

/**
 * manager_has_busy_poll() - check whether workers poll before they sleep
 * @manager: the manager
 *
 * Return: true when the options ask for it and the engine in use can do it.
 */
bool manager_has_busy_poll(const struct manager *manager);

/**
 * manager_uring_error() - tell why the engine is not io_uring, though that was preferred
 * @manager: the manager
 *
 * Return: the positive errno with which the preferred engine could not start; 0 when it did.
 */
int manager_uring_error(const struct manager *manager);

#endif
