/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_RTNL_PRIVATE_H
#define RPORT_KERNEL_RTNL_PRIVATE_H

/* What rtnl.c, rtnl-find.c (interfaces), rtnl-inet.c, rtnl-route.c and rtnl-exact.c (addresses,
 * routes) share. */

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "kernel/rtnl.h"

struct rtnl {
	struct nl_sock *socket;
	int kernel_error;  /* -errno of the last error message, 0: none yet */
	uint32_t sequence; /* number of the last request */
};

/**
 * cleanup_msg() - free a message at the end of its scope, for _cleanup_msg_
 * @msg: the address of the pointer
 */
static inline void cleanup_msg(struct nl_msg **msg)
{
	nlmsg_free(*msg);
}
#define _cleanup_msg_ _cleanup_(cleanup_msg)

/**
 * rtnl_result() - turn what a call of libnl returned into 0 or -errno
 * @rtnl: the socket of that call
 * @nle: what it returned; an error that the kernel sent meanwhile is preferred, and forgotten
 *
 * Return: 0; the -errno that the kernel sent; or what stands for an error of libnl: -ENOMEM,
 * -EINVAL and others.
 */
int rtnl_result(struct rtnl *rtnl, int nle);

/**
 * rtnl_send() - send a request of our own making, and wait for its acknowledgement
 * @rtnl: the socket
 * @msg: stays the caller's
 *
 * Return: 0 or -errno: -ENOMEM, -ENOBUFS, or that of the kernel's answer.
 */
int rtnl_send(struct rtnl *rtnl, struct nl_msg *msg);

/**
 * rtnl_dump() - send a request of our own making that is answered by any number of messages
 * @rtnl: the socket
 * @msg: with NLM_F_DUMP; stays the caller's
 * @read: called with each answer and @arg; returns NL_OK, NL_SKIP or NL_STOP
 * @arg: for @read
 *
 * Return: an error number of libnl, for rtnl_result().
 */
int rtnl_dump(struct rtnl *rtnl, struct nl_msg *msg, nl_recvmsg_msg_cb_t read, void *arg);

/**
 * rtnl_exchange() - send a request of our own making that is answered by one message
 * @rtnl: the socket
 * @msg: stays the caller's
 * @read: called with the answer and @arg; returns NL_OK or NL_SKIP
 * @arg: for @read
 *
 * Return: an error number of libnl, for rtnl_result().
 */
int rtnl_exchange(struct rtnl *rtnl, struct nl_msg *msg, nl_recvmsg_msg_cb_t read, void *arg);

/**
 * rtnl_ask_route4() - ask for exactly this IPv4 route of ours
 * @rtnl: a socket in the namespace of the interface
 * @index: of the interface
 * @route: with an IPv4 network
 * @table: routing table
 *
 * Takes the rtnl lock: rtnl_dev_has_route() asks only when a lookup does not tell.
 *
 * Return: 1 when it is there; 0; -ENOMEM, -ENOBUFS, or another -errno of the kernel's answer.
 */
int rtnl_ask_route4(struct rtnl *rtnl, unsigned int index, const struct route_spec *route,
		    uint32_t table);

/**
 * rtnl_read_ip() - read an address out of an attribute
 * @attr: NULL: there is no such attribute
 * @family: AF_INET or AF_INET6
 * @ret: the address
 *
 * Return: true; false when @attr is not an address of that family.
 */
bool rtnl_read_ip(const struct nlattr *attr, int family, struct ip_address *ret);

#endif
