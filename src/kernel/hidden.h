/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_HIDDEN_H
#define RPORT_KERNEL_HIDDEN_H

/*
 * Hidden pairs of interfaces, which carry packets from one namespace to another and nothing else.
 * The program of a netkit interface is run as the packet is sent, in the namespace of the other
 * end; at a veth interface a filter takes the packet when it has been received, so that it waits in
 * one queue of the kernel more. netkit is there from Linux 6.7 on, where it was built.
 */

#include <linux/if_ether.h>

#include "kernel/rtnl.h"

enum hidden_kind {
	HIDDEN_VETH,
	HIDDEN_NETKIT,
};

/*
 * struct hidden_end - one end of a pair
 * @rtnl: a socket in its namespace
 * @name: of the interface
 * @alias: IFLA_IFALIAS
 */
struct hidden_end {
	struct rtnl *rtnl;
	const char *name;
	const char *alias;
};

/**
 * hidden_is_possible() - check the kind of an interface
 * @dev: the interface
 *
 * Return: true when it is of a kind that hidden_make() makes.
 */
static inline bool hidden_is_possible(const struct rtnl_dev *dev)
{
	return dev->is_veth || dev->is_netkit;
}

/**
 * hidden_make() - make a pair of interfaces, each in its namespace, and set them up
 * @kind: what they are
 * @ends: the two ends; of netkit the first one is the primary
 * @netns_fd: the namespace of the second one; stays the caller's
 * @mac: address of both
 * @ret_index: ifindex of each, in its namespace
 *
 * They have no addresses and ask nobody (IFF_NOARP, IN6_ADDR_GEN_MODE_NONE), and the greatest MTU.
 * netkit drops what no program takes. A failure leaves no pair behind.
 *
 * Return: 0; -EEXIST when a name is taken; -EOPNOTSUPP when the kernel does not know the kind; or
 * another -errno.
 */
int hidden_make(enum hidden_kind kind, const struct hidden_end ends[static 2], int netns_fd,
		const unsigned char mac[static ETH_ALEN], unsigned int ret_index[static 2]);

/**
 * hidden_find() - look for a pair that hidden_make() made
 * @ends: the two ends
 * @ret_kind: what they are
 * @ret_index: ifindex of each
 *
 * Return: 0; -ENODEV when one end is missing, is down, or is not the other one's; or another
 * -errno.
 */
int hidden_find(const struct hidden_end ends[static 2], enum hidden_kind *ret_kind,
		unsigned int ret_index[static 2]);

#define HIDDEN_LIST_MAX 256

struct hidden_name {
	char name[IFNAMSIZ];
	unsigned int index;
};

/**
 * hidden_list() - list the interfaces of one kind in a namespace whose names begin with certain
 * letters
 * @rtnl: a socket in the namespace
 * @kind: a kernel that does not know it lists interfaces of all kinds
 * @prefix: the letters
 * @ret: filled
 *
 * Return: how many, at most HIDDEN_LIST_MAX; -ENOMEM; or another -errno of rtnetlink(7).
 */
int hidden_list(struct rtnl *rtnl, enum hidden_kind kind, const char *prefix,
		struct hidden_name ret[static HIDDEN_LIST_MAX]);

#endif
