/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PORT_H
#define RPORT_PORT_PORT_H

/*
 * A port: a TUN device in a domain. It is made there directly, where its descriptor may keep the
 * domain's namespace alive; or else in a namespace of rportd's own (the staging namespace), from
 * which it is moved (make.c).
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
	PORT_PENDING,   /* it has no device */
	PORT_INHERITED, /* its device waits to be taken over from a former daemon */
	PORT_DOWN,
	PORT_UP,
};

/* No nsid: the namespace of its domain was deleted while it was elsewhere. */
#define PORT_DOMAIN_GONE (-1)

/* The key of a port in the index of the table; only the table writes it. */
struct port_key {
	int nsid;
	unsigned int index;
};

/*
 * What is known of the device of a port, written by port_make(), port_adopt() and port_look(). It
 * crosses between the processes of rportd as a whole: no pointers.
 *
 * @ifname: as it is now, like the following
 * @nsid: of its namespace, as the monitor knows it
 * @domain_nsid: the nsid of its domain's namespace, or PORT_DOMAIN_GONE
 * @netns: that namespace; ino 0: unknown, or deleted
 * @pinned: the namespace with a name that the descriptors of the device keep alive; ino 0: none
 * @index: in its namespace; 0: it has no device
 * @mtu: bytes
 * @vrf: ifindex of its VRF, 0: none
 * @master: ifindex of the VRF, bridge, ... that it is in; 0: none
 * @alias: "": PORT_ALIAS, or that of a former daemon
 * @table: where its routes go
 * @link_local: the IPv6 link-local address that it gets
 * @no_ipv6: IPv6 is disabled on it, or in its namespace
 * @carrier: it has a carrier
 * @captured: a capture in promiscuous mode is running on it
 * @shaped: it has a queueing discipline that fastpath_is_shaper()
 * @elsewhere: it was moved to another namespace
 * @bounced: it was down: the kernel removed IPv6 addresses and routes
 * @interface_dropped: packets that the kernel dropped; of the last query
 */
#define PORT_DEVICE_MEMBERS           \
	char ifname[IFNAMSIZ];        \
	int nsid;                     \
	int domain_nsid;              \
	struct netns_id netns;        \
	struct netns_id pinned;       \
	unsigned int index;           \
	unsigned int mtu;             \
	unsigned int vrf;             \
	unsigned int master;          \
	char alias[PORT_ALIAS_MAX];   \
	uint32_t table;               \
	struct ip_address link_local; \
	bool no_ipv6;                 \
	bool carrier;                 \
	bool captured;                \
	bool shaped;                  \
	bool elsewhere;               \
	bool bounced;                 \
	uint64_t interface_dropped;

struct port_device {
	PORT_DEVICE_MEMBERS
};

/*
 * struct port - one end of a link
 *
 * The wanted state: spec, admin. The observed state of its device: tun to elsewhere, written by
 * port_make(), port_adopt() and port_look(). While it has none, retry says when it is tried.
 */
struct port {
	struct link_port peering;
	struct rport_link *link; /* NULL: it has no peer */
	unsigned int end;        /* of the link: 0 is a, 1 is b */

	struct port_spec spec; /* wanted state; its domain as it was resolved */
	enum port_admin admin; /* administrative state */
	unsigned int slot;     /* of its counters, and so its number */
	uint64_t serial;       /* in the order of creation, never used again */
	struct flow_counters *counters[TUN_QUEUES_MAX]; /* of each queue that the spec has */
	struct flow_counters *passed; /* what the fast path moved, but for its present program */

	struct tun tun;
	union { /* the members can be named without "device." */
		struct port_device device;
		struct {
			PORT_DEVICE_MEMBERS
		};
	};
	bool overheard;        /* another packet socket sees what it sends: captures.c */
	unsigned int asked;    /* round of the last query, see manager_ask_all() */
	unsigned int listened; /* round of the last search for captures, see captures.c */
	char *drift;           /* differences from the spec, a line each; NULL: none */

	enum port_state state; /* as it was committed last; see manager/commit.c */
	char *reason;          /* why it is pending; NULL: it is not */
	struct backoff retry;
	struct look *look;    /* its times of examination: manager/schedule.c */
	bool inherited;       /* its device, if there is one, has not been taken over yet */
	bool had_device;      /* it has had a device */
	bool kept;            /* it is complete, and recorded for the next daemon */
	bool stored;          /* the service manager has the descriptors of its device */
	uint64_t recorded;    /* hash of its record */
	struct log_limit log; /* of lines that the owner of its namespace can cause */

	TAILQ_ENTRY(port) entry; /* in the table, like the following; see table.c */
	LIST_ENTRY(port) called, wanting, in_netns, in_nsid;
	struct port_key key;
	bool indexed;                    /* it is in the index under that key */
	TAILQ_ENTRY(port) waiting_entry; /* in the manager's list of its state, without a device */
	TAILQ_ENTRY(port) untold_entry;
	bool untold; /* in the manager's list: observers are to be notified */
};

#define PORT_TEXT_MAX (DOMAIN_TEXT_MAX + IFNAMSIZ)

/* The staging namespace, and sockets for queries of the kernel. */
struct staging {
	struct netns_thread *thread; /* the staging namespace */
	struct rtnl *inside;         /* in it */
	struct rtnl *own;            /* in rportd's own namespace */
	bool nowait;                 /* see tun_has_nowait() */
	bool queues_watched;         /* see tun_watchable(), and netlink reports open queues */
	bool queues_forced;          /* ports may have several queues even so */
	bool names_watched;          /* that a namespace loses its name is noticed */
};

/**
 * staging_open() - make the staging namespace, and probe the kernel with a TUN device in it
 * @ret: close it with staging_close()
 * @err: names what is missing: /dev/net/tun, CAP_SYS_ADMIN, CAP_NET_ADMIN
 *
 * Return: 0; -EPERM without the capabilities; -ENOENT, -ENODEV or -ENXIO without /dev/net/tun; or
 * another -errno of unshare(2), pthread_create(3), socket(2) or ioctl(2).
 */
int staging_open(struct staging *ret, struct rport_error *err);

/**
 * staging_close() - remove the staging namespace, and close its sockets
 * @staging: zeroed, or of staging_open(); can be closed again
 */
void staging_close(struct staging *staging);

/**
 * port_name_taken() - check whether an interface in a domain has this name, or altname
 * @staging: where the kernel is asked
 * @place: the domain, resolved
 * @name: of an interface
 *
 * To make a device and remove it again takes some 40 ms, this query some 20 us.
 *
 * Return: 1: taken; 0: free; -ENOENT or -EINVAL when the namespace has no nsid; or another -errno
 * of rtnetlink(7).
 */
int port_name_taken(struct staging *staging, const struct domain_place *place, const char *name);

/**
 * port_make() - make the device of a port in its domain, with name, MTU, alias and VRF
 * @staging: where the kernel is asked, and the device is made unless it is made in its domain
 * @port: has a spec, with a name, and no device
 * @place: the domain of the spec, resolved; port->spec.domain becomes that of @place
 * @err: names the step, the object and the reason
 *
 * The device is down, and has no addresses. A failure leaves no device behind. No device is made
 * when the name is taken.
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS); -EOPNOTSUPP when the spec has several queues and
 * this kernel does not report who else opens one (see tun_watchable()); or another -errno.
 */
int port_make(struct staging *staging, struct port *port, const struct domain_place *place,
	      struct rport_error *err);

/**
 * port_adopt() - take over the device of a port from a former daemon
 * @staging: where the kernel is asked
 * @port: has a spec, complete, and no device
 * @fds: one for each queue of the spec; owned by the port on success, else still by the caller
 * @place: the domain of the spec, resolved
 *
 * Return: 0; -EBADFD when the device was removed; -ENODEV when it is not in its domain; -ESTALE
 * when offload, MPLS or the number of queues differ from the spec, port_intruder() finds that
 * another process opened the device, or it would keep a namespace alive unnoticed; -ENOTTY or -EINVAL when @fds are not of one TUN device that
 * rportd makes; or another -errno.
 */
int port_adopt(struct staging *staging, struct port *port, const int fds[],
	       const struct domain_place *place);

/**
 * port_unmake() - close the device of a port; the port keeps its spec
 * @port: with or without a device
 *
 * The kernel removes the device with its last descriptor; the service manager may have another one.
 */
void port_unmake(struct port *port);

/**
 * port_forget_device() - set name and MTU of a port without a device to those of its spec
 * @port: without a device; its spec may have changed
 */
void port_forget_device(struct port *port);

/**
 * port_remove() - remove the device of a port, even if others have its descriptor, and close it
 * @port: with or without a device; it keeps its spec
 */
void port_remove(struct port *port);

/**
 * port_remove_all() - port_remove() of several ports at once
 * @staging: its thread removes the first one: of two ports none needs a thread that ends
 *	(netns-thread.c)
 * @ports: with or without a device; their order changes
 * @n: how many
 *
 * It takes hardly longer than one of them, and more than that for each namespace (remove.c).
 */
void port_remove_all(struct staging *staging, struct port *ports[], size_t n);

/**
 * port_remove_devices() - remove the devices of descriptors that are no port's, in one namespace
 * @staging: where the kernel is asked
 * @fds: of TUN devices; they stay open
 * @n: how many
 *
 * As port_remove_all(). A device that was moved to another namespace stays.
 */
void port_remove_devices(struct staging *staging, const int fds[], size_t n);

/**
 * port_unmake_all() - port_unmake() of several ports at once, as port_remove_all()
 * @ports: with or without a device
 * @n: how many
 */
void port_unmake_all(struct port *ports[], size_t n);

/**
 * port_bring_up() - set a port up and give it its addresses and routes
 * @port: with a device
 * @again: true: an address that the port has already is no error. The kernel removes IPv6 addresses
 *	and routes when a port goes down, but not IPv4 addresses
 * @err: names the step, the object and the reason
 *
 * After a failure a port that was down is down again.
 *
 * Return: 0; -EBADFD when the device was removed; -ESTALE when it was moved just now; -EEXIST when
 * it has an address already and @again is false; or another -errno of rtnetlink(7).
 */
int port_bring_up(struct port *port, bool again, struct rport_error *err);

/**
 * port_give_back() - restore what the kernel removed from a port as it went down
 * @port: with a device
 * @err: names the step, the object and the reason
 *
 * IPv6 addresses and routes, of a port that another process set up again. A port that is down, or
 * goes down meanwhile, stays so: whoever set it down decides. port->bounced becomes false once the
 * port was given its settings.
 *
 * Return: 0, also when the port is down; -EBADFD when the device was removed; -ESTALE when it was
 * moved just now; or another -errno of rtnetlink(7).
 */
int port_give_back(struct port *port, struct rport_error *err);

/**
 * port_change() - apply the present spec of a port to its device, in place
 * @port: with a device; its spec, and its administrative state, are the new ones
 * @given: the former spec: those of its addresses and routes that the new one lacks are removed
 * @scope: PLAN_* bits: what may be changed, except PLAN_PLACE
 * @again: as for port_bring_up()
 * @err: names the step, the object and the reason
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS) when the name is taken; -EBADFD when the device
 * was removed; -ESTALE when it was moved just now; or another -errno of rtnetlink(7).
 */
int port_change(struct port *port, const struct port_spec *given, unsigned int scope, bool again,
		struct rport_error *err);

/**
 * port_put_back() - undo the drift of a port, except that it was moved to another namespace
 * @port: with a device
 * @err: names the step, the object and the reason
 *
 * What was put back before a failure stays so.
 *
 * Return: 0; -EEXIST (RPORT_ERR_INTERFACE_EXISTS) when its name is taken; -EBADFD when the device
 * was removed; -ESTALE when it was moved just now; or another -errno of rtnetlink(7).
 */
int port_put_back(struct port *port, struct rport_error *err);

/**
 * port_write_alias() - give the interface the alias of its port, which `ip link` shows
 * @port: with a device and an alias
 *
 * A failure has no consequence, and is ignored.
 */
void port_write_alias(const struct port *port);

/**
 * port_link_alias() - format the alias of a port that is an end of a link
 * @link: the name of the link
 * @end: 0 is a, 1 is b
 * @buf: filled
 *
 * Return: @buf.
 */
const char *port_link_alias(const char *link, unsigned int end, char buf[static PORT_ALIAS_MAX]);

/**
 * port_take_down() - set a port down
 * @port: with a device
 * @err: names the step, the object and the reason
 *
 * A failure leaves a port up that was up, or sets it up again.
 *
 * Return: 0; -EBADFD when the device was removed; -ESTALE when it was moved just now; or another
 * -errno of rtnetlink(7).
 */
int port_take_down(struct port *port, struct rport_error *err);

/**
 * port_set_mtu() - set the MTU of the device, and of the spec
 * @port: with a device
 * @mtu: bytes, LINK_MTU_MIN to LINK_MTU_MAX
 * @err: names the step, the object and the reason
 *
 * A failure leaves the spec unchanged.
 *
 * Return: 0; -EBADFD when the device was removed; -ESTALE when it was moved just now; or another
 * -errno of rtnetlink(7).
 */
int port_set_mtu(struct port *port, unsigned int mtu, struct rport_error *err);

/**
 * port_set_carrier() - set the carrier of the device
 * @staging: where the kernel is asked, so that it notifies others at once
 * @port: with a device
 * @carrier: whether it has one
 *
 * Return: 0, or -EBADFD when the device was removed.
 */
int port_set_carrier(struct staging *staging, const struct port *port, bool carrier);

/**
 * port_release() - separate a port from its peer, close its device, and free what the port holds
 * @port: zeroed, or a port; the caller frees the struct
 */
void port_release(struct port *port);

/**
 * port_make_link_local() - compute the IPv6 link-local address of a port from its domain and name
 * @spec: its domain is resolved, and it has a name
 *
 * Return: the address.
 */
struct ip_address port_make_link_local(const struct port_spec *spec);

/**
 * port_state() - the state of a port, as it is
 * @port: the port; port->state is the one that was committed last
 *
 * Return: the state.
 */
enum port_state port_state(const struct port *port);

/**
 * port_format() - format the name of a port: DOMAIN/IFNAME
 * @port: the port; IFNAME is "-" before it has one
 * @buf: filled
 *
 * Return: @buf.
 */
const char *port_format(const struct port *port, char buf[static PORT_TEXT_MAX]);

#endif
