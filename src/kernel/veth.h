/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_VETH_H
#define RPORT_KERNEL_VETH_H

/* Hidden veth pairs, which carry packets from one namespace to another and nothing else. */

#include <linux/if_ether.h>

#include "kernel/rtnl.h"

/*
 * struct veth_end - one end of a pair
 * @rtnl: a socket in its namespace
 * @name: of the interface
 * @alias: IFLA_IFALIAS
 */
struct veth_end {
	struct rtnl *rtnl;
	const char *name;
	const char *alias;
};

/**
 * veth_make() - make a pair of veth interfaces, each in its namespace, and set them up
 * @ends: the two ends
 * @netns_fd: the namespace of the second one; stays the caller's
 * @mac: address of both
 * @ret_index: ifindex of each, in its namespace
 *
 * They have no addresses and ask nobody (IFF_NOARP, IN6_ADDR_GEN_MODE_NONE), and the greatest MTU.
 * A failure leaves no pair behind.
 *
 * Return: 0; -EEXIST when a name is taken; -EOPNOTSUPP when the kernel has no veth; or another
 * -errno.
 */
int veth_make(const struct veth_end ends[static 2], int netns_fd,
	      const unsigned char mac[static ETH_ALEN], unsigned int ret_index[static 2]);

/**
 * veth_find() - look for a pair that veth_make() made
 * @ends: the two ends
 * @ret_index: ifindex of each
 *
 * Return: 0; -ENODEV when one end is missing, is down, or is not the other one's; or another
 * -errno.
 */
int veth_find(const struct veth_end ends[static 2], unsigned int ret_index[static 2]);

#define VETH_LIST_MAX 256

struct veth_name {
	char name[IFNAMSIZ];
	unsigned int index;
};

/**
 * veth_list() - list the veth interfaces of a namespace whose names begin with certain letters
 * @rtnl: a socket in the namespace
 * @prefix: the letters
 * @ret: filled
 *
 * Return: how many, at most VETH_LIST_MAX; -ENOMEM; or another -errno of rtnetlink(7).
 */
int veth_list(struct rtnl *rtnl, const char *prefix, struct veth_name ret[static VETH_LIST_MAX]);

#endif
