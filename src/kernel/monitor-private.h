/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_MONITOR_PRIVATE_H
#define RPORT_KERNEL_MONITOR_PRIVATE_H

/* What the unit test reaches without a netlink socket. */

#include "kernel/monitor.h"

/**
 * monitor_attach_filter() - let a socket hear of no routes but our own
 * @fd: a socket whose datagrams are messages of rtnetlink(7); not yet bound, so that none slips by
 *
 * Return: 0, or -errno of SO_ATTACH_FILTER: -ENOMEM, -ENOBUFS.
 */
int monitor_attach_filter(int fd);

/**
 * monitor_parse() - tell what a datagram says
 * @handler: .settings may be NULL
 * @nsid: of the namespace that it came from
 * @data: aligned as a struct nlmsghdr is
 * @size: bytes of @data
 */
void monitor_parse(const struct monitor_handler *handler, int nsid, const void *data, size_t size);

#endif
