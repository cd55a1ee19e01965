/* SPDX-License-Identifier: ISC */

/* One datagram and the error it provokes (IP_RECVERR, ip(7)); frames by packet sockets. */

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>

#include "traffic.h"

static const char *origin_name(unsigned int origin)
{
	switch (origin) {
	case SO_EE_ORIGIN_LOCAL:
		return "local";
	case SO_EE_ORIGIN_ICMP:
		return "icmp";
	case SO_EE_ORIGIN_ICMP6:
		return "icmp6";
	default:
		return "other";
	}
}

/* Print an extended error, and who sent it. */
static void print_error(const struct sock_extended_err *error)
{
	char from[INET6_ADDRSTRLEN] = "none";
	struct sockaddr_storage offender = { .ss_family = AF_UNSPEC };

	if (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6)
		memcpy(&offender, SO_EE_OFFENDER(error),
		       error->ee_origin == SO_EE_ORIGIN_ICMP ? sizeof(struct sockaddr_in)
							     : sizeof(struct sockaddr_in6));
	if (offender.ss_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&offender)->sin_addr, from,
			  sizeof(from));
	else if (offender.ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&offender)->sin6_addr, from,
			  sizeof(from));
	printf("error=%s origin=%s type=%u code=%u mtu=%u from=%s\n",
	       strerrorname_np((int)error->ee_errno), origin_name(error->ee_origin), error->ee_type,
	       error->ee_code, error->ee_errno == EMSGSIZE ? error->ee_info : 0, from);
}

/* Take one error off the queue; false: there was none. */
static bool receive_error(int fd)
{
	char data[512];
	union {
		struct cmsghdr header;
		char space[512];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message); cmsg;
	     cmsg = CMSG_NXTHDR(&message, cmsg))
		if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
		    (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
			print_error((const struct sock_extended_err *)CMSG_DATA(cmsg));
			return true;
		}
	return false;
}

int traffic_probe(const struct traffic_options *options, char **args)
{
	struct sockaddr_storage address;
	socklen_t length = traffic_address(args[0], args[1], &address);
	unsigned long long deadline = traffic_now() + options->timeout_ms;
	static unsigned char data[TRAFFIC_DATAGRAM_MAX];
	bool v6 = address.ss_family == AF_INET6;
	int fd = traffic_socket(address.ss_family, SOCK_DGRAM, options);

	traffic_set(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, 1,
		    "RECVERR");
	if (connect(fd, (struct sockaddr *)&address, length) < 0)
		traffic_die("connect to %s", args[0]);
	/* a local error comes both ways: in the queue, and as the result of this call */
	if (send(fd, data, options->size, 0) < 0 && errno != EMSGSIZE)
		traffic_die("send to %s", args[0]);
	do {
		if (receive_error(fd)) {
			close(fd);
			return 0;
		}
	} while (traffic_wait(fd, POLLIN, deadline));
	close(fd);
	printf("error=none\n");
	return 1;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static size_t unhex(const char *hex, unsigned char *data, size_t size)
{
	size_t n = 0;

	errno = 0;
	for (; hex[0] && hex[1] && n < size; hex += 2) {
		int high = hex_digit(hex[0]), low = hex_digit(hex[1]);

		if (high < 0 || low < 0)
			traffic_die("not hexadecimal: %s", hex);
		data[n++] = (unsigned char)(high << 4 | low);
	}
	if (*hex)
		traffic_die("a frame is an even number of digits, at most %zu bytes", size);
	return n;
}

static uint16_t ethertype(const char *hex)
{
	char *end;
	unsigned long type = strtoul(hex, &end, 16);

	errno = 0;
	if (*end || !*hex || type > 0xffff)
		traffic_die("ethertype %s", hex);
	return (uint16_t)type;
}

/* The address of an interface, with the type of the frames to send or receive there. */
static struct sockaddr_ll frame_address(const char *ifname, const char *type)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype(type)),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};

	if (!address.sll_ifindex)
		traffic_die("interface %s", ifname);
	return address;
}

static int frame_socket(int flags)
{
	/* protocol 0: receives nothing until it is bound */
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		traffic_die("packet socket");
	return fd;
}

int traffic_frame(const struct traffic_options *options, char **args)
{
	static unsigned char data[TRAFFIC_FRAME_MAX];
	struct sockaddr_ll to = frame_address(args[0], args[1]);
	size_t size = unhex(args[2], data, sizeof(data));
	int fd = frame_socket(0);

	for (unsigned long i = 0; i < options->count; i++)
		if (sendto(fd, data, size, 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
		    !options->ignore_errors)
			traffic_die("send on %s", args[0]);
	close(fd);
	return 0;
}

/* Print the next frame that came in: its type, and all of it; false: there was none in time. */
static bool print_frame(int fd, unsigned long long deadline)
{
	static unsigned char data[TRAFFIC_FRAME_MAX];
	struct sockaddr_ll from = { 0 };

	while (traffic_wait(fd, POLLIN, deadline)) {
		socklen_t length = sizeof(from);
		ssize_t size =
			recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &length);

		if (size < 0)
			traffic_die("receive a frame");
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		printf("%04x ", ntohs(from.sll_protocol));
		for (ssize_t i = 0; i < size; i++)
			printf("%02x", data[i]);
		putchar('\n');
		fflush(stdout); /* whoever waits for it may end us */
		return true;
	}
	return false;
}

int traffic_frame_listen(const struct traffic_options *options, char **args)
{
	struct sockaddr_ll address = frame_address(args[0], args[1]);
	unsigned long long deadline = traffic_now() + options->timeout_ms;
	int fd = frame_socket(SOCK_NONBLOCK), room = 8 << 20;
	unsigned long n = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		traffic_die("bind to %s", args[0]);
	traffic_ready(options);
	while (n < options->count && print_frame(fd, deadline))
		n++;
	close(fd);
	return n == options->count ? 0 : 1;
}
