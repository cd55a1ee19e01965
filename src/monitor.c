/* SPDX-License-Identifier: ISC */
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "monitor.h"

#define MESSAGE_MAX        32768             /* what the kernel sends at once */
#define RECEIVE_BUFFER     (4 * 1024 * 1024) /* a thousand links may change at once */
#define DATAGRAMS_PER_WAKE 256               /* then the rest of the loop has its turn */

struct monitor {
	struct mnl_socket *socket;
	sd_event_source *source;
	struct monitor_handler handler;
	char buffer[MESSAGE_MAX];
};

struct parse {
	struct monitor *monitor;
	int nsid;
};

static int take_attribute(const struct nlattr *attr, void *data)
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
	default:
		break;
	}
	return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *nlh, void *data)
{
	struct parse *parse = data;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct monitor_event event = { .nsid = parse->nsid };

	if (nlh->nlmsg_type != RTM_NEWLINK && nlh->nlmsg_type != RTM_DELLINK)
		return MNL_CB_OK;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return MNL_CB_OK;
	event.index = (unsigned int)info->ifi_index;
	event.flags = info->ifi_flags;
	event.removed = nlh->nlmsg_type == RTM_DELLINK;
	mnl_attr_parse(nlh, sizeof(*info), take_attribute, &event);
	parse->monitor->handler.device(&event, parse->monitor->handler.userdata);
	return MNL_CB_OK;
}

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

/* Return: 1: a datagram was taken; 0: none is there; -ENOBUFS: some were lost; or another -errno.
 */
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
	struct parse parse = { .monitor = monitor };
	ssize_t n;

	n = recvmsg(mnl_socket_get_fd(monitor->socket), &msg, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (from.nl_pid != 0) /* only the kernel is believed */
		return 1;
	parse.nsid = message_nsid(&msg);
	mnl_cb_run(monitor->buffer, (size_t)n, 0, 0, take_message, &parse);
	return msg.msg_flags & MSG_TRUNC ? -ENOBUFS : 1;
}

static int dispatch(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct monitor *monitor = userdata;
	bool lost = false;
	int r = 1;

	for (int i = 0; i < DATAGRAMS_PER_WAKE && r != 0; i++) {
		r = receive(monitor);
		lost |= r < 0;
	}
	if (lost)
		monitor->handler.lost(monitor->handler.userdata);
	if (r == 0)
		monitor->handler.settled(monitor->handler.userdata);
	return 0;
}

static int open_socket(struct monitor *monitor)
{
	int on = 1, size = RECEIVE_BUFFER, fd;

	monitor->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!monitor->socket)
		return -errno;
	fd = mnl_socket_get_fd(monitor->socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_setsockopt(monitor->socket, NETLINK_LISTEN_ALL_NSID, &on, sizeof(on)) < 0 ||
	    mnl_socket_bind(monitor->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
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
		r = sd_event_add_io(event, &monitor->source, mnl_socket_get_fd(monitor->socket),
				    EPOLLIN, dispatch, monitor);
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
