/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A packet socket hands the packet to the interface as the kernel would: it passes the filters at
 * the egress (tc), by the fast path or through the queue of the TUN and a worker, and the filters at
 * the ingress of the other interface. There a packet socket for its protocol takes it, which comes
 * after all that, and before the host looks at the packet.
 *
 * The packet must have no consequences. IPv6: its destination is ff01::, an interface-local
 * multicast address, which no host accepts from outside (RFC 4291, 2.5.1; ipv6_rcv()), and it says
 * that nothing follows its header (59). IPv4: the checksum of its header is wrong, so hosts discard
 * it without a word (RFC 1122, 3.2.1.2), and its protocol is one for experiments (253, RFC 3692).
 *
 * The token, random for each packet, tells it from all others; a filter in the kernel looks for it,
 * so that a busy interface does not fill the socket.
 */

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "kernel/netns.h"
#include "kernel/probe.h"

#define PROTOCOL_EXPERIMENT 253
#define WORDS               2 /* of 32 bits, in a token */

struct packet {
	union {
		struct iphdr ip;
		struct ip6_hdr ip6;
	} header;
	uint32_t token
		[WORDS]; /* after the longer header; after the shorter one there are zeros, too */
};

static uint16_t ethertype(int family)
{
	return family == AF_INET ? ETH_P_IP : ETH_P_IPV6;
}

static void make_ip(struct packet *packet)
{
	packet->header.ip = (struct iphdr){
		.version = 4,
		.ihl = sizeof(struct iphdr) / 4,
		.tot_len = htons(sizeof(*packet)),
		.ttl = 1,
		.protocol = PROTOCOL_EXPERIMENT,
	};
	inet_pton(AF_INET, "192.0.2.1", &packet->header.ip.saddr);
	inet_pton(AF_INET, "192.0.2.2", &packet->header.ip.daddr);
	/* The sum of this header is not 0, so a checksum of 0 is wrong. */
}

static void make_ip6(struct packet *packet)
{
	packet->header.ip6 = (struct ip6_hdr){
		.ip6_flow = htonl(UINT32_C(6) << 28),
		.ip6_plen = htons(sizeof(packet->token)),
		.ip6_nxt = IPPROTO_NONE,
		.ip6_hlim = 1,
	};
	inet_pton(AF_INET6, "2001:db8::1", &packet->header.ip6.ip6_src);
	inet_pton(AF_INET6, "ff01::1", &packet->header.ip6.ip6_dst);
}

static int make_packet(int family, struct packet *ret)
{
	struct packet packet = { 0 };

	if (getrandom(packet.token, sizeof(packet.token), GRND_NONBLOCK) != sizeof(packet.token))
		return -EAGAIN;
	if (family == AF_INET)
		make_ip(&packet);
	else
		make_ip6(&packet);
	*ret = packet;
	return 0;
}

/* --- sockets ---------------------------------------------------------------------------------- */

/* In a helper. It is for no protocol yet, so it receives nothing. */
static int open_packet_socket(const void *argument _unused_)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : fd;
}

static int open_in(const struct probe_end *end)
{
	return netns_open_inside(end->netns_fd, open_packet_socket, NULL, 0);
}

#define TOKEN_AT(word) (offsetof(struct packet, token) + sizeof(uint32_t) * (word))

static int listen_for(int fd, unsigned int index, int family, const struct packet *packet)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TOKEN_AT(0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(packet->token[0]), 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, TOKEN_AT(1)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(packet->token[1]), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = { .len = ARRAY_SIZE(code), .filter = code };
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype(family)),
		.sll_ifindex = (int)index,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

static int send_by(int fd, unsigned int index, int family, const struct packet *packet)
{
	const struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ethertype(family)),
		.sll_ifindex = (int)index,
	};

	return sendto(fd, packet, sizeof(*packet), 0, (const struct sockaddr *)&address,
		      sizeof(address)) < 0
		       ? -errno
		       : 0;
}

static bool arrives(int fd, int msec)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, msec) > 0 && pollfd.revents & POLLIN;
}

int probe_send(const struct probe_end *from, const struct probe_end *to, int family,
	       struct probe_result *ret)
{
	_cleanup_close_ int sender = open_in(from);
	_cleanup_close_ int receiver = sender >= 0 ? open_in(to) : -EBADF;
	struct probe_result result = { 0 };
	struct packet packet;
	uint64_t start;
	int r;

	if (sender < 0 || receiver < 0)
		return sender < 0 ? sender : receiver;
	r = make_packet(family, &packet);
	if (r >= 0)
		r = listen_for(receiver, to->index, family, &packet);
	if (r < 0)
		return r;
	start = monotonic_usec();
	result.sent = send_by(sender, from->index, family, &packet);
	if (result.sent >= 0)
		result.arrived = arrives(receiver, PROBE_WAIT_MSEC);
	if (result.arrived)
		result.usec = monotonic_usec() - start;
	*ret = result;
	return 0;
}
