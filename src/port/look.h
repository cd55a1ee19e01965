/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_LOOK_H
#define RPORT_PORT_LOOK_H

/* Asks the kernel where the device of a port is and how; its settings are for port_observe(). */

#include "port/port.h"

/**
 * port_locate() - find the device of a port in whatever namespace it is
 * @staging: where the questions are asked
 * @port: with a device; its name, nsid and index become what they are now
 * @ret: what the kernel knows of the interface
 *
 * Return: 0; -EBADFD when the device was removed; -EINVAL when its namespace was deleted, and the
 * device goes with it; or another -errno.
 */
int port_locate(struct staging *staging, struct port *port, struct rtnl_dev *ret);

/**
 * port_look() - see where the device of a port is, and how: what others may have changed
 * @staging: where the questions are asked
 * @port: with a device; its name, nsid, index, MTU, state and place become what they are now
 * @ret_lost: why the port has lost its device, so that this must go; else untouched
 *
 * That its VRF was deleted shows in that the device is in none: it must not stay, for it would join
 * the VRF's networks to those of the main table.
 *
 * Return: 0; -ENODEV: it is lost, @ret_lost says why; or another -errno: it could not be seen, and
 * is unchanged.
 */
int port_look(struct staging *staging, struct port *port, const char **ret_lost);

/**
 * port_lost_name() - does the name of its domain stand for another namespace now, or for none?
 * @port: any port
 *
 * A namespace lives on without its name while a process is in it. But the name is the domain. A
 * device that somebody moved is not where its name was; if it is where the name is now, it has to be
 * made anew there.
 *
 * Return: 1: yes; 0: no; or -errno when that could not be found out, or not in time.
 */
int port_lost_name(const struct port *port);

/**
 * port_saw() - note what the kernel says of the interface of a port
 * @port: with a device
 * @dev: its interface, in the namespace where the port is
 */
void port_saw(struct port *port, const struct rtnl_dev *dev);

/**
 * port_intruder() - has another process opened the device of a port, and perhaps changed it?
 * @port: with a device
 * @dev: what the kernel knows of its interface
 *
 * Only one with several queues can be opened by others: see kernel/tun.c for what they can do then.
 *
 * Return: what was done, as a reason to lose the device; NULL: nothing.
 */
const char *port_intruder(const struct port *port, const struct rtnl_dev *dev);

#endif
