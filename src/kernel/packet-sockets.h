/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_PACKET_SOCKETS_H
#define RPORT_KERNEL_PACKET_SOCKETS_H

/* Finds the packet sockets of a namespace (packet(7)) that see what its interfaces send. */

#include "base/util.h"

#define PACKET_SOCKETS_MAX 64

/*
 * struct packet_sockets - the interfaces that are listened to
 * @all: all interfaces are, or there are too many sockets to tell
 * @indices: ifindex of each one else
 * @n: how many
 */
struct packet_sockets {
	bool all;
	unsigned int indices[PACKET_SOCKETS_MAX];
	unsigned int n;
};

/**
 * packet_sockets_find() - look for packet sockets in a namespace
 * @netns_fd: the namespace; stays the caller's
 * @ret: the interfaces
 *
 * Return: 0; -ENOENT when the kernel has no packet sockets; or as netns_open_inside(), -ETIMEDOUT
 * or another -errno.
 */
int packet_sockets_find(int netns_fd, struct packet_sockets *ret);

/**
 * packet_sockets_parse() - find the interfaces in the text of /proc/net/packet
 * @text: of the file, changed
 * @ret: the interfaces
 */
void packet_sockets_parse(char *text, struct packet_sockets *ret);

/**
 * packet_sockets_hear() - tell whether an interface is listened to
 * @sockets: of packet_sockets_find()
 * @index: of the interface
 *
 * Return: true when a packet socket sees what it sends.
 */
bool packet_sockets_hear(const struct packet_sockets *sockets, unsigned int index);

#endif
