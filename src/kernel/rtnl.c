/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation. (Addresses and routes are in rtnl-inet.c.)
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
 * A message that libnl cannot build is built here by hand: the move, RTM_*NSID, and addresses,
 * because rtnl_addr_set_peer() of libnl 3.7 refuses an IPv6 peer.
 */
#include <limits.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet.h>
#include <netlink/route/link/inet6.h>
#include <netlink/route/link/vrf.h>
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

int rtnl_exchange(struct rtnl *rtnl, struct nl_msg *msg, nl_recvmsg_msg_cb_t read, void *arg)
{
	int nle;

	nl_socket_modify_cb(rtnl->socket, NL_CB_VALID, NL_CB_CUSTOM, read, arg);
	nle = nl_send_auto(rtnl->socket, msg);
	if (nle >= 0)
		nle = nl_recvmsgs_default(rtnl->socket); /* the answer, or an error */
	if (nle >= 0)
		nle = nl_wait_for_ack(rtnl->socket);
	nl_socket_modify_cb(rtnl->socket, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	return nle;
}

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

static int change_link(struct rtnl *rtnl, unsigned int index, struct rtnl_link *changes)
{
	_cleanup_link_ struct rtnl_link *link = rtnl_link_alloc();

	if (!link)
		return -ENOMEM;
	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	rtnl_link_set_ifindex(link, (int)index);
	return rtnl_result(rtnl, rtnl_link_change(rtnl->socket, link, changes, 0));
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
	_cleanup_link_ struct rtnl_link *link = rtnl_link_alloc();

	if (!link)
		return -ENOMEM;
	if (index == 0 || index > INT_MAX)
		return -ENODEV;
	rtnl_link_set_ifindex(link, (int)index);
	return rtnl_result(rtnl, rtnl_link_delete(rtnl->socket, link));
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
		/* A move makes the IPv6 side of a device anew and so forgets what
		 * rtnl_dev_configure() has said; the address would be made now. */
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

/* @ret: NETNSA_NSID_NOT_ASSIGNED when there is none */
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

/* --- looking interfaces up, also in other namespaces ------------------------------------------ */

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
