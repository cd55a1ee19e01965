/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_PROBE_H
#define RPORT_KERNEL_PROBE_H

/* Sends a packet of our own through one interface, and waits for it at another one. */

#include "base/util.h"

/* An interface: in what namespace, and its ifindex there. */
struct probe_end {
	int netns_fd;
	unsigned int index;
};

/*
 * struct probe_result - what became of it
 * @sent: 0, or -errno with which the kernel refused to send it
 * @arrived: it was seen at the other interface
 * @usec: after so many microseconds
 */
struct probe_result {
	int sent;
	bool arrived;
	uint64_t usec;
};

#define PROBE_WAIT_MSEC 300

/**
 * probe_send() - send a packet and wait for it
 * @from: the interface that it leaves by
 * @to: the interface at which it is expected
 * @family: AF_INET or AF_INET6
 * @ret: what became of it
 *
 * The packet has addresses of documentation (RFC 5737, RFC 3849), a random token, and is made so
 * that no host answers or forwards it: see probe.c. Takes up to PROBE_WAIT_MSEC, and the time of
 * netns_open_inside(): this is not for the main thread. Neither socket is a capture that would keep
 * a link off the fast path (packet-sockets.h).
 *
 * Return: 0; -EPERM without CAP_NET_RAW; or another -errno of socket(2), bind(2) or setns(2).
 */
int probe_send(const struct probe_end *from, const struct probe_end *to, int family,
	       struct probe_result *ret);

#endif
