/* SPDX-License-Identifier: ISC */

/* Questions about packets: RTM_GETROUTE for one packet, RTM_GETNETCONF, RTM_GETRULE. */

#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>

#include <netlink/errno.h>
#include <netlink/socket.h>

#include "kernel/lookup.h"
#include "kernel/rtnl-private.h"

static uint32_t read_u32(const struct nlattr *attr, uint32_t missing)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : missing;
}

/* --- where a packet goes ---------------------------------------------------------------------- */

static int put_address(struct nl_msg *msg, int type, const struct ip_address *address)
{
	return nla_put(msg, type, (int)ip_address_bits(address->family) / 8, address->bytes);
}

static struct nl_msg *make_lookup(const struct route_question *question)
{
	struct rtmsg header = {
		.rtm_family = (unsigned char)question->to.family,
		.rtm_dst_len = (unsigned char)ip_address_bits(question->to.family),
		.rtm_src_len = (unsigned char)(question->from.family == AF_UNSPEC
						       ? 0
						       : ip_address_bits(question->from.family)),
		.rtm_flags = RTM_F_LOOKUP_TABLE,
	};
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, 0);

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    put_address(msg, RTA_DST, &question->to) < 0 ||
	    (question->from.family != AF_UNSPEC &&
	     put_address(msg, RTA_SRC, &question->from) < 0) ||
	    (question->iif > 0 && nla_put_u32(msg, RTA_IIF, question->iif) < 0) ||
	    (question->oif > 0 && nla_put_u32(msg, RTA_OIF, question->oif) < 0))
		return NULL;
	return steal_ptr(msg);
}

static int read_lookup(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct nlattr *attrs[RTA_MAX + 1];
	struct route_answer *answer = arg;
	const struct rtmsg *rtm;

	if (header->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(header, sizeof(*rtm), attrs, RTA_MAX, NULL) < 0)
		return NL_SKIP;
	rtm = nlmsg_data(header);
	*answer = (struct route_answer){
		.type = rtm->rtm_type,
		.oif = read_u32(attrs[RTA_OIF], 0),
		.table = read_u32(attrs[RTA_TABLE], rtm->rtm_table),
	};
	(void)rtnl_read_ip(attrs[RTA_PREFSRC], rtm->rtm_family, &answer->source);
	return NL_OK;
}

/* IPv6 gives such routes back, where IPv4 fails. */
static int errno_of_type(unsigned char type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return -EINVAL;
	case RTN_UNREACHABLE:
		return -EHOSTUNREACH;
	case RTN_PROHIBIT:
		return -EACCES;
	default: /* RTN_UNICAST, RTN_LOCAL and others are a number of the kernel's, not an enum of ours */
		return 0;
	}
}

int rtnl_lookup(struct rtnl *rtnl, const struct route_question *question, struct route_answer *ret)
{
	_cleanup_msg_ struct nl_msg *msg = make_lookup(question);
	struct route_answer answer = { 0 };
	int r;

	if (!msg)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_exchange(rtnl, msg, read_lookup, &answer));
	if (r >= 0)
		r = answer.type == RTN_UNSPEC ? -EBADMSG : errno_of_type(answer.type);
	if (r >= 0)
		*ret = answer;
	return r;
}

/* --- settings --------------------------------------------------------------------------------- */

static int read_settings(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct nlattr *attrs[NETCONFA_MAX + 1];
	struct inet_settings *settings = arg;

	if (header->nlmsg_type != RTM_NEWNETCONF ||
	    nlmsg_parse(header, sizeof(struct netconfmsg), attrs, NETCONFA_MAX, NULL) < 0)
		return NL_SKIP;
	settings->forwarding = (int)read_u32(attrs[NETCONFA_FORWARDING], UINT32_MAX);
	settings->rp_filter = (int)read_u32(attrs[NETCONFA_RP_FILTER], UINT32_MAX);
	return NL_OK;
}

int rtnl_inet_settings(struct rtnl *rtnl, int family, unsigned int index, struct inet_settings *ret)
{
	struct netconfmsg header = { .ncm_family = (unsigned char)family };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETNETCONF, 0);
	struct inet_settings settings = { -1, -1 };
	int r;

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put_s32(msg, NETCONFA_IFINDEX, index > 0 ? (int32_t)index : NETCONFA_IFINDEX_ALL) <
		    0)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_exchange(rtnl, msg, read_settings, &settings));
	if (r >= 0)
		*ret = settings;
	return r;
}

/* --- rules ------------------------------------------------------------------------------------ */

struct rules {
	int family;
	uint32_t local, vrf; /* lowest priority of the rule for each; UINT32_MAX: there is none */
};

static int read_rule(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct nlattr *attrs[FRA_MAX + 1];
	const struct fib_rule_hdr *rule;
	struct rules *rules = arg;
	uint32_t priority;

	if (header->nlmsg_type != RTM_NEWRULE ||
	    nlmsg_parse(header, sizeof(*rule), attrs, FRA_MAX, NULL) < 0)
		return NL_OK;
	rule = nlmsg_data(header);
	if (rule->family != rules->family)
		return NL_OK;
	priority = read_u32(attrs[FRA_PRIORITY], 0);
	if (attrs[FRA_L3MDEV])
		rules->vrf = MIN(rules->vrf, priority);
	else if (read_u32(attrs[FRA_TABLE], rule->table) == RT_TABLE_LOCAL)
		rules->local = MIN(rules->local, priority);
	return NL_OK;
}

int rtnl_local_comes_first(struct rtnl *rtnl, int family)
{
	struct fib_rule_hdr header = { .family = (unsigned char)family };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETRULE, NLM_F_DUMP);
	struct rules rules = { .family = family, .local = UINT32_MAX, .vrf = UINT32_MAX };
	int r;

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_dump(rtnl, msg, read_rule, &rules));
	return r < 0 ? r : rules.vrf != UINT32_MAX && rules.local < rules.vrf;
}

/* --- routes into an interface ----------------------------------------------------------------- */

struct routes_into {
	int family;
	unsigned int index;
	struct ip_prefix *networks;
	int n, end;
};

static bool is_ordinary(const struct ip_prefix *network)
{
	const unsigned char *bytes = network->address.bytes;

	if (network->address.family == AF_INET)
		return (bytes[0] & 0xf0) != 0xe0;
	return bytes[0] != 0xff && !(bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

static int read_route_into(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *header = nlmsg_hdr(msg);
	struct nlattr *attrs[RTA_MAX + 1];
	struct routes_into *into = arg;
	struct ip_prefix network = { .address.family = into->family };
	const struct rtmsg *rtm;

	if (header->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(header, sizeof(*rtm), attrs, RTA_MAX, NULL) < 0)
		return NL_OK;
	rtm = nlmsg_data(header);
	if (rtm->rtm_family != into->family || rtm->rtm_type != RTN_UNICAST ||
	    rtm->rtm_flags & RTM_F_CLONED || read_u32(attrs[RTA_OIF], 0) != into->index ||
	    (attrs[RTA_DST] && !rtnl_read_ip(attrs[RTA_DST], into->family, &network.address)))
		return NL_OK;
	network.length = rtm->rtm_dst_len;
	if (!is_ordinary(&network))
		return NL_OK;
	into->networks[into->n++] = network;
	return into->n == into->end ? NL_STOP : NL_OK;
}

static int dump_routes(struct rtnl *rtnl, struct routes_into *into)
{
	struct rtmsg rtm = { .rtm_family = (unsigned char)into->family };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);

	if (!msg || nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, RTA_OIF, into->index) < 0)
		return -ENOMEM;
	return rtnl_result(rtnl, rtnl_dump(rtnl, msg, read_route_into, into));
}

int rtnl_routes_into(struct rtnl *rtnl, unsigned int index,
		     struct ip_prefix ret[static ROUTES_INTO_MAX])
{
	struct routes_into into = { .family = AF_INET, .index = index, .networks = ret };
	int on = 1, r;

	/* an older kernel does not know it, and sends all routes: they are checked again */
	setsockopt(nl_socket_get_fd(rtnl->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		   sizeof(on));
	into.end = ROUTES_INTO_MAX / 2;
	r = dump_routes(rtnl, &into);
	if (r >= 0 && into.n < into.end) {
		into.family = AF_INET6;
		into.end = ROUTES_INTO_MAX;
		r = dump_routes(rtnl, &into);
	}
	on = 0;
	setsockopt(nl_socket_get_fd(rtnl->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		   sizeof(on));
	return r < 0 && r != -EAFNOSUPPORT && r != -EOPNOTSUPP ? r : into.n;
}
