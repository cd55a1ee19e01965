/* SPDX-License-Identifier: ISC */

/* Frames of a port that was made with --mpls: see capture-frames.h. */

#include "capture-frames.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/util.h"
#include "pcapng.h"

#define ETHERTYPE_OSI       0x00fe /* of RFC 3147; in an Ethernet frame it would be a length */
#define ETHERTYPE_JUMBO_LLC 0x8870 /* draft-ietf-isis-ext-eth: more than a length can say */
#define LLC_LENGTH_MAX      1500
#define RECEIVE_BUFFER      (8 << 20)

static const unsigned char llc_osi[] = { 0xfe, 0xfe, 0x03 };

#define HEADER_MAX (sizeof(struct ether_header) + sizeof(llc_osi))

/*
 * Makes the header of a packet of this length, whose first byte @packet is. IP and MPLS have a type.
 * OSI has none: its frames have a length there, and LLC. Addresses are zero.
 *
 * Return: the size of the header, which is before the packet.
 */
static uint32_t make_header(uint16_t family, uint32_t length, unsigned char *packet)
{
	struct ether_header ethernet = { .ether_type = htons(family) };
	uint32_t size = 0;

	if (family == ETHERTYPE_OSI) {
		size = sizeof(llc_osi);
		memcpy(packet - size, llc_osi, size);
		length += size;
		ethernet.ether_type =
			htons(length <= LLC_LENGTH_MAX ? (uint16_t)length : ETHERTYPE_JUMBO_LLC);
	}
	size += sizeof(ethernet);
	memcpy(packet - size, &ethernet, sizeof(ethernet));
	return size;
}

/* Return: a packet socket that is bound to the interface, or -errno. */
static int open_socket(const char *ifname)
{
	static const int buffer = RECEIVE_BUFFER, on = 1;
	struct sockaddr_ll address = { .sll_family = AF_PACKET,
				       .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)if_nametoindex(ifname) };
	_cleanup_close_ int fd = -1;

	if (address.sll_ifindex == 0)
		return -errno;
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* a smaller buffer only loses more of a burst */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return steal_fd(&fd);
}

/* When the kernel saw it; a socket that has just got SO_TIMESTAMPNS may still have one without. */
static struct timespec time_of(struct msghdr *message)
{
	struct timespec time;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(c), sizeof(time));
		return time;
	}
	clock_gettime(CLOCK_REALTIME, &time);
	return time;
}

/* An interface that goes down is an error of its socket, which goes on when it is up again. */
static bool is_only_down(int fd, int error)
{
	struct sockaddr_ll address = { 0 };
	socklen_t size = sizeof(address);
	char ifname[IF_NAMESIZE];

	return error == ENETDOWN && getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
	       if_indextoname((unsigned int)address.sll_ifindex, ifname);
}

/* Return: 1; 0: nobody reads; or -errno. */
static int copy_frame(int fd, FILE *output, unsigned char *buffer)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct sockaddr_ll from;
	struct iovec iov = { buffer + HEADER_MAX, PCAP_PACKET_MAX - HEADER_MAX };
	struct msghdr message = { .msg_name = &from,
				  .msg_namelen = sizeof(from),
				  .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, MSG_TRUNC);
	int error = errno;
	struct timespec time;
	uint32_t header;

	if (n < 0)
		return error == EINTR || is_only_down(fd, error) ? 1 : -error;
	time = time_of(&message);
	header = make_header(ntohs(from.sll_protocol), (uint32_t)n, iov.iov_base);
	pcap_add_packet(output, &(struct pcap_packet){
					.seconds = (uint32_t)time.tv_sec,
					.nanoseconds = (uint32_t)time.tv_nsec,
					.length = header + (uint32_t)n,
					.size = header + (uint32_t)MIN((size_t)n, iov.iov_len),
					.data = buffer + HEADER_MAX - header });
	return fflush(output) == 0;
}

int capture_frames(const char *ifname, int output)
{
	static unsigned char buffer[PCAP_PACKET_MAX];
	_cleanup_close_ int fd = open_socket(ifname);
	FILE *stream;
	int r;

	if (fd < 0)
		return fd;
	stream = fdopen(output, "w");
	if (!stream)
		return -errno;
	fprintf(stderr,
		"rportctl: listening on %s, link-type EN10MB (Ethernet, made from the family)\n",
		ifname);
	pcap_begin(stream, PCAP_LINKTYPE_ETHERNET);
	r = fflush(stream) == 0;
	while (r > 0)
		r = copy_frame(fd, stream, buffer);
	/* the stream stays open until the process ends: first it says why, then its reader ends, too */
	return r;
}
