/* SPDX-License-Identifier: ISC */

/*
 * Addresses and routes of one interface, over rtnetlink(7).
 *
 * Theory of operation
 *
 * Filtering. A dump asks for the addresses or routes of one interface (and for routes, of one
 * protocol). The kernel filters on a socket with NETLINK_GET_STRICT_CHK, Linux 5.0 (its struct
 * inet_fill_args and struct fib_dump_filter); older kernels send everything. So each entry is
 * checked again, its family too: where the kernel has no IPv6, rtnl_dump_all() answers a question
 * about IPv6 with the entries of other families.
 *
 * Strict checking is on for these questions only, since it refuses some requests that libnl makes.
 *
 * Completeness. A dump is read to its end, unless it is longer than RTNL_ENTRIES_MAX: then the
 * socket cannot be used for anything else. Entries are collected first, and reported once the dump
 * is known to be complete; one that a change interrupted (NLM_F_DUMP_INTR) is repeated.
 */

#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <netlink/errno.h>
#include <netlink/socket.h>

#include "kernel/rtnl-private.h"

#define DUMP_TRIES 8 /* a change hits one dump, hardly a row of them */

/* --- addresses -------------------------------------------------------------------------------- */

static int change_address(struct rtnl *rtnl, int type, int flags, unsigned int index,
			  const struct ip_prefix *address, const struct ip_address *peer)
{
	const struct ip_address *local = &address->address;
	size_t size = ip_address_bits(local->family) / 8;
	struct ifaddrmsg header = {
		.ifa_family = (unsigned char)local->family,
		.ifa_prefixlen = (unsigned char)address->length,
		/* without it an address is no source of a route until the kernel has looked */
		.ifa_flags = local->family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = index,
	};
	_cleanup_msg_ struct nl_msg *msg = NULL;

	/* without a peer, the address itself stands in its place, as ip(8) has it */
	if (!peer || peer->family == AF_UNSPEC)
		peer = local;
	if (size == 0 || address->length > size * 8 || peer->family != local->family)
		return -EINVAL;

	msg = nlmsg_alloc_simple(type, flags);
	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put(msg, IFA_LOCAL, (int)size, local->bytes) < 0 ||
	    nla_put(msg, IFA_ADDRESS, (int)size, peer->bytes) < 0)
		return -EMSGSIZE;
	return rtnl_send(rtnl, msg);
}

int rtnl_dev_add_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			 const struct ip_address *peer)
{
	return change_address(rtnl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address, peer);
}

int rtnl_dev_delete_address(struct rtnl *rtnl, unsigned int index, const struct ip_prefix *address,
			    const struct ip_address *peer)
{
	return change_address(rtnl, RTM_DELADDR, 0, index, address, peer);
}

/* --- dumps ------------------------------------------------------------------------------------ */

/* An address with its peer, or a route with its table. */
struct entry {
	struct ip_prefix prefix;
	struct ip_address peer;
	struct route_spec route;
	uint32_t table;
};

struct list {
	struct entry *entries;
	size_t n;
};

struct dump {
	int family;
	unsigned int index;
	struct list *list;
	size_t end;     /* of the list: as many are enough */
	bool truncated; /* there were more */
	int error;      /* -errno: of the kernel, at the end, or our own; 0: none */
};

struct question {
	struct nl_msg *(*make)(int family, unsigned int index);
	nl_recvmsg_msg_cb_t read; /* with a struct dump */
};

static void cleanup_list(struct list *list)
{
	free(list->entries);
}
#define _cleanup_list_ _cleanup_(cleanup_list)

static int append(struct list *list, const struct entry *entry)
{
	/* full when it has a power of two of them: then it grows twofold */
	if ((list->n & (list->n - 1)) == 0) {
		size_t size = list->n == 0 ? 1 : 2 * list->n;
		struct entry *entries = reallocarray(list->entries, size, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		list->entries = entries;
	}
	list->entries[list->n++] = *entry;
	return 0;
}

/* Return: what tells libnl whether to go on. */
static int collect(struct dump *dump, const struct entry *entry)
{
	int r;

	if (dump->list->n >= dump->end) {
		dump->truncated = true;
		return NL_STOP;
	}
	r = append(dump->list, entry);
	if (r < 0)
		dump->error = r;
	return NL_OK;
}

static struct nl_msg *make_address_question(int family, unsigned int index)
{
	struct ifaddrmsg header = { .ifa_family = (unsigned char)family, .ifa_index = index };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETADDR, NLM_F_DUMP);

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
		return NULL;
	return steal_ptr(msg);
}

static int read_address(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attrs[IFA_MAX + 1];
	struct dump *dump = arg;
	struct entry entry = { 0 };
	const struct ifaddrmsg *ifa;
	struct ip_address other; /* the peer, or the address again, or (IPv6) alone */

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(nlh, sizeof(*ifa), attrs, IFA_MAX, NULL) < 0)
		return NL_OK;
	ifa = nlmsg_data(nlh);
	if (ifa->ifa_family != dump->family || ifa->ifa_index != dump->index ||
	    !rtnl_read_ip(attrs[IFA_ADDRESS], dump->family, &other))
		return NL_OK;
	if (!rtnl_read_ip(attrs[IFA_LOCAL], dump->family, &entry.prefix.address))
		entry.prefix.address = other;
	if (!ip_address_equal(&entry.prefix.address, &other))
		entry.peer = other;
	entry.prefix.length = ifa->ifa_prefixlen;
	return collect(dump, &entry);
}

static struct nl_msg *make_route_question(int family, unsigned int index)
{
	struct rtmsg header = {
		.rtm_family = (unsigned char)family,
		.rtm_protocol = RTNL_ROUTE_PROTOCOL,
		.rtm_table = RT_TABLE_UNSPEC, /* all */
	};
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, RTA_OIF, index) < 0)
		return NULL;
	return steal_ptr(msg);
}

/* A route with several next hops has no RTA_OIF. It is not of our making. */
static bool is_route_into(const struct rtmsg *rtm, struct nlattr **attrs, const struct dump *dump)
{
	return rtm->rtm_family == dump->family && rtm->rtm_protocol == RTNL_ROUTE_PROTOCOL &&
	       !(rtm->rtm_flags & RTM_F_CLONED) && attrs[RTA_OIF] &&
	       nla_len(attrs[RTA_OIF]) >= (int)sizeof(uint32_t) &&
	       nla_get_u32(attrs[RTA_OIF]) == dump->index;
}

static uint32_t read_u32(const struct nlattr *attr, uint32_t missing)
{
	return attr && nla_len(attr) >= (int)sizeof(uint32_t) ? nla_get_u32(attr) : missing;
}

static void read_options(struct nlattr **attrs, struct route_spec *route)
{
	int family = route->to.address.family;
	uint32_t metric = read_u32(attrs[RTA_PRIORITY], 0);

	(void)rtnl_read_ip(attrs[RTA_GATEWAY], family, &route->via);
	(void)rtnl_read_ip(attrs[RTA_PREFSRC], family, &route->src);
	if (metric != route_metric(route)) /* the default need not be said */
		route->metric = metric;
}

static int read_route(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attrs[RTA_MAX + 1];
	struct dump *dump = arg;
	struct entry entry = { .route.to.address.family = dump->family }; /* the default route */
	struct route_spec *route = &entry.route;
	const struct rtmsg *rtm;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(nlh, sizeof(*rtm), attrs, RTA_MAX, NULL) < 0)
		return NL_OK;
	rtm = nlmsg_data(nlh);
	if (!is_route_into(rtm, attrs, dump))
		return NL_OK;
	if (attrs[RTA_DST] && !rtnl_read_ip(attrs[RTA_DST], dump->family, &route->to.address))
		return NL_OK;
	route->to.length = rtm->rtm_dst_len;
	read_options(attrs, route);
	/* one above 255 does not fit into the header */
	entry.table = read_u32(attrs[RTA_TABLE], rtm->rtm_table);
	return collect(dump, &entry);
}

/* The end of a dump says how it went. */
static int read_end(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct dump *dump = arg;
	int error;

	if (nlmsg_datalen(nlh) >= (int)sizeof(error)) {
		memcpy(&error, nlmsg_data(nlh), sizeof(error));
		if (error < 0)
			dump->error = error;
	}
	return NL_OK;
}

static int exchange_dump(struct rtnl *rtnl, const struct question *question, struct dump *dump)
{
	_cleanup_msg_ struct nl_msg *msg = question->make(dump->family, dump->index);
	int r;

	if (!msg)
		return -ENOMEM;
	nl_socket_modify_cb(rtnl->socket, NL_CB_FINISH, NL_CB_CUSTOM, read_end, dump);
	r = rtnl_result(rtnl, rtnl_dump(rtnl, msg, question->read, dump));
	nl_socket_modify_cb(rtnl->socket, NL_CB_FINISH, NL_CB_DEFAULT, NULL, NULL);
	/* Even when it was interrupted: while the kernel still has the rest to send it refuses
	 * another dump on this socket (EBUSY), so to ask again is of no use. */
	if (dump->truncated)
		return 1;
	return dump->error < 0 ? dump->error : r;
}

/* What there is of one family goes to the end of @list. Return: 1 when there is more. */
static int dump_family(struct rtnl *rtnl, const struct question *question, int family,
		       unsigned int index, struct list *list)
{
	size_t before = list->n;
	int r = -EINTR;

	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		struct dump dump = {
			.family = family,
			.index = index,
			.list = list,
			.end = before + RTNL_ENTRIES_MAX,
		};

		list->n = before;
		r = exchange_dump(rtnl, question, &dump);
	}
	return r == -EAFNOSUPPORT || r == -EOPNOTSUPP ? 0 : r;
}

static void set_strict(struct rtnl *rtnl, int on)
{
	/* an older kernel does not know it; it sends more than was asked for, that is all */
	setsockopt(nl_socket_get_fd(rtnl->socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		   sizeof(on));
}

/* @family: AF_UNSPEC: both. IPv6 is not asked about when the socket has more to say about IPv4. */
static int dump_all(struct rtnl *rtnl, const struct question *question, int family,
		    unsigned int index, struct list *list)
{
	int r = 0;

	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	set_strict(rtnl, 1);
	if (family != AF_INET6)
		r = dump_family(rtnl, question, AF_INET, index, list);
	if (r == 0 && family != AF_INET)
		r = dump_family(rtnl, question, AF_INET6, index, list);
	set_strict(rtnl, 0);
	return r;
}

int rtnl_dev_addresses(struct rtnl *rtnl, unsigned int index, int family,
		       void (*fn)(const struct ip_prefix *address, const struct ip_address *peer,
				  void *userdata),
		       void *userdata)
{
	static const struct question question = { make_address_question, read_address };
	_cleanup_list_ struct list list = { 0 };
	int r;

	r = dump_all(rtnl, &question, family, index, &list);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++)
		fn(&list.entries[i].prefix, &list.entries[i].peer, userdata);
	return r;
}

int rtnl_dev_routes(struct rtnl *rtnl, unsigned int index,
		    void (*fn)(const struct route_spec *route, uint32_t table, void *userdata),
		    void *userdata)
{
	static const struct question question = { make_route_question, read_route };
	_cleanup_list_ struct list list = { 0 };
	int r;

	r = dump_all(rtnl, &question, AF_UNSPEC, index, &list);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++)
		fn(&list.entries[i].route, list.entries[i].table, userdata);
	return r;
}
