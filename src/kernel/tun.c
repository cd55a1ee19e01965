/* SPDX-License-Identifier: ISC */
/*
 * TUN devices, and what other processes can do to them.
 *
 * Theory of operation
 *
 * The owner of a namespace may open one more queue of a TUN there that has IFF_MULTI_QUEUE: by
 * TUNSETIFF, with CAP_NET_ADMIN in the namespace or as its owner (TUNSETOWNER). A device with a
 * single queue cannot be opened again while that is open (EBUSY): we keep it open, or the service
 * manager does, from the moment it is made until it is removed. What a process
 * can do with a queue of our device, and what follows (tun_chr_ioctl() of drivers/net/tun.c, Linux
 * 6.18):
 *
 *	TUNSETVNETHDRSZ enlarges the virtio header of all queues. Reads then begin their packets
 *	later than we look, behind bytes that the kernel does not write (before 6.15): what the
 *	buffer had before. The engines clear it (flow_clear()); tun_verify() sees it.
 *
 *	TUNSETSNDBUF is for all queues: writes fail with EAGAIN, or would wait; the engines never
 *	wait in a write. tun_verify() sees it.
 *
 *	TUNSETQUEUE detaches and attaches their own queue only. A queue of theirs takes packets of
 *	the namespace from us and gives it others: both are theirs. rtnl_dev.tun_queues has it,
 *	detached ones, too.
 *
 *	TUNSETPERSIST keeps the device when we close it; TUNSETOWNER, TUNSETGROUP let a user open
 *	it. rtnl_dev.tun_persist and tun_owned.
 *
 *	TUNSETIFF cannot change the flags of a device that has a queue already.
 *
 *	TUNSETOFFLOAD, TUNSETVNETLE, TUNSETVNETBE, TUNSETFILTEREBPF (cuts packets): frames have
 *	other, or wrong, virtio headers, as those have that the owner of a TUN of its own writes.
 *	The kernel checks the header of a frame that is written to the peer. Offloads of tunnels
 *	(6.17) need a larger header, see above.
 *
 *	TUNSETSTEERINGEBPF chooses queues: all packets may come to one. They are the link's own.
 *
 *	TUNSETLINK (of a device that is down) sets the type of hardware that packet sockets see;
 *	TUNSETCARRIER, SIOCSIFHWADDR: as ip(8) can, queues or not. TUNATTACHFILTER, TUNSETTXFILTER
 *	are for TAP; TUNSETIFINDEX for a device that is yet to be made; TUNSETNOCSUM, TUNSETDEBUG
 *	do nothing.
 *
 * The kernel sends RTM_NEWLINK when a queue is opened, attached, detached and closed, if the device
 * is up, and when it comes up; none for the rest. To do the rest a queue has to be opened first.
 */

#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

#include "kernel/netns.h"
#include "kernel/tun.h"

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

/*
 * struct making - how a device is made
 * @netns_fd: the namespace in which it is opened; negative: that of the calling thread
 * @name: or a pattern
 * @ours: an interface that has the name is an error, and not to be opened
 */
struct making {
	const struct tun_options *options;
	int netns_fd;
	const char *name;
	bool ours;
};

static int attach(int fd, const char *name, const struct tun_options *options, bool ours)
{
	struct ifreq ifr = {
		.ifr_flags = (short)(IFF_TUN | (options->mpls ? 0 : IFF_NO_PI) |
				     (options->offload ? IFF_VNET_HDR : 0) |
				     (options->queues > 1 ? IFF_MULTI_QUEUE : 0) |
				     (ours ? IFF_TUN_EXCL : 0)),
	};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	for (int try = 0; ioctl(fd, TUNSETIFF, &ifr) < 0; try++) {
		if (errno == EBUSY && ours)
			return -EEXIST;
		if (errno != EBUSY || try >= BUSY_TRIES)
			return -errno;
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_PAUSE_NS }, NULL);
	}
	return 0;
}

/* Ask for less until the kernel agrees; USO came with Linux 6.2. */
static unsigned int negotiate_offloads(int fd)
{
	static const unsigned int candidates[] = {
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
		TUN_F_CSUM,
	};

	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++)
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)candidates[i]) == 0)
			return candidates[i];
	return 0;
}

void tun_end_persistence(const struct tun *tun)
{
	if (tun->n_queues > 1)
		(void)ioctl(tun_fd(tun), TUNSETPERSIST, 0UL);
}

void tun_close(struct tun *tun)
{
	while (tun->n_queues > 0)
		safe_close(tun->queues[--tun->n_queues]);
	*tun = (struct tun){ 0 };
}

static int open_clone(const void *argument _unused_)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The first one makes the device, and may have a pattern for its name; the others are added to it.
 * What matters is where it is opened, not where the requests are made. */
static int open_queue(struct tun *tun, const struct making *making)
{
	bool first = tun->n_queues == 0;
	const char *name = making->name;
	char device[IFNAMSIZ];
	int r = 0, fd;

	fd = making->netns_fd < 0 ? open_clone(NULL)
				  : netns_open_inside(making->netns_fd, open_clone, NULL, 0);
	if (fd < 0)
		return fd;
	if (!first) {
		r = tun_name(tun_fd(tun), device);
		name = device;
	}
	if (r >= 0)
		r = attach(fd, name, making->options, making->ours && first);
	if (r < 0) {
		safe_close(fd);
		return r;
	}
	tun->queues[tun->n_queues++] = fd;
	return 0;
}

/* Of the device, so one queue is as good as another. */
static int set_header(struct tun *tun, const struct tun_options *options)
{
	int header = TUN_VNET_HEADER;

	tun->header =
		(options->mpls ? TUN_PI_HEADER : 0) + (options->offload ? TUN_VNET_HEADER : 0);
	tun->family_header = options->mpls;
	if (!options->offload)
		return 0;
	if (ioctl(tun_fd(tun), TUNSETVNETHDRSZ, &header) < 0)
		return -errno;
	tun->offloads = negotiate_offloads(tun_fd(tun));
	return 0;
}

static int make(const struct making *making, struct tun *ret)
{
	struct tun tun = { 0 };
	int r;

	do
		r = open_queue(&tun, making);
	while (r >= 0 && tun.n_queues < making->options->queues);
	if (r >= 0)
		r = set_header(&tun, making->options);
	if (r < 0) {
		tun_close(&tun);
		return r;
	}
	*ret = tun;
	return 0;
}

int tun_open(const char *name, const struct tun_options *options, struct tun *ret)
{
	return make(&(struct making){ .options = options, .netns_fd = -1, .name = name }, ret);
}

int tun_open_in(int netns_fd, const char *name, const struct tun_options *options, struct tun *ret)
{
	struct making making = {
		.options = options,
		.netns_fd = netns_fd,
		.name = name,
		.ours = true,
	};

	return make(&making, ret);
}

/* Are these queues of one device, all of which are there? */
static int check_queues(const int fds[], unsigned int n, struct ifreq *ret)
{
	struct ifreq first = { 0 };

	if (n < 1 || n > TUN_QUEUES_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < n; i++) {
		struct ifreq ifr = { 0 };

		if (ioctl(fds[i], TUNGETIFF, &ifr) < 0)
			return -errno;
		first = i == 0 ? ifr : first;
		if (!streq(ifr.ifr_name, first.ifr_name))
			return -EINVAL;
	}
	if ((first.ifr_flags & IFF_TUN) == 0 || !(first.ifr_flags & IFF_MULTI_QUEUE) != (n == 1))
		return -EINVAL;
	*ret = first;
	return 0;
}

static int set_flags(int fd)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int tun_adopt(const int fds[], unsigned int n, struct tun *ret)
{
	struct ifreq ifr = { 0 };
	struct tun tun = { 0 };
	int header = 0;
	bool offload;
	int r;

	r = check_queues(fds, n, &ifr);
	if (r < 0)
		return r;
	offload = ifr.ifr_flags & IFF_VNET_HDR;
	if (offload && ioctl(fds[0], TUNGETVNETHDRSZ, &header) < 0)
		return -errno;
	if (header != (offload ? TUN_VNET_HEADER : 0))
		return -EINVAL;
	for (unsigned int i = 0; i < n && r >= 0; i++) {
		r = set_flags(fds[i]);
		tun.queues[tun.n_queues++] = fds[i];
	}
	if (r < 0)
		return r;
	tun.header = (unsigned int)header;
	tun.offloads = offload ? negotiate_offloads(fds[0]) : 0;
	*ret = tun;
	return 0;
}

static int get_number(int fd, unsigned long request, int *ret)
{
	return ioctl(fd, request, ret) < 0 ? -errno : 0;
}

/* INT_MAX is what the kernel gives to a new device. */
int tun_verify(const struct tun *tun)
{
	unsigned int pi = tun->family_header ? TUN_PI_HEADER : 0;
	int header = 0, send_buffer = 0;
	int r = 0;

	if (tun->header > pi)
		r = get_number(tun_fd(tun), TUNGETVNETHDRSZ, &header);
	if (r >= 0)
		r = get_number(tun_fd(tun), TUNGETSNDBUF, &send_buffer);
	if (r < 0)
		return r;
	return (unsigned int)header + pi == tun->header && send_buffer == INT_MAX ? 0 : -ESTALE;
}

bool tun_watchable(const struct tun *tun)
{
	int header = TUN_VNET_HEADER + 2, send_buffer = 65536;
	int other = tun->queues[tun->n_queues - 1];
	bool sees_header, sees_buffer;

	if (tun_verify(tun) < 0 || ioctl(other, TUNSETVNETHDRSZ, &header) < 0)
		return false;
	sees_header = tun_verify(tun) == -ESTALE;
	header = TUN_VNET_HEADER;
	if (ioctl(other, TUNSETVNETHDRSZ, &header) < 0 ||
	    ioctl(other, TUNSETSNDBUF, &send_buffer) < 0)
		return false;
	sees_buffer = tun_verify(tun) == -ESTALE;
	return sees_header && sees_buffer;
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

int tun_home(int fd)
{
	int netns_fd = ioctl(fd, SIOCGSKNS);

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
