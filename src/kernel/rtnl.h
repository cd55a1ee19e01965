/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_RTNL_H
#define RPORT_KERNEL_RTNL_H

/*
 * Requests to the kernel over rtnetlink(7), in one network namespace; with its .c files the only
 * user of libnl-route-3. Every function returns 0 or -errno, with libnl's own error numbers turned
 * into errno.
 */

#include "base/route.h"
#include "base/util.h"

/* Routes that rportd makes carry this protocol number, which tells them from all others
 * (ip-route(8)). */
#define RTNL_ROUTE_PROTOCOL 114

struct rtnl; /* a netlink socket in one namespace; it keeps that namespace alive until closed */

struct rtnl_dev {
	unsigned int index;
	char name[IFNAMSIZ];
	char alias[128];     /* IFLA_IFALIAS, cut; "": none */
	unsigned int mtu;    /* bytes */
	unsigned int flags;  /* IFF_* of netdevice(7), with IFF_UP and IFF_LOWER_UP */
	unsigned int master; /* ifindex of the VRF (or bridge, ...), 0: none */
	unsigned int link;   /* ifindex of the interface at its other end, of veth and netkit */
	unsigned int promiscuity; /* how many ask for all frames: captures, bridges */
	char qdisc[IFNAMSIZ];     /* kind of its queueing discipline */
	bool is_veth, is_netkit;
	uint32_t vrf_table; /* routing table, if this is a VRF device; else 0 */
	bool is_vrf;
	bool no_ipv6; /* IPv6 is off there (net.ipv6.conf.NAME.disable_ipv6), or not in the kernel */
	uint64_t tx_dropped; /* packets that the kernel dropped on the way into the device */
	/* of a TUN */
	bool tun_pi;             /* it has packet information */
	bool tun_persist;        /* it stays when its last queue is closed */
	bool tun_owned;          /* it has an owner or a group, who may open it */
	unsigned int tun_queues; /* with those that are detached; 0: it can have one only */
};

/**
 * rtnl_open() - open a netlink socket in a namespace
 * @netns_fd: the namespace, stays the caller's; negative: the caller's own
 * @ret: the socket; close it soon with rtnl_close(), for it keeps the namespace alive
 *
 * Return: 0 or -errno; -ENOMEM, or those of setns(2) and socket(2).
 */
int rtnl_open(int netns_fd, struct rtnl **ret);

/**
 * rtnl_close() - close a socket; takes NULL
 * @rtnl: of rtnl_open(), or NULL
 */
void rtnl_close(struct rtnl *rtnl);

/**
 * cleanup_rtnl() - close a socket at the end of its scope, for _cleanup_rtnl_
 * @rtnl: the address of the pointer
 */
static inline void cleanup_rtnl(struct rtnl **rtnl)
{
	rtnl_close(*rtnl);
}
#define _cleanup_rtnl_ _cleanup_(cleanup_rtnl)

/**
 * rtnl_dev_by_name() - look up an interface by its name
 * @rtnl: a socket in the namespace of the interface
 * @name: of the interface
 * @ret: its properties
 *
 * Return: 0, -ENODEV when there is none, or another -errno.
 */
int rtnl_dev_by_name(struct rtnl *rtnl, const char *name, struct rtnl_dev *ret);

/**
 * rtnl_dev_configure() - set the properties that a port gets before it is used
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface, which is down
 * @alias: IFLA_IFALIAS, shown by `ip link`
 * @mtu: bytes
 * @queue_length: packets, IFLA_TXQLEN
 *
 * Return: 0, -ENODEV when there is no such interface, -EINVAL for an MTU that it cannot have,
 * -ENOMEM, or another -errno.
 */
int rtnl_dev_configure(struct rtnl *rtnl, unsigned int index, const char *alias, unsigned int mtu,
		       unsigned int queue_length);

/**
 * rtnl_dev_move() - move an interface into another namespace, name it there, and make it a member
 * of a VRF
 * @rtnl: a socket in the namespace that the interface is in
 * @index: the interface, down, in the namespace of @rtnl
 * @netns_fd: where to
 * @name: its name there
 * @master: ifindex of the VRF there, or 0
 *
 * It arrives under its name. After a failure it may be in either namespace.
 *
 * Return: 0, -EEXIST when @name is taken there, or another -errno.
 */
int rtnl_dev_move(struct rtnl *rtnl, unsigned int index, int netns_fd, const char *name,
		  unsigned int master);

/**
 * rtnl_dev_delete() - remove an interface, also when a process has a descriptor of it open
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 *
 * Return: 0, -ENODEV when there is no such interface, or another -errno.
 */
int rtnl_dev_delete(struct rtnl *rtnl, unsigned int index);

/**
 * rtnl_dev_set_group() - put an interface into a group (ip-link(8), "group")
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @group: any number
 *
 * Return: as rtnl_dev_delete().
 */
int rtnl_dev_set_group(struct rtnl *rtnl, unsigned int index, uint32_t group);

/**
 * rtnl_delete_group() - remove all interfaces of a group, at the cost of one
 * @rtnl: a socket in their namespace
 * @group: not 0, in which all interfaces are that nobody put into another one
 *
 * Return: 0; -ENODEV when the group is empty; -EOPNOTSUPP when an interface in it cannot be removed:
 * then none is; or another -errno.
 */
int rtnl_delete_group(struct rtnl *rtnl, uint32_t group);

/**
 * rtnl_dev_move_to_pid() - move an interface into the namespace of a process, under its own name
 * @rtnl: a socket in the namespace that the interface is in
 * @index: of the interface
 * @pid: of the process
 *
 * Return: 0, -ESRCH when there is no such process, or another -errno.
 */
int rtnl_dev_move_to_pid(struct rtnl *rtnl, unsigned int index, pid_t pid);

/**
 * rtnl_dev_set_up() - set an interface up or down
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @up: true: set IFF_UP; false: clear it
 *
 * The interface comes up without the kernel's own IPv6 link-local address
 * (IN6_ADDR_GEN_MODE_NONE): rportd adds one that stays the same. A kernel without IPv6 is no
 * error.
 *
 * Return: 0, -ENODEV when there is no such interface, -ENOMEM, or another -errno.
 */
int rtnl_dev_set_up(struct rtnl *rtnl, unsigned int index, bool up);

/**
 * rtnl_dev_set_mtu() - set the MTU of an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @mtu: bytes
 *
 * Return: 0, -ENODEV when there is no such interface, -EINVAL when it cannot have this MTU,
 * -ENOMEM, or another -errno.
 */
int rtnl_dev_set_mtu(struct rtnl *rtnl, unsigned int index, unsigned int mtu);

/**
 * rtnl_dev_set_alias() - set IFLA_IFALIAS, shown by `ip link`
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @alias: any bytes, cut by the kernel at 255; "": remove it
 *
 * Return: 0, -ENODEV when there is no such interface, -ENOMEM, or another -errno.
 */
int rtnl_dev_set_alias(struct rtnl *rtnl, unsigned int index, const char *alias);

/**
 * rtnl_dev_rename() - give an interface another name
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @name: the new name
 *
 * Before Linux 6.2 an interface that is up cannot be renamed: it is set down for a moment then,
 * which takes its IPv6 addresses and its routes. It is set up again also when it keeps its name.
 *
 * Return: 0, -EEXIST when @name is taken, -EINVAL when it is too long or empty, or another -errno.
 */
int rtnl_dev_rename(struct rtnl *rtnl, unsigned int index, const char *name);

/**
 * rtnl_dev_delete_altname() - remove an alternative name (ip-link(8), altname) from an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @name: the alternative name
 *
 * Return: 0, -EINVAL when the interface has no such name, or another -errno.
 */
int rtnl_dev_delete_altname(struct rtnl *rtnl, unsigned int index, const char *name);

/**
 * rtnl_dev_enslave() - put an interface into a VRF
 * @rtnl: a socket in the namespace of both
 * @index: of the interface
 * @master: ifindex of the VRF
 *
 * Return: 0, -ENODEV when there is no such interface, -EINVAL when there is no such VRF, or another
 * -errno.
 */
int rtnl_dev_enslave(struct rtnl *rtnl, unsigned int index, unsigned int master);

/**
 * rtnl_dev_release() - take an interface out of its VRF, bridge or bond
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 *
 * Leaving a VRF sets an interface down and up: its routes and IPv6 addresses go.
 *
 * Return: 0, -ENODEV when there is no such interface, -ENOMEM, or another -errno.
 */
int rtnl_dev_release(struct rtnl *rtnl, unsigned int index);

/**
 * rtnl_dev_add_address() - add an address to an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @address: the address and its prefix length
 * @peer: the address at the other end; NULL or AF_UNSPEC: none. With a peer, the kernel makes the
 *	route to the peer, with the prefix length of @address (as `ip address add A peer B/len`)
 *
 * Return: 0, -EEXIST when the interface has the address, or another -errno.
 */
int rtnl_dev_add_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			 const struct ip_address *peer);

/**
 * rtnl_dev_promote_secondaries() - let the other IPv4 addresses of a subnet outlive the first
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 *
 * Else the kernel removes them with it, and the routes of everybody with the last of them
 * (promote_secondaries in the kernel's ip-sysctl).
 *
 * Return: 0, -ENODEV when there is no such interface, -ENOMEM, or another -errno.
 */
int rtnl_dev_promote_secondaries(struct rtnl *rtnl, unsigned int index);

/**
 * rtnl_dev_delete_address() - remove an address from an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @address: as it was added
 * @peer: as it was added
 *
 * Return: 0, -EADDRNOTAVAIL when the interface does not have it, or another -errno.
 */
int rtnl_dev_delete_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			    const struct ip_address *peer);

/* The owner of a namespace decides how many addresses and routes it has: no more are read. */
#define RTNL_ENTRIES_MAX 1024

/**
 * rtnl_dev_addresses() - call @fn for the addresses of an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @family: AF_INET, AF_INET6, or AF_UNSPEC for both
 * @fn: its @peer is AF_UNSPEC for none. It is called when all has been read, so it may use @rtnl;
 * after a failure it has not been called
 * @userdata: for @fn
 *
 * Of each family the first RTNL_ENTRIES_MAX are read, or a few more. If there are others, @rtnl has
 * to be closed: the rest of the answer is still to come.
 *
 * Return: 1 when there are others; 0; -ENODEV when there is no such interface (before Linux 5.0: 0,
 * and no address), -EINTR when the addresses of the namespace change too fast to be read, or
 * another -errno.
 */
int rtnl_dev_addresses(struct rtnl *rtnl, unsigned int index, int family,
		       void (*fn)(const struct ip_prefix *address, const struct ip_address *peer,
				  void *userdata),
		       void *userdata);

/**
 * rtnl_dev_find_address6() - look up one IPv6 address of an interface
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @address: AF_INET6
 * @ret: with its prefix length
 * @ret_peer: AF_UNSPEC: none
 *
 * Return: 0, -ENOENT when the interface does not have it, or another -errno.
 */
int rtnl_dev_find_address6(struct rtnl *rtnl, unsigned int index, const struct ip_address *address,
			   struct ip_prefix *ret, struct ip_address *ret_peer);

/**
 * rtnl_dev_routes() - call @fn for every route into an interface that has RTNL_ROUTE_PROTOCOL
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @fn: as for rtnl_dev_addresses()
 * @userdata: for @fn
 *
 * The kernel picks them out, but it walks through all the routes of the namespace to do so: this is
 * for start-up. rtnl_dev_has_route() asks about one. Routes with several next hops are left out.
 *
 * Return: as rtnl_dev_addresses().
 */
int rtnl_dev_routes(struct rtnl *rtnl, unsigned int index,
		    void (*fn)(const struct route_spec *route, uint32_t table, void *userdata),
		    void *userdata);

/**
 * rtnl_dev_has_route() - look for the route that rtnl_dev_add_route() adds
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface, which is up
 * @route: the route
 * @table: routing table
 *
 * The answer is also 1 when more specific routes into the interface leave nothing to it, and for
 * IPv6 when one with a lower metric hides it. The cost does not grow with the number of routes.
 *
 * Return: 1 when it is there; 0; -ENOMEM, -ENOBUFS, or another -errno of the kernel's answer.
 */
int rtnl_dev_has_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table);

/**
 * rtnl_find_rival() - find another interface's route to the same network with the same metric
 * @rtnl: a socket in the namespace of the port
 * @vrf: ifindex of the VRF of the port; 0: none
 * @route: a route that is not there
 * @table: routing table
 * @ret: ifindex of the interface that the other route leads into
 *
 * As long as there is one the kernel has no room for @route.
 *
 * Return: 1; 0 when no such route was found, or another one hides it; -ENOMEM, -ENOBUFS, or
 * another -errno of the kernel's answer.
 */
int rtnl_find_rival(struct rtnl *rtnl, unsigned int vrf, const struct route_spec *route,
		    uint32_t table, unsigned int *ret);

/**
 * rtnl_dev_add_route() - add a route into an interface that is up
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @route: the route
 * @table: routing table: that of the VRF, or RT_TABLE_MAIN
 *
 * The route has RTNL_ROUTE_PROTOCOL. Its next hop need not be reachable by another route.
 *
 * Return: 0; -EEXIST when the table has one to this network with this metric already; -EINVAL when
 * the source is no address of the namespace or VRF, or the next hop is one of its own; or another
 * -errno.
 */
int rtnl_dev_add_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table);

/**
 * rtnl_dev_replace_route() - put a route in the place of ours with the same network and metric
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @route: the new one
 * @table: routing table
 *
 * Return: as rtnl_dev_add_route(), but for -EEXIST.
 */
int rtnl_dev_replace_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			   uint32_t table);

/**
 * rtnl_dev_delete_route() - remove a route that rtnl_dev_add_route() made
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @route: the route
 * @table: routing table
 *
 * Return: 0, also when there is no such route; -ENOMEM, or another -errno.
 */
int rtnl_dev_delete_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			  uint32_t table);

/**
 * rtnl_nsid() - find the number by which the namespace of @rtnl knows another one, or assign one
 * @rtnl: a socket
 * @netns_fd: the other one
 * @ret: the number; one is assigned if there was none yet (ip-netns(8), "set"). It does not keep
 * the namespace alive.
 *
 * Return: 0; -ENOENT when the kernel assigned none; or another -errno.
 */
int rtnl_nsid(struct rtnl *rtnl, int netns_fd, int *ret);

/**
 * rtnl_has_nsid() - check whether the namespace of @rtnl has a number for another one
 * @rtnl: a socket
 * @netns_fd: the other one
 *
 * Return: 1: rtnl_nsid() has assigned one, or somebody else has; 0: it has none; -ENOMEM, or another
 * -errno of rtnetlink(7).
 */
int rtnl_has_nsid(struct rtnl *rtnl, int netns_fd);

/**
 * rtnl_dev_by_nsid() - look an interface up in another namespace, without entering it
 * @rtnl: a socket
 * @nsid: of that namespace, see rtnl_nsid(); negative: in that of @rtnl
 * @index: of the interface there
 * @ret: all but the VRF's properties
 *
 * Source: IFLA_TARGET_NETNSID of rtnetlink(7), Linux 4.20.
 *
 * Return: 0, -ENODEV or -EINVAL when there is no such interface or namespace, or another -errno.
 */
int rtnl_dev_by_nsid(struct rtnl *rtnl, int nsid, unsigned int index, struct rtnl_dev *ret);

/**
 * rtnl_dev_by_nsid_name() - look an interface up in another namespace by its name
 * @rtnl: a socket
 * @nsid: as for rtnl_dev_by_nsid()
 * @name: of the interface there
 * @ret: as for rtnl_dev_by_nsid()
 *
 * Return: as rtnl_dev_by_nsid(); -ENODEV also when no interface can have that name.
 */
int rtnl_dev_by_nsid_name(struct rtnl *rtnl, int nsid, const char *name, struct rtnl_dev *ret);

#endif
