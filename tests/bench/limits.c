/* SPDX-License-Identifier: ISC */

/*
 * What this machine could do at best. Whatever moves frames through user space copies each twice,
 *in read(2) and in write(2) of a TUN. Here each of the two is timed alone, in a namespace of its
 *own and with nothing else to do, and memcpy() beside them. One thread that did nothing but these
 *two calls would move
 *
 *	1 / (time of a read + time of a write)
 *
 * frames a second: the two-copy limit. What is written is dropped by the kernel as soon as it has
 * looked at the header; what is read was put into the queue by a socket, which is not timed.
 */

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "kernel/tun.h"

#define DEVICE    "limit0"
#define ADDRESS   "192.0.2.1" /* ours */
#define PEER      "192.0.2.2" /* what is sent there waits to be read */
#define FRAME_BIG 65535
#define SMALL     (20 + 8 + 64) /* a datagram of 64 bytes */
#define QUEUE     64            /* frames that are put there at once */
#define BLOCKS    4 /* 64 KiB blocks each way: those of a shuttle stay in the cache too */

struct cost {
	uint64_t ns, n;
};

static unsigned char blocks[2][BLOCKS][65536];

static void die(const char *what)
{
	fprintf(stderr, "limits: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Of this thread alone: other load on the machine does not count. */
static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void device_ioctl(int fd, unsigned long request, struct ifreq *ifr, const char *what)
{
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), DEVICE);
	if (ioctl(fd, request, ifr) < 0)
		die(what);
}

static void set_address(int fd, unsigned long request, const char *text)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in address = { .sin_family = AF_INET };

	inet_pton(AF_INET, text, &address.sin_addr);
	memcpy(&ifr.ifr_addr, &address, sizeof(address));
	device_ioctl(fd, request, &ifr, text);
}

/* Up, with the largest MTU there is: a frame of 64 KiB then is one datagram. */
static int open_device(void)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct tun_options options = { .offload = true };
	struct tun tun;
	int r = tun_open(DEVICE, &options, &tun);

	errno = r < 0 ? -r : errno;
	if (r < 0 || fd < 0)
		die("a TUN device");
	set_address(fd, SIOCSIFADDR, ADDRESS);
	set_address(fd, SIOCSIFNETMASK, "255.255.255.0");
	device_ioctl(fd, SIOCSIFMTU, &(struct ifreq){ .ifr_mtu = FRAME_BIG }, "MTU");
	device_ioctl(fd, SIOCSIFTXQLEN, &(struct ifreq){ .ifr_qlen = 2 * QUEUE }, "queue");
	device_ioctl(fd, SIOCSIFFLAGS, &(struct ifreq){ .ifr_flags = IFF_UP }, "up");
	return tun_fd(&tun);
}

static struct cost time_memcpy(uint64_t ns)
{
	struct cost cost = { 0 };
	uint64_t began = now();

	do {
		for (unsigned int i = 0; i < BLOCKS; i++) {
			memcpy(blocks[1][i], blocks[0][i], sizeof(blocks[0][i]));
			__asm__ volatile("" : : "r"(blocks[1][i]) : "memory"); /* not left out */
		}
		cost.n += BLOCKS;
		cost.ns = now() - began;
	} while (cost.ns < ns);
	return cost;
}

/* Its header has a wrong checksum: nothing is as soon found out, and what comes after is not ours.
 */
static void make_frame(unsigned char *frame)
{
	memset(frame, 0, TUN_VNET_HEADER);
	frame[TUN_VNET_HEADER] = 0x45;
}

static struct cost time_write(int fd, unsigned int size, uint64_t ns)
{
	static unsigned char frame[TUN_VNET_HEADER + FRAME_BIG];
	struct cost cost = { 0 };
	uint64_t began = now();

	make_frame(frame);
	do {
		for (unsigned int i = 0; i < QUEUE; i++)
			if (write(fd, frame, TUN_VNET_HEADER + size) < 0)
				die("write");
		cost.n += QUEUE;
		cost.ns = now() - began;
	} while (cost.ns < ns);
	return cost;
}

static void fill_queue(int socket_fd, unsigned int size)
{
	for (unsigned int i = 0; i < QUEUE; i++)
		if (send(socket_fd, blocks[0], size - 28, 0) < 0)
			die("send");
}

static struct cost time_read(int fd, unsigned int size, uint64_t ns)
{
	static unsigned char frame[TUN_VNET_HEADER + FRAME_BIG];
	_cleanup_close_ int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(9) };
	int buffer = QUEUE * 256 * 1024;
	struct cost cost = { 0 };

	inet_pton(AF_INET, PEER, &peer.sin_addr);
	if (socket_fd < 0 || connect(socket_fd, (struct sockaddr *)&peer, sizeof(peer)) < 0 ||
	    setsockopt(socket_fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer)) < 0)
		die("socket");
	while (cost.ns < ns) {
		uint64_t began;
		unsigned int came = 0;

		tun_discard(fd); /* whatever the kernel says of itself */
		fill_queue(socket_fd, size);
		began = now();
		while (read(fd, frame, sizeof(frame)) > 0)
			came++;
		cost.ns += now() - began;
		cost.n += came;
		if (came < QUEUE)
			die("the queue does not hold what it should");
	}
	return cost;
}

static double each(struct cost cost)
{
	return (double)cost.ns / (double)cost.n;
}

static double gigabits(double ns, unsigned int size)
{
	return size * 8 / ns;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
	uint64_t ns = (uint64_t)(seconds * 1e9 / 5);
	double copy, write_big, write_small, read_big, read_small;
	int fd;

	if (argc > 2 || !(seconds > 0 && seconds < 3600)) {
		fprintf(stderr, "Usage: limits [SECONDS]\n");
		return 2;
	}
	if (unshare(CLONE_NEWNET) < 0)
		die("a namespace");
	fd = open_device();
	memset(blocks, 1, sizeof(blocks));
	copy = each(time_memcpy(ns));
	write_big = each(time_write(fd, FRAME_BIG, ns));
	read_big = each(time_read(fd, FRAME_BIG, ns));
	write_small = each(time_write(fd, SMALL, ns));
	read_small = each(time_read(fd, SMALL, ns));
	close(fd);
	printf("{\"memcpy_gbps\":%.2f,\"tun_write_gbps\":%.2f,\"tun_read_gbps\":%.2f,"
	       "\"two_copy_gbps\":%.2f,\"tun_write_64_ns\":%.1f,\"tun_read_64_ns\":%.1f,"
	       "\"two_copy_64_pps\":%.0f}\n",
	       gigabits(copy, 65536), gigabits(write_big, FRAME_BIG), gigabits(read_big, FRAME_BIG),
	       gigabits(write_big + read_big, FRAME_BIG), write_small, read_small,
	       1e9 / (write_small + read_small));
	return 0;
}
