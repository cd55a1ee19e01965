/* SPDX-License-Identifier: ISC */

/*
 * Events of interfaces, addresses and routes in all namespaces that have an nsid here.
 *
 * Theory of operation
 *
 * Receiving. One socket is a member of the groups for interfaces, addresses and routes. With
 * NETLINK_LISTEN_ALL_NSID it receives the events of every namespace that has an nsid here.
 *
 * Filtering. A router adds and removes routes by the million. These must not wake the daemon, nor
 * fill the receive buffer so that other events are lost. So a classic BPF program
 * (SO_ATTACH_FILTER of socket(7)) drops routes without our protocol number before they are queued:
 * sk_filter() in the kernel's do_one_broadcast().
 *
 * The program sees a datagram from its first byte, which begins a struct nlmsghdr. A datagram has
 * one notification, so it is enough to look at the first message. A BPF load of two bytes takes
 * them as network order, but nlmsg_type is in host order: the program compares it with htons() of
 * the type. A load beyond the end drops the datagram. New filters (RTM_NEWTFILTER) come by the
 * thousand as well, and are dropped, too.
 *
 * Missing events. When an interface goes down, the kernel sends an event for the interface, but
 * none for the IPv4 routes that it removes (fib_table_flush()).
 */

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/turn.h"
#include "kernel/monitor-private.h"
#include "kernel/rtnl.h"

#define MESSAGE_MAX        32768             /* what the kernel sends at once */
#define RECEIVE_BUFFER     (4 * 1024 * 1024) /* a thousand links may change at once */
#define DATAGRAMS_PER_WAKE 256               /* then the rest of the loop has its turn, */
#define USEC_PER_WAKE      (1 * 1000)        /* or after so long */
#define WAKES_INTERVAL     (20 * 1000)       /* microseconds, in which a flood has */
#define WAKES_MAX          10                /* turns: half of the time is left to others */

#define NSID_GROUP     (1U << (RTNLGRP_NSID - 1))
#define QUEUEING_GROUP RTMGRP_TC
#define SETTINGS_GROUPS \
	(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)

struct monitor {
	struct mnl_socket *socket;
	sd_event_source *source;
	struct monitor_handler handler;
	char buffer[MESSAGE_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
};

struct parse {
	const struct monitor_handler *handler;
	int nsid;
};

/* --- the filter ------------------------------------------------------------------------------- */

#define OFFSET_TYPE       offsetof(struct nlmsghdr, nlmsg_type)
#define OFFSET_PROTOCOL   (NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol))
#define OFFSET_ROUTE_TYPE (NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_type))
#define PASS              UINT32_MAX /* with all its bytes */
#define DROP              0

int monitor_attach_filter(int fd)
{
	struct sock_filter code[] = {
		/* a message about a route? (a jump counts from the next instruction) */
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, OFFSET_TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWTFILTER), 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 4),
		/* one of ours, or that of multicast? */
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, OFFSET_PROTOCOL),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTNL_ROUTE_PROTOCOL, 2, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, OFFSET_ROUTE_TYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTN_MULTICAST, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, PASS),
		BPF_STMT(BPF_RET | BPF_K, DROP),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		return -errno;
	return 0;
}

/* --- messages --------------------------------------------------------------------------------- */

static int take_link_attribute(const struct nlattr *attr, void *data)
{
	struct monitor_event *event = data;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			snprintf(event->name, sizeof(event->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			event->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_MASTER:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			event->master = mnl_attr_get_u32(attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static void take_link(const struct nlmsghdr *nlh, const struct parse *parse)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct monitor_event event = { .nsid = parse->nsid };

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return;
	event.index = (unsigned int)info->ifi_index;
	event.flags = info->ifi_flags;
	event.removed = nlh->nlmsg_type == RTM_DELLINK;
	mnl_attr_parse(nlh, sizeof(*info), take_link_attribute, &event);
	parse->handler->device(&event, parse->handler->userdata);
}

static void tell_settings(const struct parse *parse, unsigned int index)
{
	if (index > 0 && parse->handler->settings)
		parse->handler->settings(parse->nsid, index, parse->handler->userdata);
}

static void take_address(const struct nlmsghdr *nlh, const struct parse *parse)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*ifa))
		tell_settings(parse, ifa->ifa_index);
}

static int take_route_attribute(const struct nlattr *attr, void *data)
{
	unsigned int *index = data;

	if (mnl_attr_get_type(attr) == RTA_OIF && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*index = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* One with several next hops has no RTA_OIF; we make none such. */
static void take_route(const struct nlmsghdr *nlh, const struct parse *parse)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	unsigned int index = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    (rtm->rtm_protocol != RTNL_ROUTE_PROTOCOL && rtm->rtm_type != RTN_MULTICAST))
		return;
	mnl_attr_parse(nlh, sizeof(*rtm), take_route_attribute, &index);
	tell_settings(parse, index);
}

static void take_queueing(const struct nlmsghdr *nlh, const struct parse *parse)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*tcm) && tcm->tcm_ifindex > 0 &&
	    parse->handler->queueing)
		parse->handler->queueing(parse->nsid, (unsigned int)tcm->tcm_ifindex,
					 parse->handler->userdata);
}

static int take_nsid_attribute(const struct nlattr *attr, void *data)
{
	int *nsid = data;

	if (mnl_attr_get_type(attr) == NETNSA_NSID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		*nsid = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static void take_nsid(const struct nlmsghdr *nlh, const struct parse *parse)
{
	int nsid = NETNSA_NSID_NOT_ASSIGNED;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtgenmsg))
		return;
	mnl_attr_parse(nlh, sizeof(struct rtgenmsg), take_nsid_attribute, &nsid);
	if (nsid >= 0 && parse->handler->namespace_gone)
		parse->handler->namespace_gone(parse->nsid, nsid, parse->handler->userdata);
}

static void take_message(const struct nlmsghdr *nlh, const struct parse *parse)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(nlh, parse);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_address(nlh, parse);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		take_route(nlh, parse);
		break;
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_DELTFILTER:
		take_queueing(nlh, parse);
		break;
	case RTM_DELNSID:
		take_nsid(nlh, parse);
		break;
	default:
		break;
	}
}

/* Not mnl_cb_run(): mnl_nlmsg_ok() takes a length above INT_MAX for one that fits. */
void monitor_parse(const struct monitor_handler *handler, int nsid, const void *data, size_t size)
{
	struct parse parse = { .handler = handler, .nsid = nsid };

	while (size >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *nlh = data;
		size_t length = nlh->nlmsg_len;

		if (length < sizeof(*nlh) || length > size)
			break;
		take_message(nlh, &parse);
		length = MIN((size_t)NLMSG_ALIGN(length), size);
		data = (const char *)data + length;
		size -= length;
	}
}

/* --- the socket ------------------------------------------------------------------------------- */

/* The kernel says from which namespace a message comes, unless it is the socket's own. */
static int message_nsid(struct msghdr *msg)
{
	int nsid = MONITOR_OWN_NSID;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID &&
		    c->cmsg_len >= CMSG_LEN(sizeof(nsid)))
			memcpy(&nsid, CMSG_DATA(c), sizeof(nsid));
	return nsid;
}

/*
 * The owner of an interface decides how many other names it has (IFLA_PROP_LIST), and so how long
 * its message is. What is of use comes before them, so the message is made to end where the buffer
 * does.
 */
static void cut_message(char *buffer, size_t size)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)(void *)buffer;

	nlh->nlmsg_len = (uint32_t)size;
}

/* Return: 1: a datagram was read; 0: none waits; -ENOBUFS: some were lost; another -errno. */
static int receive(struct monitor *monitor)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = monitor->buffer, .iov_len = sizeof(monitor->buffer) };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	n = recvmsg(mnl_socket_get_fd(monitor->socket), &msg, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (from.nl_pid != 0) /* only the kernel is believed */
		return 1;
	if (msg.msg_flags & MSG_TRUNC)
		cut_message(monitor->buffer, (size_t)n);
	monitor_parse(&monitor->handler, message_nsid(&msg), monitor->buffer, (size_t)n);
	return 1;
}

void monitor_read(struct monitor *monitor)
{
	uint64_t start = monotonic_usec(), now = start;
	bool lost = false;
	int r = 1;

	for (int i = 0; i < DATAGRAMS_PER_WAKE && r != 0 && now - start < USEC_PER_WAKE; i++) {
		r = receive(monitor);
		lost |= r < 0;
		now = monotonic_usec();
	}
	if (lost)
		monitor->handler.lost(monitor->handler.userdata);
}

static int dispatch(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	turn_is("netlink events");
	monitor_read(userdata);
	return 0;
}

/* Whoever makes events without end must not keep what others did from being acted on. */
static int add_source(struct monitor *monitor, sd_event *event)
{
	int r = sd_event_add_io(event, &monitor->source, mnl_socket_get_fd(monitor->socket),
				EPOLLIN, dispatch, monitor);

	return r < 0 ? r
		     : sd_event_source_set_ratelimit(monitor->source, WAKES_INTERVAL, WAKES_MAX);
}

static int open_socket(struct monitor *monitor)
{
	unsigned int groups = RTMGRP_LINK | (monitor->handler.settings ? SETTINGS_GROUPS : 0) |
			      (monitor->handler.queueing ? QUEUEING_GROUP : 0) |
			      (monitor->handler.namespace_gone ? NSID_GROUP : 0);
	int on = 1, size = RECEIVE_BUFFER, fd, r;

	monitor->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!monitor->socket)
		return -errno;
	fd = mnl_socket_get_fd(monitor->socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	r = monitor_attach_filter(fd); /* while the socket is in no group */
	if (r < 0)
		return r;
	if (mnl_socket_setsockopt(monitor->socket, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on)) < 0 ||
	    mnl_socket_bind(monitor->socket, groups, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	return 0;
}

int monitor_new(sd_event *event, const struct monitor_handler *handler, struct monitor **ret)
{
	struct monitor *monitor;
	int r;

	monitor = calloc(1, sizeof(*monitor));
	if (!monitor)
		return -ENOMEM;
	monitor->handler = *handler;
	r = open_socket(monitor);
	if (r >= 0)
		r = add_source(monitor, event);
	if (r < 0) {
		monitor_free(monitor);
		return r;
	}
	*ret = monitor;
	return 0;
}

void monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return;
	sd_event_source_disable_unref(monitor->source);
	if (monitor->socket)
		mnl_socket_close(monitor->socket);
	free(monitor);
}
