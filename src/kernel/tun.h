/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_TUN_H
#define RPORT_KERNEL_TUN_H

/*
 * TUN devices: the kernel's side of a port. A frame read from the fd is what the domain sent into
 * the interface; a frame written to it is received by the domain. With offload each frame begins
 * with a virtio_net_hdr, which says what is left to do (checksum, segmentation).
 */

#include <net/if.h>

#include "base/util.h"

#define TUN_PI_HEADER    4  /* bytes of a struct tun_pi, which comes first */
#define TUN_VNET_HEADER  10 /* bytes of a struct virtio_net_hdr */
#define TUN_QUEUES_MAX   8
#define TUN_OFFLOADS_MAX 6 /* names of offloads */

struct tun_options {
	bool offload; /* a virtio header, and all offloads that this kernel has */
	bool mpls; /* a packet-information header, which tells the family, so that MPLS can cross */
	unsigned int queues; /* up to TUN_QUEUES_MAX, of which each connection uses one; 0: as 1 */
};

struct tun {
	int queues[TUN_QUEUES_MAX]; /* non-blocking fds; the device lives as long as one is open */
	unsigned int n_queues;      /* 0: there is no device */
	unsigned int header;        /* bytes before the packet: of the headers above that are on */
	bool family_header;         /* the first of them is a struct tun_pi */
	unsigned int offloads;      /* TUN_F_* that the kernel granted */
};

/**
 * tun_fd() - return the descriptor of the first queue, for what concerns the device as a whole
 * @tun: open or zeroed
 *
 * Return: the fd; -1 when there is no device.
 */
static inline int tun_fd(const struct tun *tun)
{
	return tun->n_queues > 0 ? tun->queues[0] : -1;
}

/**
 * tun_close() - close all queues
 * @tun: open or zeroed; zeroed afterwards
 *
 * The kernel removes the device, unless another process has a queue of it open.
 */
void tun_close(struct tun *tun);

/**
 * tun_end_persistence() - have the kernel remove the device with its last descriptor
 * @tun: the device; takes a zeroed one
 *
 * Only a device with several queues can be opened by others, and made persistent (tun.c).
 */
void tun_end_persistence(const struct tun *tun);

/**
 * tun_open() - make a TUN device in the namespace of the calling thread
 * @name: its name, or a pattern ("rp%d")
 * @options: borrowed
 * @ret: to be closed with tun_close()
 *
 * Just after a crash the ring of the last process may still hold a device of this name: EBUSY is
 * tried again for two seconds.
 *
 * Return: 0 or -errno: -ENOENT and -ENODEV without /dev/net/tun, -EPERM without CAP_NET_ADMIN.
 */
int tun_open(const char *name, const struct tun_options *options, struct tun *ret);

/**
 * tun_open_in() - make a TUN device directly in a namespace
 * @netns_fd: the namespace; negative: that of the calling thread
 * @name: its name, or a pattern ("rp%d")
 * @options: borrowed
 * @ret: to be closed with tun_close(): until then the namespace is kept alive, wherever the device
 *	is moved to (tun_home())
 *
 * The device of somebody else is never opened.
 *
 * Return: as tun_open(), but -EEXIST when an interface has that name; or as netns_open_inside().
 */
int tun_open_in(int netns_fd, const char *name, const struct tun_options *options, struct tun *ret);

/**
 * tun_adopt() - use descriptors that another process opened, and that were handed on
 * @fds: one for each queue of a TUN device, whose options it finds out; owned by @ret on success
 * @n: how many, 1 to TUN_QUEUES_MAX
 * @ret: to be closed with tun_close()
 *
 * But it does not find out whether there is a packet-information header: TUNGETIFF has IFF_NOFILTER
 * in the bit of IFF_NO_PI. Netlink tells (rtnl_dev.tun_pi).
 *
 * Return: 0; -EBADFD when the device was removed, -ENOTTY or -EINVAL when it is no TUN, or one that
 * rportd would not make, or they are not of one device; or another -errno.
 */
int tun_adopt(const int fds[], unsigned int n, struct tun *ret);

/**
 * tun_set_family_header() - note that an adopted device has a packet-information header
 * @tun: of tun_adopt()
 */
void tun_set_family_header(struct tun *tun);

/**
 * tun_verify() - check that the device is still as tun_open() made it
 * @tun: with a device
 *
 * Asks for what another process can change who has opened a queue, too (tun.c), and what the
 * descriptor tells. Netlink tells the rest (rtnl_dev).
 *
 * Return: 0; -ESTALE when another process changed the virtio header or send buffer; -EBADFD when
 * the device was removed, or another -errno.
 */
int tun_verify(const struct tun *tun);

/**
 * tun_watchable() - check whether tun_verify() works with this kernel
 * @tun: a device with two queues or more and a virtio header, made for this call: it is changed
 *
 * Before Linux 6.15 the kernel does not tell when another process changes a device with several
 * queues.
 *
 * Return: true when tun_verify() notices the change.
 */
bool tun_watchable(const struct tun *tun);

/**
 * tun_name() - read the present name of the interface, in whatever namespace it is
 * @fd: of a queue
 * @ret_name: filled
 *
 * Return: 0, or -EBADFD when the device was removed.
 */
int tun_name(int fd, char ret_name[static IFNAMSIZ]);

/**
 * tun_netns() - open the network namespace that the device is in
 * @fd: of a queue
 *
 * Return: an fd, which keeps the namespace alive until closed, or -errno (-EBADFD: removed).
 */
int tun_netns(int fd);

/**
 * tun_home() - open the namespace that a descriptor keeps alive
 * @fd: of a TUN device: that in which it was opened, wherever the device is (SIOCGSKNS, Linux 4.16)
 *
 * Return: an fd to be closed; -EPERM, or another -errno of ioctl(2).
 */
int tun_home(int fd);

/**
 * tun_set_carrier() - show LOWER_UP or NO-CARRIER on the interface
 * @fd: of a queue
 * @on: true: LOWER_UP; false: NO-CARRIER
 *
 * Return: 0 or -errno (-EBADFD: removed).
 */
int tun_set_carrier(int fd, bool on);

/**
 * tun_discard() - drop the frames that wait to be read
 * @fd: of a queue
 *
 * Return: how many frames there were, at most some thousands.
 */
unsigned int tun_discard(int fd);

/**
 * tun_has_nowait() - check whether this kernel honours RWF_NOWAIT on a TUN (Linux 6.4 and later)
 * @fd: of a new device, which has nothing to read
 *
 * Return: true when it does.
 */
bool tun_has_nowait(int fd);

/**
 * tun_offload_names() - write offloads in words
 * @offloads: TUN_F_* bits
 * @ret_names: filled with static strings such as "tso4"
 *
 * Return: how many there are, at most TUN_OFFLOADS_MAX.
 */
size_t tun_offload_names(unsigned int offloads, const char *ret_names[static TUN_OFFLOADS_MAX]);

#endif
