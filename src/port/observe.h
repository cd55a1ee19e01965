/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_OBSERVE_H
#define RPORT_PORT_OBSERVE_H

/* Reads the settings of a device from the kernel. */

#include "port/plan.h"
#include "port/port.h"

/**
 * port_observe() - read the settings of the device of a port from the kernel
 * @port: with a device
 * @want: which addresses and routes are looked up; all others are ignored
 * @scope: PLAN_* bits; without PLAN_SETTINGS addresses and routes are not looked up
 * @ret: the result; free it with port_seen_release()
 * @ret_rtnl: NULL, or a socket in the namespace of the device, to be closed with rtnl_close(); NULL
 *	when none is left that could be used
 *
 * Return: 0; -EBADFD when the port has no device, or it was removed; -ESTALE when it was moved just
 * now; or another -errno.
 */
int port_observe(const struct port *port, const struct port_want *want, unsigned int scope,
		 struct port_seen *ret, struct rtnl **ret_rtnl);

/**
 * port_compare_seen() - port_compare() with the result of port_observe()
 * @port: with a device
 * @seen: of port_observe(), with PLAN_ALL
 *
 * Return: 1: the drift changed; 0: it is the same; or -ENOMEM, and the former drift stays.
 */
int port_compare_seen(struct port *port, const struct port_seen *seen);

#endif
