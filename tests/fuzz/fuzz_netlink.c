/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what comes by netlink: events to the monitor, and the kernel's answers to rtnl's
 * questions. An interface's name, alias, addresses and routes are the work of whoever owns its
 * namespace.
 *
 * The first byte says which; what follows is the datagram. Its messages get the sequence and port
 * number that the socket expects, so that libnl looks at them.
 *
 * Properties: names end within their arrays; an answer with a message that is malformed is an
 * error or is skipped, and the question ends.
 */

#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include "fuzz.h"
#include "kernel/monitor-private.h"
#include "kernel/rtnl-private.h"

/* --- events ----------------------------------------------------------------------------------- */

static void see_device(const struct monitor_event *event, void *userdata)
{
	fuzz_require(strnlen(event->name, sizeof(event->name)) < sizeof(event->name));
	++*(unsigned int *)userdata;
}

static void see_settings(int nsid _unused_, unsigned int index, void *userdata)
{
	fuzz_require(index > 0);
	++*(unsigned int *)userdata;
}

static void see_namespace(int where _unused_, int nsid, void *userdata)
{
	fuzz_require(nsid >= 0);
	++*(unsigned int *)userdata;
}

static void try_events(const struct fuzz_input *datagram)
{
	unsigned int n = 0;
	struct monitor_handler handler = { .device = see_device,
					   .settings = see_settings,
					   .namespace_gone = see_namespace,
					   .userdata = &n };
	_cleanup_free_ void *data = fuzz_copy(datagram);

	monitor_parse(&handler, 1, data, datagram->size);
	fuzz_require(n <= datagram->size / NLMSG_HDRLEN);
}

/* --- answers ---------------------------------------------------------------------------------- */

static struct fuzz_input answers; /* the datagrams that the socket gives */
static struct nlmsghdr question;  /* the last one that was sent */
static struct rtnl *rtnl;

static int swallow(struct nl_sock *socket _unused_, struct nl_msg *msg)
{
	question = *nlmsg_hdr(msg);
	rtnl->sequence = question.nlmsg_seq; /* what NL_CB_MSG_OUT would do */
	return (int)question.nlmsg_len;
}

/* The kernel echoes the numbers of the question; and libnl trusts a datagram's first length. */
static void make_answer(unsigned char *data, size_t size)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)data;
	int left = (int)MIN(size, 65536u);

	for (; nlmsg_ok(nlh, left); nlh = nlmsg_next(nlh, &left)) {
		nlh->nlmsg_seq = question.nlmsg_seq;
		nlh->nlmsg_pid = question.nlmsg_pid;
	}
}

static int receive(struct nl_sock *socket _unused_, struct sockaddr_nl *from, unsigned char **buf,
		   struct ucred **cred _unused_)
{
	struct fuzz_input part;

	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	if (!fuzz_take_part(&answers, &part))
		return -NLE_NOMEM; /* the socket is at its end: give up */
	if (part.size == 0)
		return 0;
	*buf = fuzz_copy(&part);
	make_answer(*buf, part.size);
	return (int)part.size;
}

static void see_address(const struct ip_prefix *address, const struct ip_address *peer,
			void *userdata _unused_)
{
	char text[IP_PREFIX_TEXT_MAX], peer_text[IP_TEXT_MAX];

	ip_prefix_format(address, text);
	ip_address_format(peer, peer_text);
}

static void see_route(const struct route_spec *route, uint32_t table _unused_,
		      void *userdata _unused_)
{
	char text[ROUTE_TEXT_MAX];

	route_format(route, text);
}

static void open_deaf(void)
{
	struct nl_cb *cb;

	fuzz_require(rtnl_open(-1, &rtnl) == 0);
	cb = nl_socket_get_cb(rtnl->socket);
	nl_cb_overwrite_recv(cb, receive);
	nl_cb_overwrite_send(cb, swallow);
	nl_cb_put(cb);
}

static void see_dev(int r, const struct rtnl_dev *dev)
{
	if (r < 0)
		return;
	fuzz_require(strnlen(dev->name, sizeof(dev->name)) < sizeof(dev->name));
	fuzz_require(strnlen(dev->alias, sizeof(dev->alias)) < sizeof(dev->alias));
}

static void try_answers(unsigned int which)
{
	struct rtnl_dev dev = { 0 };
	int nsid;

	switch (which % 6) {
	case 0:
		see_dev(rtnl_dev_by_name(rtnl, "fuzz0", &dev), &dev);
		break;
	case 1:
		see_dev(rtnl_dev_by_nsid(rtnl, 1, 2, &dev), &dev);
		break;
	case 2:
		(void)rtnl_dev_addresses(rtnl, 2, AF_UNSPEC, see_address, NULL);
		break;
	case 3:
		(void)rtnl_dev_routes(rtnl, 2, see_route, NULL);
		break;
	case 4:
		(void)rtnl_nsid(rtnl, 0, &nsid);
		break;
	default:
		(void)rtnl_dev_set_up(rtnl, 2, true);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	unsigned int which = fuzz_take_byte(&input);

	if (which % 8 < 2) {
		try_events(&input);
		return 0;
	}
	answers = input;
	open_deaf();
	try_answers(which % 8 - 2);
	rtnl_close(rtnl);
	return 0;
}
