/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation.
 *
 * Routes of a port. A port has one neighbour, its peer, and no neighbour table: a next hop tells
 * the kernel, and whoever reads the table, where packets go, but does not choose among neighbours.
 * So it need not be reachable by another route first (RTNH_F_ONLINK), and the order in which
 * addresses and routes come and go does not matter.
 *
 * Keys. A table has one route for each network and metric, unless routes are appended. So a route
 * whose next hop or source changes is replaced (NLM_F_REPLACE): there is no moment without it.
 *
 * The exact question. IPv4 takes RTM_NEWROUTE without NLM_F_CREATE and NLM_F_REPLACE for a
 * question: is there a route that is the same in everything (EEXIST), or not (ENOENT)? See
 * fib_table_insert() in net/ipv4/fib_trie.c. IPv6 would add the route.
 */
#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/rtnetlink.h>

#include "kernel/rtnl-private.h"

static bool put_address(struct nl_msg *msg, int type, const struct ip_address *address)
{
	size_t size = ip_address_bits(address->family) / 8;

	return size == 0 || nla_put(msg, type, (int)size, address->bytes) >= 0;
}

static bool put_route(struct nl_msg *msg, unsigned int index, const struct route_spec *route,
		      uint32_t table)
{
	bool is_default = route->to.length == 0;
	uint32_t metric = route_metric(route);

	return (is_default || put_address(msg, RTA_DST, &route->to.address)) &&
	       put_address(msg, RTA_GATEWAY, &route->via) &&
	       put_address(msg, RTA_PREFSRC, &route->src) &&
	       nla_put_u32(msg, RTA_OIF, index) >= 0 && nla_put_u32(msg, RTA_TABLE, table) >= 0 &&
	       (metric == 0 || nla_put_u32(msg, RTA_PRIORITY, metric) >= 0);
}

/* A route of ours: protocol and scope are always the same. */
static int send_route(struct rtnl *rtnl, int type, int flags, unsigned int index,
		      const struct route_spec *route, uint32_t table)
{
	bool has_via = route->via.family != AF_UNSPEC;
	struct rtmsg header = {
		.rtm_family = (unsigned char)route->to.address.family,
		.rtm_dst_len = (unsigned char)route->to.length,
		.rtm_protocol = RTNL_ROUTE_PROTOCOL,
		.rtm_scope = has_via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = has_via ? RTNH_F_ONLINK : 0,
	};
	_cleanup_msg_ struct nl_msg *msg = NULL;

	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	if (route->to.length > ip_address_bits(route->to.address.family))
		return -EINVAL;
	msg = nlmsg_alloc_simple(type, flags);
	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    !put_route(msg, index, route, table))
		return -ENOMEM;
	return rtnl_send(rtnl, msg);
}

int rtnl_dev_add_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	return send_route(rtnl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, index, route, table);
}

int rtnl_dev_replace_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			   uint32_t table)
{
	return send_route(rtnl, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, index, route, table);
}

int rtnl_dev_delete_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
			  uint32_t table)
{
	int r = send_route(rtnl, RTM_DELROUTE, 0, index, route, table);

	return r == -ESRCH ? 0 : r;
}

int rtnl_ask_route4(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		    uint32_t table)
{
	int r = send_route(rtnl, RTM_NEWROUTE, 0, index, route, table);

	if (r == -EEXIST)
		return 1;
	/* of a source or next hop that is no longer valid the kernel has no route either */
	return r == -ENOENT || r == -EINVAL || r == -ENETUNREACH || r == -EHOSTUNREACH ? 0 : r;
}
