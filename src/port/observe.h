/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_OBSERVE_H
#define RPORT_PORT_OBSERVE_H

/* Asks the kernel how the device of a port is. */

#include "port/plan.h"
#include "port/port.h"

/**
 * port_observe() - look at the device of a port
 * @port: has a device
 * @want: what of its addresses and routes is of interest; all others are left out
 * @scope: PLAN_* bits; without PLAN_SETTINGS its addresses and routes are not looked at
 * @ret: how it is; free it with port_seen_release()
 *
 * Return: 0; -EBADFD when it has no device, or the device is gone; -ESTALE when it was moved just
 * now; or another -errno.
 */
int port_observe(const struct port *port, const struct port_want *want, unsigned int scope,
		 struct port_seen *ret);

/**
 * port_compare_seen() - port_compare() with what was seen already
 * @port: has a device
 * @seen: of port_observe(), with PLAN_ALL
 *
 * Return: 1: another drift than before, or something to give it; 0: the same; or -ENOMEM, and the
 * drift stays.
 */
int port_compare_seen(struct port *port, const struct port_seen *seen);

#endif
