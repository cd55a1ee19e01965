/* SPDX-License-Identifier: ISC */

/*
 * Finding interfaces, also in other namespaces (IFLA_TARGET_NETNSID), and the numbers that these
 * namespaces have in ours (nsid, RTM_NEWNSID), for which libnl has no functions.
 */
#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include "kernel/rtnl-private.h"

/* --- namespace numbers ------------------------------------------------------------------------ */

static struct nl_msg *make_nsid_request(int type, int netns_fd)
{
	struct rtgenmsg header = { .rtgen_family = AF_UNSPEC };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, NETNSA_FD, (uint32_t)netns_fd) < 0)
		return NULL;
	return steal_ptr(msg);
}

static int read_nsid(struct nl_msg *msg, void *arg)
{
	struct nlattr *nsid = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct rtgenmsg), NETNSA_NSID);
	int *ret = arg;

	if (nsid && nla_len(nsid) >= (int)sizeof(int32_t))
		*ret = nla_get_s32(nsid);
	return NL_OK;
}

/* @ret: NETNSA_NSID_NOT_ASSIGNED when it has no number */
static int get_nsid(struct rtnl *rtnl, int netns_fd, int *ret)
{
	_cleanup_msg_ struct nl_msg *msg = make_nsid_request(RTM_GETNSID, netns_fd);
	int nsid = NETNSA_NSID_NOT_ASSIGNED;
	int nle;

	if (!msg)
		return -ENOMEM;
	nle = rtnl_exchange(rtnl, msg, read_nsid, &nsid);
	if (nle >= 0)
		*ret = nsid;
	return rtnl_result(rtnl, nle);
}

static int assign_nsid(struct rtnl *rtnl, int netns_fd)
{
	_cleanup_msg_ struct nl_msg *msg = make_nsid_request(RTM_NEWNSID, netns_fd);

	if (!msg)
		return -ENOMEM;
	/* -1: any number that is free */
	if (nla_put_s32(msg, NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED) < 0)
		return -EMSGSIZE;
	return rtnl_send(rtnl, msg);
}

int rtnl_has_nsid(struct rtnl *rtnl, int netns_fd)
{
	int nsid = NETNSA_NSID_NOT_ASSIGNED;
	int r = get_nsid(rtnl, netns_fd, &nsid);

	return r < 0 ? r : nsid != NETNSA_NSID_NOT_ASSIGNED;
}

int rtnl_nsid(struct rtnl *rtnl, int netns_fd, int *ret)
{
	int nsid = NETNSA_NSID_NOT_ASSIGNED;
	int r;

	r = get_nsid(rtnl, netns_fd, &nsid);
	if (r < 0)
		return r;
	if (nsid == NETNSA_NSID_NOT_ASSIGNED) {
		r = assign_nsid(rtnl, netns_fd);
		if (r < 0 && r != -EEXIST) /* another process was faster */
			return r;
		r = get_nsid(rtnl, netns_fd, &nsid);
		if (r < 0)
			return r;
	}
	if (nsid == NETNSA_NSID_NOT_ASSIGNED)
		return -ENOENT;
	*ret = nsid;
	return 0;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static struct nlattr *find_nested(struct nlattr *in, int type)
{
	return in ? nla_find(nla_data(in), nla_len(in), type) : NULL;
}

/* @size: bytes of the number, 1 or 4. Return: the number, 0 when it is missing. */
static uint32_t nested_number(struct nlattr *in, int type, int size)
{
	struct nlattr *attr = find_nested(in, type);

	if (!attr || nla_len(attr) < size)
		return 0;
	return size == sizeof(uint8_t) ? nla_get_u8(attr) : nla_get_u32(attr);
}

static uint64_t dropped(struct nlattr *stats)
{
	const size_t offset = offsetof(struct rtnl_link_stats64, tx_dropped);
	uint64_t n = 0;

	/* attributes are aligned to 4 bytes only */
	if (stats && nla_len(stats) >= (int)(offset + sizeof(n)))
		memcpy(&n, (char *)nla_data(stats) + offset, sizeof(n));
	return n;
}

/* What is particular to a kind of interface. */
static void describe_kind(struct nlattr *info, struct rtnl_dev *dev)
{
	struct nlattr *kind = find_nested(info, IFLA_INFO_KIND);
	struct nlattr *data = find_nested(info, IFLA_INFO_DATA);
	bool is_tun = kind && nla_strcmp(kind, "tun") == 0;

	dev->is_vrf = kind && nla_strcmp(kind, "vrf") == 0;
	dev->is_veth = kind && nla_strcmp(kind, "veth") == 0;
	dev->is_netkit = kind && nla_strcmp(kind, "netkit") == 0;
	if (dev->is_vrf)
		dev->vrf_table = nested_number(data, IFLA_VRF_TABLE, sizeof(uint32_t));
	if (!is_tun)
		return;
	dev->tun_pi = nested_number(data, IFLA_TUN_PI, sizeof(uint8_t)) > 0;
	dev->tun_persist = nested_number(data, IFLA_TUN_PERSIST, sizeof(uint8_t)) > 0;
	dev->tun_owned = find_nested(data, IFLA_TUN_OWNER) || find_nested(data, IFLA_TUN_GROUP);
	dev->tun_queues = nested_number(data, IFLA_TUN_NUM_QUEUES, sizeof(uint32_t)) +
			  nested_number(data, IFLA_TUN_NUM_DISABLED_QUEUES, sizeof(uint32_t));
}

/* Below 1280 bytes an interface has no IPv6 whatever its settings are; that is not meant here. */
static bool has_no_ipv6(struct nlattr *families, unsigned int mtu)
{
	struct nlattr *inet6 = find_nested(families, AF_INET6);
	struct nlattr *conf = find_nested(inet6, IFLA_INET6_CONF);
	int32_t disabled = 0;

	if (!inet6)
		return mtu >= IPV6_MIN_MTU;
	if (conf && nla_len(conf) >= (int)sizeof(disabled) * (DEVCONF_DISABLE_IPV6 + 1))
		memcpy(&disabled, (char *)nla_data(conf) + sizeof(disabled) * DEVCONF_DISABLE_IPV6,
		       sizeof(disabled));
	return disabled != 0;
}

static void describe(const struct ifinfomsg *header, struct nlattr *const attrs[],
		     struct rtnl_dev *ret)
{
	struct rtnl_dev dev = {
		.index = (unsigned int)header->ifi_index,
		.flags = header->ifi_flags,
		.mtu = attrs[IFLA_MTU] ? nla_get_u32(attrs[IFLA_MTU]) : 0,
		.master = attrs[IFLA_MASTER] ? nla_get_u32(attrs[IFLA_MASTER]) : 0,
		.link = attrs[IFLA_LINK] ? nla_get_u32(attrs[IFLA_LINK]) : 0,
		.promiscuity = attrs[IFLA_PROMISCUITY] ? nla_get_u32(attrs[IFLA_PROMISCUITY]) : 0,
		.tx_dropped = dropped(attrs[IFLA_STATS64]),
	};

	if (attrs[IFLA_IFALIAS])
		nla_strlcpy(dev.alias, attrs[IFLA_IFALIAS], sizeof(dev.alias));
	if (attrs[IFLA_IFNAME])
		nla_strlcpy(dev.name, attrs[IFLA_IFNAME], sizeof(dev.name));
	if (attrs[IFLA_QDISC])
		nla_strlcpy(dev.qdisc, attrs[IFLA_QDISC], sizeof(dev.qdisc));
	dev.no_ipv6 = has_no_ipv6(attrs[IFLA_AF_SPEC], dev.mtu);
	describe_kind(attrs[IFLA_LINKINFO], &dev);
	*ret = dev;
}

/*
 * Not by libnl's nl_msg_parse(), which has a parser for each kind of interface: that of "vrf"
 * follows a null pointer where the message has IFLA_INFO_XSTATS and no IFLA_INFO_DATA, and "tun" it
 * does not know.
 */
static int read_dev(struct nl_msg *msg, void *arg)
{
	static const struct nla_policy policy[IFLA_MAX + 1] = {
		[IFLA_IFNAME] = { .type = NLA_STRING },  [IFLA_IFALIAS] = { .type = NLA_STRING },
		[IFLA_MTU] = { .type = NLA_U32 },        [IFLA_MASTER] = { .type = NLA_U32 },
		[IFLA_LINK] = { .type = NLA_U32 },       [IFLA_PROMISCUITY] = { .type = NLA_U32 },
		[IFLA_QDISC] = { .type = NLA_STRING },   [IFLA_LINKINFO] = { .type = NLA_NESTED },
		[IFLA_AF_SPEC] = { .type = NLA_NESTED },
	};
	struct nlattr *attrs[IFLA_MAX + 1];
	struct nlmsghdr *header = nlmsg_hdr(msg);

	if (header->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(header, sizeof(struct ifinfomsg), attrs, IFLA_MAX, policy) < 0)
		return NL_SKIP;
	describe(nlmsg_data(header), attrs, arg);
	return NL_OK;
}

/* @nsid: NETNSA_NSID_NOT_ASSIGNED: in the namespace of @rtnl; @index: 0: by @name */
static int look_up_in(struct rtnl *rtnl, int nsid, unsigned int index, const char *name,
		      struct rtnl_dev *ret)
{
	_cleanup_msg_ struct nl_msg *msg = NULL;
	struct rtnl_dev dev = { 0 };
	int nle;

	nle = rtnl_link_build_get_request((int)index, name, &msg);
	if (nle < 0)
		return rtnl_result(rtnl, nle);
	if (nsid >= 0 && nla_put_s32(msg, IFLA_TARGET_NETNSID, nsid) < 0)
		return -EMSGSIZE;
	nle = rtnl_exchange(rtnl, msg, read_dev, &dev);
	if (nle < 0)
		return rtnl_result(rtnl, nle);
	if (dev.index == 0)
		return -EBADMSG;
	*ret = dev;
	return 0;
}

int rtnl_dev_by_name(struct rtnl *rtnl, const char *name, struct rtnl_dev *ret)
{
	/* the kernel calls such names invalid; nothing can have one */
	if (!*name || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	return look_up_in(rtnl, NETNSA_NSID_NOT_ASSIGNED, 0, name, ret);
}

int rtnl_dev_by_nsid(struct rtnl *rtnl, int nsid, unsigned int index, struct rtnl_dev *ret)
{
	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	return look_up_in(rtnl, nsid, index, NULL, ret);
}

int rtnl_dev_by_nsid_name(struct rtnl *rtnl, int nsid, const char *name, struct rtnl_dev *ret)
{
	if (!*name || strlen(name) >= IFNAMSIZ)
		return -ENODEV;
	return look_up_in(rtnl, nsid, 0, name, ret);
}
