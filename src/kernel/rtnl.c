/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation. (Interfaces are looked up in rtnl-find.c; addresses and routes are in
 * rtnl-inet.c and rtnl-exact.c.)
 *
 * Errors: libnl folds errno into fewer numbers of its own (all it does not know, such as ENETDOWN,
 * ENETUNREACH or ENFILE, becomes NLE_FAILURE; EADDRINUSE and EEXIST become one). So the callback
 * for error messages notes what the kernel said, and rtnl_result() prefers that to libnl's number.
 *
 * Moving: a request that moves a device and names it (IFLA_NET_NS_FD with IFLA_IFNAME) is two
 * steps in the kernel, do_setlink() in net/core/rtnetlink.c: the device moves under its old name,
 * and is renamed when it is already there. One without IFLA_IFNAME is one step and refuses a taken
 * name. So a device with a fixed name is renamed first, where it is; only a pattern, which has to
 * be looked up in the target, is left to the second step. (Seen on Linux 6.18.)
 *
 * A message that libnl cannot build is built by hand: here the move, RTM_*NSID in rtnl-find.c, and
 * addresses in rtnl-inet.c, because rtnl_addr_set_peer() of libnl 3.7 refuses an IPv6 peer.
 */
#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>

#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <netlink/route/link/inet6.h>
#include <netlink/socket.h>

#include "kernel/netns.h"
#include "kernel/rtnl-private.h"

/* One message fits many times; a link with 128 SR-IOV functions does not fit the default. */
#define RECEIVE_BUFFER_SIZE (1024 * 1024)

static void cleanup_link(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

#define _cleanup_link_ _cleanup_(cleanup_link)

static const int errno_of_nle[NLE_MAX + 1] = {
	[NLE_FAILURE] = EIO,
	[NLE_INTR] = EINTR,
	[NLE_BAD_SOCK] = EBADF,
	[NLE_AGAIN] = EAGAIN,
	[NLE_NOMEM] = ENOMEM,
	[NLE_EXIST] = EEXIST,
	[NLE_INVAL] = EINVAL,
	[NLE_RANGE] = ERANGE,
	[NLE_MSGSIZE] = EMSGSIZE,
	[NLE_OPNOTSUPP] = EOPNOTSUPP,
	[NLE_AF_NOSUPPORT] = EAFNOSUPPORT,
	[NLE_OBJ_NOTFOUND] = ENOENT,
	[NLE_NOATTR] = EBADMSG,
	[NLE_MISSING_ATTR] = EINVAL,
	[NLE_AF_MISMATCH] = EINVAL,
	[NLE_SEQ_MISMATCH] = EBADMSG,
	[NLE_MSG_OVERFLOW] = ENOBUFS,
	[NLE_MSG_TRUNC] = EBADMSG,
	[NLE_NOADDR] = EADDRNOTAVAIL,
	[NLE_SRCRT_NOSUPPORT] = EOPNOTSUPP,
	[NLE_MSG_TOOSHORT] = EBADMSG,
	[NLE_MSGTYPE_NOSUPPORT] = EOPNOTSUPP,
	[NLE_OBJ_MISMATCH] = EBADMSG,
	[NLE_NOCACHE] = EIO,
	[NLE_BUSY] = EBUSY,
	[NLE_PROTO_MISMATCH] = EPROTONOSUPPORT,
	[NLE_NOACCESS] = EACCES,
	[NLE_PERM] = EPERM,
	[NLE_PKTLOC_FILE] = EIO,
	[NLE_PARSE_ERR] = EBADMSG,
	[NLE_NODEV] = ENODEV,
	[NLE_IMMUTABLE] = EINVAL,
	[NLE_DUMP_INTR] = EINTR,
	[NLE_ATTRSIZE] = EBADMSG,
};

static int note_kernel_error(struct sockaddr_nl *from _unused_, struct nlmsgerr *message, void *arg)
{
	struct rtnl *rtnl = arg;

	rtnl->kernel_error = message->error;
	return NL_STOP;
}

int rtnl_result(struct rtnl *rtnl, int nle)
{
	int kernel_error = rtnl->kernel_error;

	rtnl->kernel_error = 0;
	if (nle >= 0)
		return 0;
	/* not when libnl itself failed after, or went on despite, an error of the kernel */
	if (kernel_error < 0 && nl_syserr2nlerr(kernel_error) == -nle)
		return kernel_error;
	if (-nle < (int)ARRAY_SIZE(errno_of_nle) && errno_of_nle[-nle] != 0)
		return -errno_of_nle[-nle];
	return -EIO;
}

/*
 * libnl counts answers, and after one request that could not be sent it takes every later answer
 * for a wrong one. So the number of the last request is noted here, and answers to others are
 * skipped.
 */
static int note_request(struct nl_msg *msg, void *arg)
{
	struct rtnl *rtnl = arg;

	rtnl->sequence = nlmsg_hdr(msg)->nlmsg_seq;
	return NL_OK;
}

static int check_answer(struct nl_msg *msg, void *arg)
{
	const struct rtnl *rtnl = arg;

	return nlmsg_hdr(msg)->nlmsg_seq == rtnl->sequence ? NL_OK : NL_SKIP;
}

static struct rtnl *alloc_rtnl(void)
{
	struct rtnl *rtnl = calloc(1, sizeof(*rtnl));

	if (!rtnl)
		return NULL;
	rtnl->socket = nl_socket_alloc();
	if (!rtnl->socket ||
	    nl_socket_modify_err_cb(rtnl->socket, NL_CB_CUSTOM, note_kernel_error, rtnl) < 0 ||
	    nl_socket_modify_cb(rtnl->socket, NL_CB_MSG_OUT, NL_CB_CUSTOM, note_request, rtnl) <
		    0 ||
	    nl_socket_modify_cb(rtnl->socket, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, check_answer, rtnl) <
		    0) {
		rtnl_close(rtnl);
		return NULL;
	}
	/* ask for the length of each message before it is read: none is cut short */
	nl_socket_enable_msg_peek(rtnl->socket);
	return rtnl;
}

/* In a helper. A socket belongs to the namespace of the thread that made it. */
static int open_socket(const void *arg _unused_)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	/* the kernel chooses the address: those that libnl chooses are of its own namespace */
	if (fd < 0 || bind(fd, (struct sockaddr *)&(struct sockaddr_nl){ .nl_family = AF_NETLINK },
			   sizeof(struct sockaddr_nl)) < 0)
		return -errno;
	return steal_fd(&fd);
}

static int connect_inside(struct rtnl *rtnl, int netns_fd)
{
	int fd = netns_open_inside(netns_fd, open_socket, NULL, 0);
	int r;

	if (fd < 0)
		return fd;
	r = rtnl_result(rtnl, nl_socket_set_fd(rtnl->socket, NETLINK_ROUTE, fd));
	if (r < 0)
		safe_close(fd);
	return r;
}

int rtnl_open(int netns_fd, struct rtnl **ret)
{
	_cleanup_rtnl_ struct rtnl *rtnl = alloc_rtnl();
	int r;

	if (!rtnl)
		return -ENOMEM;
	if (netns_fd < 0)
		r = rtnl_result(rtnl, nl_connect(rtnl->socket, NETLINK_ROUTE)); /* close-on-exec */
	else
		r = connect_inside(rtnl, netns_fd);
	if (r < 0)
		return r;
	r = rtnl_result(rtnl, nl_socket_set_buffer_size(rtnl->socket, RECEIVE_BUFFER_SIZE, 0));
	if (r < 0)
		return r;
	*ret = steal_ptr(rtnl);
	return 0;
}

void rtnl_close(struct rtnl *rtnl)
{
	if (!rtnl)
		return;
	nl_socket_free(rtnl->socket);
	free(rtnl);
}

int rtnl_send(struct rtnl *rtnl, struct nl_msg *msg)
{
	int nle = nl_send_auto(rtnl->socket, msg);

	return rtnl_result(rtnl, nle < 0 ? nle : nl_wait_for_ack(rtnl->socket));
}

bool rtnl_read_ip(const struct nlattr *attr, int family, struct ip_address *ret)
{
	size_t size = ip_address_bits(family) / 8;

	if (!attr || size == 0 || nla_len(attr) != (int)size)
		return false;
	*ret = (struct ip_address){ .family = family };
	memcpy(ret->bytes, nla_data(attr), size);
	return true;
}

int rtnl_dump(struct rtnl *rtnl, struct nl_msg *msg, nl_recvmsg_msg_cb_t read, void *arg)
{
	int nle;

	nl_socket_modify_cb(rtnl->socket, NL_CB_VALID, NL_CB_CUSTOM, read, arg);
	nle = nl_send_auto(rtnl->socket, msg);
	if (nle >= 0)
		nle = nl_recvmsgs_default(rtnl->socket); /* the answer, or an error */
	nl_socket_modify_cb(rtnl->socket, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	return nle;
}

int rtnl_exchange(struct rtnl *rtnl, struct nl_msg *msg, nl_recvmsg_msg_cb_t read, void *arg)
{
	int nle = rtnl_dump(rtnl, msg, read, arg);

	return nle < 0 ? nle : nl_wait_for_ack(rtnl->socket);
}

/* A link that stands for the interface with this index. */
static int link_with_index(unsigned int index, struct rtnl_link **ret)
{
	struct rtnl_link *link;

	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	link = rtnl_link_alloc();
	if (!link)
		return -ENOMEM;
	rtnl_link_set_ifindex(link, (int)index);
	*ret = link;
	return 0;
}

static int change_link(struct rtnl *rtnl, unsigned int index, struct rtnl_link *changes)
{
	_cleanup_link_ struct rtnl_link *link = NULL;
	int r = link_with_index(index, &link);

	return r < 0 ? r : rtnl_result(rtnl, rtnl_link_change(rtnl->socket, link, changes, 0));
}

/* Keep the kernel from making an IPv6 link-local address. This is not part of a larger change,
 * because a kernel without IPv6 (or with ipv6.disable=1) refuses all of a request that has it.
 */
static int disable_link_local(struct rtnl *rtnl, unsigned int index)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();
	int r;

	if (!changes)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_link_inet6_set_addr_gen_mode(changes, IN6_ADDR_GEN_MODE_NONE));
	if (r < 0)
		return r;
	r = change_link(rtnl, index, changes);
	return r == -EAFNOSUPPORT ? 0 : r;
}

int rtnl_dev_configure(struct rtnl *rtnl, unsigned int index, const char *alias, unsigned int mtu,
		       unsigned int queue_length)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();

	if (!changes)
		return -ENOMEM;
	rtnl_link_set_ifalias(changes, alias);
	rtnl_link_set_mtu(changes, mtu);
	rtnl_link_set_txqlen(changes, queue_length);
	return change_link(rtnl, index, changes);
}

int rtnl_dev_delete(struct rtnl *rtnl, unsigned int index)
{
	_cleanup_link_ struct rtnl_link *link = NULL;
	int r = link_with_index(index, &link);

	return r < 0 ? r : rtnl_result(rtnl, rtnl_link_delete(rtnl->socket, link));
}

int rtnl_dev_move_to_pid(struct rtnl *rtnl, unsigned int index, pid_t pid)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();

	if (!changes)
		return -ENOMEM;
	rtnl_link_set_ns_pid(changes, pid);
	return change_link(rtnl, index, changes);
}

int rtnl_dev_set_up(struct rtnl *rtnl, unsigned int index, bool up)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();
	int r;

	if (!changes)
		return -ENOMEM;
	if (up) {
		/* A move removes the IPv6 settings of a device and sets up default ones, with
		 * which the kernel would make the address now. */
		r = disable_link_local(rtnl, index);
		if (r < 0)
			return r;
		rtnl_link_set_flags(changes, IFF_UP);
	} else {
		rtnl_link_unset_flags(changes, IFF_UP);
	}
	return change_link(rtnl, index, changes);
}

int rtnl_dev_set_alias(struct rtnl *rtnl, unsigned int index, const char *alias)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();

	if (!changes)
		return -ENOMEM;
	rtnl_link_set_ifalias(changes, alias);
	return change_link(rtnl, index, changes);
}

int rtnl_dev_set_mtu(struct rtnl *rtnl, unsigned int index, unsigned int mtu)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();

	if (!changes)
		return -ENOMEM;
	rtnl_link_set_mtu(changes, mtu);
	return change_link(rtnl, index, changes);
}

/* --- naming and moving ------------------------------------------------------------------------ */

static int rename_dev(struct rtnl *rtnl, unsigned int index, const char *name)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();

	if (!changes)
		return -ENOMEM;
	rtnl_link_set_name(changes, name);
	return change_link(rtnl, index, changes);
}

/* @master: 0 for none. The kernel moves first (do_setlink()), so the master is looked up where the
 * interface has come to, before anybody else can change it there. */
static int send_move(struct rtnl *rtnl, unsigned int index, int netns_fd, unsigned int master)
{
	struct ifinfomsg header = { .ifi_family = AF_UNSPEC, .ifi_index = (int)index };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, 0);

	if (!msg)
		return -ENOMEM;
	if (nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)netns_fd) < 0 ||
	    (master > 0 && nla_put_u32(msg, IFLA_MASTER, master) < 0))
		return -EMSGSIZE;
	return rtnl_send(rtnl, msg);
}

int rtnl_dev_move(struct rtnl *rtnl, unsigned int index, int netns_fd, const char *name,
		  unsigned int master)
{
	int r;

	if (!*name || strlen(name) >= IFNAMSIZ || netns_fd < 0)
		return -EINVAL;
	/* The kernel moves first, and gives a name that is in the same message after. */
	r = rename_dev(rtnl, index, name);
	return r < 0 ? r : send_move(rtnl, index, netns_fd, master);
}

int rtnl_dev_promote_secondaries(struct rtnl *rtnl, unsigned int index)
{
	_cleanup_link_ struct rtnl_link *changes = rtnl_link_alloc();

	if (!changes)
		return -ENOMEM;
	if (rtnl_link_inet_set_conf(changes, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1) < 0)
		return -ENOMEM;
	return change_link(rtnl, index, changes);
}

static int rename_downed(struct rtnl *rtnl, unsigned int index, const char *name)
{
	int r, raised;

	r = rtnl_dev_set_up(rtnl, index, false);
	if (r < 0)
		return r;
	r = rename_dev(rtnl, index, name);
	raised = rtnl_dev_set_up(rtnl, index, true); /* also under its old name */
	return r < 0 ? r : raised;
}

int rtnl_dev_rename(struct rtnl *rtnl, unsigned int index, const char *name)
{
	int r;

	/* libnl would cut it short */
	if (!*name || strlen(name) >= IFNAMSIZ)
		return -EINVAL;
	r = rename_dev(rtnl, index, name);
	return r == -EBUSY ? rename_downed(rtnl, index, name) : r;
}

int rtnl_dev_delete_altname(struct rtnl *rtnl, unsigned int index, const char *name)
{
	struct ifinfomsg header = { .ifi_index = (int)index };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(RTM_DELLINKPROP, 0);
	struct nlattr *list;

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
		return -ENOMEM;
	list = nla_nest_start(msg, NLA_F_NESTED | IFLA_PROP_LIST);
	if (!list || nla_put_string(msg, IFLA_ALT_IFNAME, name) < 0)
		return -ENOMEM;
	nla_nest_end(msg, list);
	return rtnl_send(rtnl, msg);
}

/* A request about one interface, or with @index 0 about a group, with one number in it. */
static int send_number(struct rtnl *rtnl, int type, unsigned int index, int attribute,
		       uint32_t number)
{
	struct ifinfomsg header = { .ifi_index = (int)index };
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	if (!msg || nlmsg_append(msg, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, attribute, number) < 0)
		return -ENOMEM;
	return rtnl_send(rtnl, msg);
}

int rtnl_dev_enslave(struct rtnl *rtnl, unsigned int index, unsigned int master)
{
	return send_number(rtnl, RTM_NEWLINK, index, IFLA_MASTER, master);
}

int rtnl_dev_release(struct rtnl *rtnl, unsigned int index)
{
	return rtnl_dev_enslave(rtnl, index, 0);
}

int rtnl_dev_set_group(struct rtnl *rtnl, unsigned int index, uint32_t group)
{
	return send_number(rtnl, RTM_NEWLINK, index, IFLA_GROUP, group);
}

int rtnl_delete_group(struct rtnl *rtnl, uint32_t group)
{
	return group == 0 ? -EINVAL : send_number(rtnl, RTM_DELLINK, 0, IFLA_GROUP, group);
}
