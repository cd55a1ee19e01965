/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_LOOKUP_H
#define RPORT_KERNEL_LOOKUP_H

/*
 * Asks the kernel where it would send a packet, and what it would do with one that arrives. So the
 * kernel's own rules decide, and nothing here repeats them.
 */

#include "kernel/rtnl.h"

/*
 * struct route_question - a packet
 * @to: its destination
 * @from: its source; AF_UNSPEC: the kernel chooses one
 * @iif: ifindex of the interface on which it arrives; 0: it is sent by this host
 * @oif: ifindex of the VRF that its sender is bound to; 0: none
 */
struct route_question {
	struct ip_address to;
	struct ip_address from;
	unsigned int iif;
	unsigned int oif;
};

/*
 * struct route_answer - what becomes of a packet
 * @type: RTN_UNICAST: it leaves through @oif; RTN_LOCAL: it is for this host
 * @oif: ifindex
 * @table: the routing table in which the route was found
 * @source: the source address, where the kernel was to choose one; AF_UNSPEC: none
 */
struct route_answer {
	unsigned char type;
	unsigned int oif;
	uint32_t table;
	struct ip_address source;
};

/**
 * rtnl_lookup() - ask what becomes of a packet
 * @rtnl: a socket in the namespace
 * @question: the packet
 * @ret: the answer
 *
 * Return: 0; -ENETUNREACH: there is no route; -EHOSTUNREACH: a route says so, or this host does not
 * forward; -EXDEV or -EINVAL: the source address is refused, by rp_filter or since it is an address of
 * this host (from Linux 6.13 on -EINVAL stands for both); -EACCES: a route
 * says so; or another -errno of rtnetlink(7).
 */
int rtnl_lookup(struct rtnl *rtnl, const struct route_question *question, struct route_answer *ret);

/* Settings of an interface, from sysctl net.ipv4.conf and net.ipv6.conf; -1: not known. */
struct inet_settings {
	int forwarding;
	int rp_filter; /* IPv4 only */
};

/**
 * rtnl_inet_settings() - read settings of an interface
 * @rtnl: a socket in the namespace
 * @family: AF_INET or AF_INET6
 * @index: ifindex; 0: those of "all"
 * @ret: the settings
 *
 * Return: 0 or -errno of rtnetlink(7); -ENODEV or -EOPNOTSUPP where the family is off.
 */
int rtnl_inet_settings(struct rtnl *rtnl, int family, unsigned int index,
		       struct inet_settings *ret);

/**
 * rtnl_local_comes_first() - tell whether the local table is asked before the tables of VRFs
 * @rtnl: a socket in the namespace
 * @family: AF_INET or AF_INET6
 *
 * That is so unless somebody moved the rule with priority 0, as ip-vrf(8) advises.
 *
 * Return: 1: it is; 0: it is not, or there is no rule for VRFs; or -errno of rtnetlink(7).
 */
int rtnl_local_comes_first(struct rtnl *rtnl, int family);

/* Routes into one interface that are reported at most. */
#define ROUTES_INTO_MAX 8

/**
 * rtnl_routes_into() - find networks that are routed into an interface, whoever made the routes
 * @rtnl: a socket in the namespace; of no further use when there were more
 * @index: of the interface
 * @ret: the networks, without those of link-local and multicast addresses
 *
 * The kernel picks them out of all routes of the namespace: this is not for the main thread.
 *
 * Return: how many; or -errno of rtnetlink(7).
 */
int rtnl_routes_into(struct rtnl *rtnl, unsigned int index,
		     struct ip_prefix ret[static ROUTES_INTO_MAX]);

#endif
