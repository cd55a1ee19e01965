/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_DERIVE_H
#define RPORT_PORT_DERIVE_H

/* Finds out from the kernel alone what a device of a former daemon was asked to be. */

#include "port/port.h"

/*
 * struct port_derived - a device, and what was read of it
 * @spec: domain, name, MTU, addresses, routes and options of the device
 * @alias: of the interface, see port_link_alias()
 */
struct port_derived {
	struct port_spec spec;
	char alias[sizeof(((struct rtnl_dev *)NULL)->alias)];
};

/**
 * port_derive() - read what there is of a device
 * @staging: where the kernel is asked
 * @fds: of its queues; stay the caller's
 * @n: how many, up to TUN_QUEUES_MAX
 * @ret: the caller frees its spec with port_spec_release()
 *
 * Return: 0; -ENOENT when its namespace has no name that was found in time; -EBADFD when the device
 * was removed; or as tun_adopt(), or another -errno.
 */
int port_derive(struct staging *staging, const int fds[], unsigned int n, struct port_derived *ret);

#endif
