/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_RTNL_PRIVATE_H
#define RPORT_KERNEL_RTNL_PRIVATE_H

/* What rtnl.c (interfaces, namespaces) and rtnl-inet.c (addresses, routes) share. */

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "kernel/rtnl.h"

struct rtnl {
	struct nl_sock *socket;
	int kernel_error;  /* -errno of the last error message, 0: none yet */
	uint32_t sequence; /* number of the last request */
};

static inline void cleanup_msg(struct nl_msg **msg)
{
	nlmsg_free(*msg);
}
#define _cleanup_msg_ _cleanup_(cleanup_msg)

/**
 * rtnl_result() - what a call of libnl returned, as 0 or -errno
 * @nle: it; what the kernel said meanwhile is preferred, and forgotten
 */
int rtnl_result(struct rtnl *rtnl, int nle);

/**
 * rtnl_send() - send a request of our own making, and wait for its acknowledgement
 * Return: 0 or -errno.
 */
int rtnl_send(struct rtnl *rtnl, struct nl_msg *msg);

#endif
