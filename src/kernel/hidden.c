/* SPDX-License-Identifier: ISC */

/* Hidden pairs: messages built by hand, as libnl's cannot set what the far end gets. */

#include <net/if.h> /* before any of <linux/> */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <time.h>

#include "kernel/hidden.h"
#include "kernel/rtnl-private.h"

#define MTU                ETH_MAX_MTU
/* of <linux/if_link.h>, Linux 6.7 */
#define NETKIT_POLICY      3
#define NETKIT_PEER_POLICY 4
#define NETKIT_MODE        5
#define NETKIT_DROP        2
#define NETKIT_L2          0

#define READY_TRIES 20 /* of 1 ms; from Linux 6.8 on the first query makes it ready */

_Static_assert(VETH_INFO_PEER == 1, "IFLA_NETKIT_PEER_INFO is the same number");

static const char *const kinds[] = {
	[HIDDEN_VETH] = "veth",
	[HIDDEN_NETKIT] = "netkit",
};

static const struct ifinfomsg noarp = {
	.ifi_family = AF_UNSPEC,
	.ifi_flags = IFF_NOARP,
	.ifi_change = IFF_NOARP,
};

static int put_end(struct nl_msg *msg, const char *name, const unsigned char *mac)
{
	return nla_put_string(msg, IFLA_IFNAME, name) < 0 ||
			       nla_put(msg, IFLA_ADDRESS, ETH_ALEN, mac) < 0 ||
			       nla_put_u32(msg, IFLA_MTU, MTU) < 0
		       ? -ENOMEM
		       : 0;
}

/* In its mode L3 it could have no address, and in both it takes frames with a header. */
static int put_netkit(struct nl_msg *msg)
{
	return nla_put_u32(msg, NETKIT_MODE, NETKIT_L2) < 0 ||
			       nla_put_u32(msg, NETKIT_POLICY, NETKIT_DROP) < 0 ||
			       nla_put_u32(msg, NETKIT_PEER_POLICY, NETKIT_DROP) < 0
		       ? -ENOMEM
		       : 0;
}

/* The second end: what a message of its own would say, in an attribute. */
static int put_peer(struct nl_msg *msg, enum hidden_kind kind, const struct hidden_end *end,
		    int netns_fd, const unsigned char *mac)
{
	struct nlattr *info = nla_nest_start(msg, IFLA_LINKINFO), *data, *peer;

	if (!info || nla_put_string(msg, IFLA_INFO_KIND, kinds[kind]) < 0)
		return -ENOMEM;
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	peer = data ? nla_nest_start(msg, VETH_INFO_PEER) : NULL;
	if (!peer || nlmsg_append(msg, (void *)&noarp, sizeof(noarp), NLMSG_ALIGNTO) < 0 ||
	    put_end(msg, end->name, mac) < 0 ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)netns_fd) < 0)
		return -ENOMEM;
	nla_nest_end(msg, peer);
	if (kind == HIDDEN_NETKIT && put_netkit(msg) < 0)
		return -ENOMEM;
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return 0;
}

static int make_pair(enum hidden_kind kind, const struct hidden_end ends[static 2], int netns_fd,
		     const unsigned char *mac)
{
	_cleanup_msg_ struct nl_msg *msg =
		nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);

	if (!msg || nlmsg_append(msg, (void *)&noarp, sizeof(noarp), NLMSG_ALIGNTO) < 0 ||
	    put_end(msg, ends[0].name, mac) < 0 || put_peer(msg, kind, &ends[1], netns_fd, mac) < 0)
		return -ENOMEM;
	return rtnl_send(ends[0].rtnl, msg);
}

static int set_up(const struct hidden_end *end, unsigned int *ret_index)
{
	struct rtnl_dev dev;
	int r = rtnl_dev_by_name(end->rtnl, end->name, &dev);

	if (r >= 0)
		r = rtnl_dev_set_alias(end->rtnl, dev.index, end->alias);
	if (r >= 0)
		r = rtnl_dev_set_up(end->rtnl, dev.index, true);
	if (r >= 0)
		*ret_index = dev.index;
	return r;
}

/* After it has got a carrier, which linkwatch_event() of the kernel tells it a little later. */
static bool is_ready(const struct hidden_end *end)
{
	struct rtnl_dev dev;

	return rtnl_dev_by_name(end->rtnl, end->name, &dev) >= 0 && dev.flags & IFF_RUNNING &&
	       !streq(dev.qdisc, "noop");
}

static void await_ready(const struct hidden_end ends[static 2])
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };

	for (int i = 0; i < READY_TRIES && !(is_ready(&ends[0]) && is_ready(&ends[1])); i++)
		nanosleep(&pause, NULL);
}

int hidden_make(enum hidden_kind kind, const struct hidden_end ends[static 2], int netns_fd,
		const unsigned char mac[static ETH_ALEN], unsigned int ret_index[static 2])
{
	unsigned int index[2] = { 0, 0 };
	int r = make_pair(kind, ends, netns_fd, mac);

	if (r < 0)
		return r;
	for (int i = 0; i < 2 && r >= 0; i++)
		r = set_up(&ends[i], &index[i]);
	if (r < 0) {
		if (index[0] > 0)
			(void)rtnl_dev_delete(ends[0].rtnl, index[0]);
		return r;
	}
	await_ready(ends);
	memcpy(ret_index, index, sizeof(index));
	return 0;
}

int hidden_find(const struct hidden_end ends[static 2], enum hidden_kind *ret_kind,
		unsigned int ret_index[static 2])
{
	struct rtnl_dev dev[2];

	for (int i = 0; i < 2; i++) {
		int r = rtnl_dev_by_name(ends[i].rtnl, ends[i].name, &dev[i]);

		if (r < 0)
			return r;
		if (!hidden_is_possible(&dev[i]) || !(dev[i].flags & IFF_UP))
			return -ENODEV;
	}
	if (dev[0].link != dev[1].index || dev[1].link != dev[0].index)
		return -ENODEV;
	*ret_kind = dev[0].is_netkit ? HIDDEN_NETKIT : HIDDEN_VETH;
	ret_index[0] = dev[0].index;
	ret_index[1] = dev[1].index;
	return 0;
}

struct listing {
	const char *prefix;
	struct hidden_name *found;
	int n;
};

static int take_name(struct nl_msg *msg, void *arg)
{
	const struct ifinfomsg *info = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *name = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(*info), IFLA_IFNAME);
	struct listing *listing = arg;

	if (!name || listing->n == HIDDEN_LIST_MAX ||
	    !skip_prefix(nla_get_string(name), listing->prefix))
		return NL_SKIP;
	nla_strlcpy(listing->found[listing->n].name, name, IFNAMSIZ);
	listing->found[listing->n++].index = (unsigned int)info->ifi_index;
	return NL_OK;
}

/* The kernel picks those of this kind out. */
static struct nl_msg *make_list_request(enum hidden_kind kind)
{
	const struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);
	struct nlattr *info;

	if (!msg || nlmsg_append(msg, (void *)&all, sizeof(all), NLMSG_ALIGNTO) < 0)
		return NULL;
	info = nla_nest_start(msg, IFLA_LINKINFO);
	if (!info || nla_put_string(msg, IFLA_INFO_KIND, kinds[kind]) < 0)
		return NULL;
	nla_nest_end(msg, info);
	return steal_ptr(msg);
}

int hidden_list(struct rtnl *rtnl, enum hidden_kind kind, const char *prefix,
		struct hidden_name ret[static HIDDEN_LIST_MAX])
{
	struct listing listing = { .prefix = prefix, .found = ret };
	_cleanup_msg_ struct nl_msg *msg = make_list_request(kind);
	int r;

	if (!msg)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_dump(rtnl, msg, take_name, &listing));
	return r < 0 ? r : listing.n;
}
