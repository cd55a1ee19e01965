/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

#include "tun.h"

/* Debian 12's headers are older than the kernels that have these. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

#define DISCARD_MAX   10000 /* more than a queue holds: a sender must not keep us here */
#define BUSY_TRIES    40
#define BUSY_PAUSE_NS (50 * 1000 * 1000)

static const struct {
	unsigned int bit;
	const char *name;
} offload_names[TUN_OFFLOADS_MAX] = {
	{ TUN_F_CSUM, "csum" },       { TUN_F_TSO4, "tso4" }, { TUN_F_TSO6, "tso6" },
	{ TUN_F_TSO_ECN, "tso-ecn" }, { TUN_F_USO4, "uso4" }, { TUN_F_USO6, "uso6" },
};

static int attach(int fd, const char *name, const struct tun_options *options)
{
	struct ifreq ifr = {
		.ifr_flags = (short)(IFF_TUN | (options->mpls ? 0 : IFF_NO_PI) |
				     (options->offload ? IFF_VNET_HDR : 0)),
	};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	for (int try = 0; ioctl(fd, TUNSETIFF, &ifr) < 0; try++) {
		if (errno != EBUSY || try >= BUSY_TRIES)
			return -errno;
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_PAUSE_NS }, NULL);
	}
	return 0;
}

/* Ask for less until the kernel agrees; USO came with Linux 6.2. */
static unsigned int negotiate_offloads(int fd)
{
	static const unsigned int wishes[] = {
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
		TUN_F_CSUM,
	};

	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)wishes[i]) == 0)
			return wishes[i];
	return 0;
}

int tun_open(const char *name, const struct tun_options *options, struct tun *ret)
{
	_cleanup_close_ int fd = -1;
	int header = TUN_VNET_HEADER;
	unsigned int offloads = 0;
	int r;

	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = attach(fd, name, options);
	if (r < 0)
		return r;
	if (options->offload) {
		if (ioctl(fd, TUNSETVNETHDRSZ, &header) < 0)
			return -errno;
		offloads = negotiate_offloads(fd);
	}
	*ret = (struct tun){
		.fd = steal_fd(&fd),
		.header = (options->mpls ? TUN_PI_HEADER : 0) +
			  (options->offload ? TUN_VNET_HEADER : 0),
		.family_header = options->mpls,
		.offloads = offloads,
	};
	return 0;
}

int tun_adopt(int fd, struct tun *ret)
{
	struct ifreq ifr = { 0 };
	bool offload;
	int header = 0;

	if (ioctl(fd, TUNGETIFF, &ifr) < 0)
		return -errno;
	if ((ifr.ifr_flags & IFF_TUN) == 0)
		return -EINVAL;
	offload = ifr.ifr_flags & IFF_VNET_HDR;
	if (offload && ioctl(fd, TUNGETVNETHDRSZ, &header) < 0)
		return -errno;
	if (header != (offload ? TUN_VNET_HEADER : 0))
		return -EINVAL;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	*ret = (struct tun){
		.fd = fd,
		.header = (unsigned int)header,
		.offloads = offload ? negotiate_offloads(fd) : 0,
	};
	return 0;
}

void tun_set_family_header(struct tun *tun)
{
	if (!tun->family_header)
		tun->header += TUN_PI_HEADER;
	tun->family_header = true;
}

int tun_name(int fd, char ret_name[static IFNAMSIZ])
{
	struct ifreq ifr = { 0 };

	if (ioctl(fd, TUNGETIFF, &ifr) < 0)
		return -errno;
	memcpy(ret_name, ifr.ifr_name, IFNAMSIZ);
	return 0;
}

int tun_netns(int fd)
{
	int netns_fd = ioctl(fd, TUNGETDEVNETNS);

	return netns_fd < 0 ? -errno : netns_fd;
}

int tun_set_carrier(int fd, bool on)
{
	int carrier = on;

	return ioctl(fd, TUNSETCARRIER, &carrier) < 0 ? -errno : 0;
}

unsigned int tun_discard(int fd)
{
	char head[64]; /* the rest of a frame goes with it */
	unsigned int n = 0;

	while (n < DISCARD_MAX && read(fd, head, sizeof(head)) > 0)
		n++;
	return n;
}

bool tun_has_nowait(int fd)
{
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = sizeof(byte) };

	return preadv2(fd, &iov, 1, -1, RWF_NOWAIT) >= 0 || errno == EAGAIN;
}

size_t tun_offload_names(unsigned int offloads, const char *ret_names[static TUN_OFFLOADS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(offload_names); i++)
		if (offloads & offload_names[i].bit)
			ret_names[n++] = offload_names[i].name;
	return n;
}
