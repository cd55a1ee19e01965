/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PORT_H
#define RPORT_PORT_PORT_H

/*
 * A port: a TUN device in a domain. It is made where nobody looks, in a namespace of rportd's own
 * (the staging namespace), and moved to its domain when it is complete, so that no network manager
 * adopts it half-made. Opened there, its descriptor does not keep the domain's namespace alive.
 */

#include "base/log.h"
#include "kernel/domain.h"
#include "kernel/netns-thread.h"
#include "kernel/rtnl.h"
#include "kernel/tun.h"
#include "datapath/flow.h"
#include "port/backoff.h"
#include "port/parent.h"
#include "port/plan.h"
#include "port/spec.h"

struct rport_link;

#define PORT_ALIAS     "rport"
#define PORT_ALIAS_MAX (sizeof(PORT_ALIAS " link , end x") + LINK_NAME_MAX)

enum port_state {
	PORT_PENDING, /* it has no device */
	PORT_DOWN,
	PORT_UP,
};

/* No nsid: the namespace of its domain was deleted while it was elsewhere. */
#define PORT_DOMAIN_GONE (-1)

/* Under which a table knows a port; the table alone writes it. */
struct port_key {
	int nsid;
	unsigned int index;
};

/*
 * struct port - one end of a link
 *
 * What it is asked to be: spec, admin. What was seen of its device: tun to elsewhere, written by
 * port_make(), port_adopt() and port_look(). When it is tried again while it has none: retry.
 */
struct port {
	struct link_port peering;
	struct rport_link *link; /* NULL: it has no peer */
	unsigned int end;        /* of the link: 0 is a, 1 is b */

	struct port_spec spec; /* what it was asked to be; its domain as it was found */
	enum port_admin admin; /* administrative state */
	unsigned int slot;     /* of its counters, and so its number */
	uint64_t serial;       /* in the order of creation, never used again */
	struct flow_counters *counters[TUN_QUEUES_MAX]; /* of each queue that the spec has */

	struct tun tun;
	char ifname[IFNAMSIZ]; /* as it is now, like the following */
	int nsid;              /* of its namespace, as the monitor knows it */
	int domain_nsid;       /* the nsid of its domain's namespace, or PORT_DOMAIN_GONE */
	struct netns_id netns; /* that namespace; ino 0: it is not known, or dead */
	unsigned int index;    /* in its namespace; 0: it has no device */
	unsigned int mtu;
	unsigned int vrf;           /* ifindex of its VRF, 0: none */
	unsigned int master;        /* ifindex of the VRF, bridge, ... that it is in; 0: none */
	char alias[PORT_ALIAS_MAX]; /* "": PORT_ALIAS, or whatever a former daemon gave it */
	uint32_t table;             /* where its routes go */
	struct ip_address link_local;
	bool no_ipv6; /* its namespace, or somebody there, has no IPv6: it has no such address */
	bool carrier;
	bool elsewhere; /* somebody moved it to another namespace */
	bool bounced;   /* it was down: the kernel took IPv6 addresses and routes away */
	uint64_t interface_dropped; /* packets that the kernel dropped before it, when last asked */
	unsigned int asked;         /* in which round, see manager_ask_all() */
	char *drift; /* what is not as it was asked for, a line each; NULL: nothing */

	enum port_state state; /* as it was committed last; see manager/commit.c */
	char *reason;          /* why it is pending; NULL: it is not */
	struct backoff retry;
	struct look *look; /* when it is looked at, or tried, the next time: manager/schedule.c */
	bool had_device;   /* it has had a device */
	bool kept;         /* it is complete, and recorded for the next daemon */
	bool stored;       /* the service manager has the descriptors of its device */
	uint64_t recorded; /* hash of its record */
	struct log_limit log; /* of what the owner of its namespace can make us log */

	TAILQ_ENTRY(port) entry; /* in the table, like the following; see table.c */
	LIST_ENTRY(port) called, wanting, in_netns, in_nsid;
	struct port_key key;
	bool indexed;                    /* the table knows it by that key */
	TAILQ_ENTRY(port) pending_entry; /* in the manager's list, while it is pending */
	TAILQ_ENTRY(port) untold_entry;
	bool untold; /* in the manager's list: observers have to be told */
};

#define PORT_TEXT_MAX (DOMAIN_TEXT_MAX + IFNAMSIZ)

/* Where ports are made. */
struct staging {
	struct netns_thread *thread; /* the staging namespace */
	struct rtnl *inside;         /* in it */
	struct rtnl *own;            /* in rportd's own namespace */
	bool nowait;                 /* see tun_has_nowait() */
	bool queues_watched;         /* see tun_watchable(), and netlink tells how many are open */
	bool queues_forced;          /* ports may have several even if they are not watched */
};

/**
 * staging_open() - make the staging namespace, and try a TUN in it
 * @ret: close it with staging_close()
 *
 * Return: 0 or -errno, with @err saying what is missing: /dev/net/tun, CAP_SYS_ADMIN,
 * CAP_NET_ADMIN.
 */
int staging_open(struct staging *ret, struct rport_error *err);

/**
 * staging_close() - the staging namespace goes; takes one that is all zeros
 */
void staging_close(struct staging *staging);

/**
 * port_name_taken() - has an interface in a domain this name?
 * @place: the domain, found
 * @name: of an interface
 *
 * To make a device and remove it again costs some 40 ms, this look some 20 us.
 *
 * Return: 1, 0, or -errno.
 */
int port_name_taken(struct staging *staging, const struct domain_place *place, const char *name);

/**
 * port_make() - make the device of a port in its domain, named, with MTU and alias, in its VRF,
 * down and without addresses
 * @port: has a spec, with a name, and no device
 * @place: the domain of the spec, found; the spec's is completed by it
 * @err: names the step, the object and the reason
 *
 * A failure leaves nothing behind. Nothing is made when the name is taken.
 *
 * Return: 0, -EEXIST (RPORT_ERR_INTERFACE_EXISTS), -EOPNOTSUPP when it is to have several queues
 * and the kernel is not trusted with them, or another -errno.
 */
int port_make(struct staging *staging, struct port *port, const struct domain_place *place,
	      struct rport_error *err);

/**
 * port_adopt() - take over the device of a port from a former daemon
 * @port: has a spec, complete, and no device
 * @fds: one for each queue of the spec; owned by the port on success
 * @place: the domain of the spec, found
 *
 * Return: 0; -EBADFD when the device was removed; -ENODEV when it is not in its domain; -ESTALE
 * when offload, MPLS or the number of queues are not those of the spec, or port_intruder() has
 * something to say; or another -errno.
 */
int port_adopt(struct staging *staging, struct port *port, const int fds[],
	       const struct domain_place *place);

/**
 * port_unmake() - let go of the device; the port keeps its spec. Takes one without
 *
 * The device goes, unless a service manager has its descriptor, too.
 */
void port_unmake(struct port *port);

/**
 * port_forget_device() - the name and the MTU of a port without a device are those that it shall have
 * @port: without a device; its spec may have changed
 */
void port_forget_device(struct port *port);

/**
 * port_remove() - remove the device, whoever else has its descriptor, and let go of it
 */
void port_remove(struct port *port);

/**
 * port_remove_both() - the same with two ports at once
 *
 * The kernel lets go of an interface after a grace period, for which whoever removes it waits
 * (netdev_run_todo()): here it is one for both.
 */
void port_remove_both(struct staging *staging, struct port *ports[static 2]);

/**
 * port_bring_up() - set a port up and give it its addresses and routes
 * @again: what it has of them already is fine: the kernel takes IPv6 addresses and routes away
 *	when a port goes down, but not IPv4 addresses
 *
 * A port that was down is down again after a failure.
 */
int port_bring_up(struct port *port, bool again, struct rport_error *err);

/**
 * port_give_back() - to one that somebody else has set up, what the kernel took away as it went
 * down
 *
 * One that is down again, or goes down meanwhile, is left so: who set it down meant it.
 *
 * Return: 0 or -errno; port->bounced says whether it has to be done again.
 */
int port_give_back(struct port *port, struct rport_error *err);

/**
 * port_change() - make a port with a device what its spec says now, in place
 * @port: its spec, and its administrative state, are the new ones
 * @given: the spec that it had before: what of its addresses and routes is not wanted any more goes
 * @scope: PLAN_* bits: what may be changed, but for PLAN_PLACE
 * @again: an address or route that is there already is fine, as in port_bring_up()
 * @err: which step failed, and why
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS); or another -errno.
 */
int port_change(struct port *port, const struct port_spec *given, unsigned int scope, bool again,
		struct rport_error *err);

/**
 * port_preview() - find out what port_change() would do, and do nothing
 * @port: with a device
 * @spec: what it would be asked to be; its domain and name are complete
 * @ret: the steps; free them with plan_release()
 *
 * Return: 0 or -errno.
 */
int port_preview(const struct port *port, const struct port_spec *spec, struct plan *ret);

/**
 * port_compare() - see in what a port is not as it was asked for
 *
 * What others have added to it is not looked at. The result is port->drift.
 *
 * Return: 1: another drift than before, or something to give it; 0: the same; or -errno, and the
 * drift stays.
 */
int port_compare(struct port *port);

/**
 * port_put_back() - make it as it was asked for
 *
 * Return: 0, or -errno; what was put back before a failure stays so.
 */
int port_put_back(struct port *port, struct rport_error *err);

/**
 * port_set_alias() - what `ip link` shows of it besides; PORT_ALIAS, or more. That it fails does no
 * harm. A port that has no device yet will have it from the beginning
 */
void port_set_alias(struct port *port, const char *alias);

/**
 * port_link_alias() - the alias that says of which link a port is an end
 * Return: @buf.
 */
const char *port_link_alias(const char *link, unsigned int end, char buf[static PORT_ALIAS_MAX]);

/**
 * port_take_down() - set a port down
 */
int port_take_down(struct port *port, struct rport_error *err);

/**
 * port_set_mtu() - set the MTU, in bytes
 */
int port_set_mtu(struct port *port, unsigned int mtu, struct rport_error *err);

/**
 * port_update_carrier() - tell the kernel, and so everybody, what link_carrier() says, if that has
 * changed
 */
void port_update_carrier(struct staging *staging, struct port *port);

/**
 * port_query() - what the kernel knows of the port now
 * Return: 0, -ENODEV when it is gone, or another -errno.
 */
int port_query(struct staging *staging, const struct port *port, struct rtnl_dev *ret);

/**
 * port_release() - let go of the device, and free what the port holds; takes a zeroed one
 */
void port_release(struct port *port);

/**
 * port_format() - DOMAIN/IFNAME, by which a port is known; IFNAME is "-" before it has one
 * Return: @buf.
 */
const char *port_format(const struct port *port, char buf[static PORT_TEXT_MAX]);

#endif
