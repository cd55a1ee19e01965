/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation.
 *
 * A namespace may hold millions of routes and addresses, and its owner decides how many. A dump
 * walks all of them, even when the kernel filters what it sends: a filtered dump of a million
 * routes takes some 300 ms inside one recvmsg(2). The questions here are answered from the kernel's
 * own indexes (trie, hash), at a cost that hardly depends on what else is there. Neither of them
 * takes the rtnl lock, which the owner of a namespace can keep busy.
 *
 * Routes. The kernel is asked for the route that it takes into the interface to an address of the
 * network (RTM_F_FIB_MATCH with RTA_OIF). It passes over routes into other interfaces. A more
 * specific one into the same interface hides ours: then another address of the network, chosen at
 * random, is tried. If all are hidden the network is reached by the interface anyway. One to the
 * same network that is not ours and has no higher metric may hide ours: then IPv4 has an exact
 * question (rtnl_ask_route4()), which takes the rtnl lock; IPv6 has none.
 *
 * IPv6 addresses. RTM_GETADDR without NLM_F_DUMP finds one by its value. IPv4 has no such request:
 * see rtnl_dev_addresses().
 */
#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/random.h>

#include "kernel/rtnl-private.h"

#define MATCH_TRIES 4 /* addresses of a network that are looked up */

/*
 * struct match - the route that the kernel found
 * @index: of the interface it leads into; 0: none, or several
 * @route: what a route of ours would be like that is the same
 * @foreign: it has something that a route of ours never has
 * @table: it was found in
 */
struct match {
	unsigned int index;
	struct route_spec route;
	bool foreign;
	uint32_t table;
};

static uint32_t read_u32(const struct nlattr *attr)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : 0;
}

static int read_match(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attrs[RTA_MAX + 1];
	struct match *match = arg;
	const struct rtmsg *rtm = nlmsg_data(nlh);
	int family;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlh, sizeof(*rtm), attrs, RTA_MAX, NULL) < 0)
		return NL_OK;
	family = match->route.to.address.family;
	(void)rtnl_read_ip(attrs[RTA_DST], family, &match->route.to.address);
	(void)rtnl_read_ip(attrs[RTA_GATEWAY], family, &match->route.via);
	(void)rtnl_read_ip(attrs[RTA_PREFSRC], family, &match->route.src);
	match->route.to.length = rtm->rtm_dst_len;
	match->route.metric = read_u32(attrs[RTA_PRIORITY]);
	match->foreign = attrs[RTA_VIA]; /* a next hop of the other family */
	match->index = read_u32(attrs[RTA_OIF]);
	match->table = attrs[RTA_TABLE] ? read_u32(attrs[RTA_TABLE]) : rtm->rtm_table;
	return NL_OK;
}

/* The owner of the namespace cannot tell in advance which address is going to be looked up. */
static struct ip_address any_address_of(const struct ip_prefix *prefix)
{
	struct ip_address address = prefix->address;
	unsigned char noise[sizeof(address.bytes)] = { 0 };

	(void)!getrandom(noise, sizeof(noise), GRND_NONBLOCK);
	for (unsigned int i = 0; i < sizeof(noise); i++) {
		unsigned int fixed = prefix->length > 8 * i ? prefix->length - 8 * i : 0;

		if (fixed < 8)
			address.bytes[i] |= noise[i] & (0xff >> fixed);
	}
	return address;
}

/* @index: of the interface that the route leads into, or of a VRF; 0: whichever */
static struct nl_msg *make_question(const struct ip_address *to, unsigned int index)
{
	unsigned int bits = ip_address_bits(to->family);
	struct rtmsg header = {
		.rtm_family = (unsigned char)to->family,
		.rtm_dst_len = (unsigned char)bits,
		/* IPv4 tells which table it found the route in only when asked, IPv6 always */
		.rtm_flags = RTM_F_FIB_MATCH | (to->family == AF_INET ? RTM_F_LOOKUP_TABLE : 0),
	};
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, RTA_DST, (int)bits / 8, to->bytes) < 0 ||
	    (index > 0 && nla_put_u32(msg, RTA_OIF, index) < 0))
		return NULL;
	return steal_ptr(msg);
}

/* Whether the rules that the kernel sets up itself choose @table before @other: first local, then
 * those of VRFs, main, and default. Others than these are in the order of an administrator. */
static bool comes_before(uint32_t table, uint32_t other)
{
	return other == RT_TABLE_DEFAULT || (other == RT_TABLE_MAIN && table != RT_TABLE_DEFAULT);
}

/* Return: 0; -ENETUNREACH when the kernel has no route; -EHOSTUNREACH when it has one that refuses
 * what goes there (blackhole, prohibit, unreachable); or another -errno. */
static int find_match(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *prefix,
		      struct match *ret)
{
	struct ip_address address = any_address_of(prefix);
	_cleanup_msg_ struct nl_msg *msg = make_question(&address, index);
	struct match match = { .route.to.address.family = address.family };
	int r;

	if (!msg)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_exchange(rtnl, msg, read_match, &match));
	if (r == -EINVAL || r == -EACCES)
		r = -EHOSTUNREACH;
	if (r >= 0)
		*ret = match;
	return r;
}

/* The kernel takes a route to our network into our interface. Is it ours, or is ours behind it? */
static int judge(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		 uint32_t table, const struct match *match)
{
	if (!match->foreign && route_equal(route, &match->route))
		return 1;
	if (match->route.metric > route_metric(route))
		return 0;
	if (route->to.address.family == AF_INET)
		return rtnl_ask_route4(rtnl, index, route, table);
	return match->route.metric < route_metric(route);
}

/* Return: 1 when the route that the kernel takes says that ours is there, or is not needed; 0 when
 * it says that ours is missing; -EAGAIN when it says nothing of ours, and -EHOSTUNREACH likewise,
 * because there is no interface in it; or another -errno. */
static int match_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	struct match match;
	int r = find_match(rtnl, index, &route->to, &match);

	if (r < 0)
		return r == -ENETUNREACH ? 0 : r;
	/* what has the place of ours, such as an IPv6 blackhole */
	if (match.index != index && match.index > 0 && match.table == table &&
	    route_same_key(route, &match.route))
		return 0;
	/* an address of this host has a route into the loopback interface */
	if (match.index != index || match.route.to.length > route->to.length)
		return -EAGAIN;
	/* A table that comes later answers only when ours has no route to the address. Any other
	 * one was chosen by a rule of an administrator (ip-rule(8)), which says nothing about ours.
	 */
	if (match.table != table)
		return !comes_before(table, match.table);
	if (match.route.to.length < route->to.length)
		return 0;
	return judge(rtnl, index, route, table, &match);
}

int rtnl_dev_has_route(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		       uint32_t table)
{
	int r = -EAGAIN;

	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	if (route->to.length > ip_address_bits(route->to.address.family))
		return -EINVAL;
	for (int i = 0; i < MATCH_TRIES && (r == -EAGAIN || r == -EHOSTUNREACH); i++)
		r = match_route(rtnl, index, route, table);
	if (r == -EHOSTUNREACH && route->to.address.family == AF_INET)
		r = rtnl_ask_route4(rtnl, index, route, table);
	return r == -EAGAIN || r == -EHOSTUNREACH ? 1 : r;
}

int rtnl_find_rival(struct rtnl *rtnl, unsigned int vrf, const struct route_spec *route,
		    uint32_t table, unsigned int *ret)
{
	if (route->to.length > ip_address_bits(route->to.address.family))
		return -EINVAL;
	for (int i = 0; i < MATCH_TRIES; i++) {
		struct match match;
		int r = find_match(rtnl, vrf, &route->to, &match);

		if (r < 0)
			return r == -ENETUNREACH || r == -EHOSTUNREACH ? 0 : r;
		if (match.table != table || match.index == 0 ||
		    !route_same_key(route, &match.route))
			continue;
		*ret = match.index;
		return 1;
	}
	return 0;
}

/* --- IPv6 addresses --------------------------------------------------------------------------- */

struct address6 {
	struct ip_prefix prefix;
	struct ip_address peer;
};

static int read_address6(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attrs[IFA_MAX + 1];
	struct address6 *ret = arg, found = { 0 };
	const struct ifaddrmsg *ifa = nlmsg_data(nlh);
	struct ip_address other; /* the peer, or the address alone */

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(nlh, sizeof(*ifa), attrs, IFA_MAX, NULL) < 0 ||
	    !rtnl_read_ip(attrs[IFA_ADDRESS], AF_INET6, &other))
		return NL_OK;
	if (rtnl_read_ip(attrs[IFA_LOCAL], AF_INET6, &found.prefix.address))
		found.peer = other;
	else
		found.prefix.address = other;
	found.prefix.length = ifa->ifa_prefixlen;
	*ret = found;
	return NL_OK;
}

int rtnl_dev_find_address6(struct rtnl *rtnl, unsigned int index, const struct ip_address *address,
			   struct ip_prefix *ret, struct ip_address *ret_peer)
{
	struct ifaddrmsg header = { .ifa_family = AF_INET6, .ifa_index = index };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, 0);
	struct address6 found = { 0 };
	int r;

	if (address->family != AF_INET6 || index == 0)
		return -EINVAL;
	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, IFA_ADDRESS, 16, address->bytes) < 0)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_exchange(rtnl, msg, read_address6, &found));
	/* a kernel that serves no IPv6 has no such request */
	if (r == -EADDRNOTAVAIL || r == -EOPNOTSUPP || r == -EAFNOSUPPORT)
		return -ENOENT;
	if (r < 0)
		return r;
	if (!ip_address_equal(&found.prefix.address, address))
		return -ENOENT;
	*ret = found.prefix;
	*ret_peer = found.peer;
	return 0;
}
