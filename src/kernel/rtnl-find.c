/* SPDX-License-Identifier: ISC */

/*
 * Finding interfaces, also in other namespaces (IFLA_TARGET_NETNSID), and the numbers that these
 * namespaces have in ours (nsid, RTM_NEWNSID), for which libnl has no functions.
 */
#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vrf.h>

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

static void describe(struct rtnl_link *link, struct rtnl_dev *ret)
{
	struct rtnl_dev dev = {
		.index = (unsigned int)rtnl_link_get_ifindex(link),
		.mtu = rtnl_link_get_mtu(link),
		.flags = rtnl_link_get_flags(link),
		.master = (unsigned int)rtnl_link_get_master(link),
		.is_vrf = rtnl_link_is_vrf(link),
		.tx_dropped = rtnl_link_get_stat(link, RTNL_LINK_TX_DROPPED),
	};
	const char *name = rtnl_link_get_name(link), *alias = rtnl_link_get_ifalias(link);

	if (alias)
		snprintf(dev.alias, sizeof(dev.alias), "%s", alias);
	if (name)
		snprintf(dev.name, sizeof(dev.name), "%s", name);
	*ret = dev;
}

static void describe_object(struct nl_object *object, void *arg)
{
	describe((struct rtnl_link *)object, arg);
}

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

/*
 * What is particular to a kind of interface. libnl does not know the kind "tun", and of a "vrf" its
 * rtnl_link_vrf_get_tableid() follows a null pointer where the message has no IFLA_INFO_DATA.
 */
static void describe_kind(struct nl_msg *msg, struct rtnl_dev *dev)
{
	struct nlattr *info =
		nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct ifinfomsg), IFLA_LINKINFO);
	struct nlattr *kind = find_nested(info, IFLA_INFO_KIND);
	struct nlattr *data = find_nested(info, IFLA_INFO_DATA);
	bool is_tun = kind && nla_strcmp(kind, "tun") == 0;

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

static int read_dev(struct nl_msg *msg, void *arg)
{
	struct rtnl_dev *dev = arg;

	/* nl_msg_parse() gives whatever object the message is about */
	if (nlmsg_hdr(msg)->nlmsg_type != RTM_NEWLINK ||
	    nl_msg_parse(msg, describe_object, dev) < 0)
		return NL_SKIP;
	describe_kind(msg, dev);
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
