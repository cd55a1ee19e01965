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
 * port_want_of() - put together the wanted state of a port for port_observe() and port_plan()
 * @port: the port; lent to the result
 * @admin: the administrative state that it is to have
 *
 * Return: the wanted state, with no former spec.
 */
struct port_want port_want_of(const struct port *port, enum port_admin admin);

/**
 * port_compare_seen() - find the drift of a port: in what its device differs from its spec
 * @port: port->drift becomes the result
 * @seen: of port_observe(), with PLAN_ALL; NULL: the port has no device, and so no drift
 *
 * Addresses and routes that others added are ignored.
 *
 * Return: 1: the drift changed; 0: it is the same; or -ENOMEM, and the former drift stays.
 */
int port_compare_seen(struct port *port, const struct port_seen *seen);

#endif
