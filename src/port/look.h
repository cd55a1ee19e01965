/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_LOOK_H
#define RPORT_PORT_LOOK_H

/* Asks the kernel for the place and state of a device; its settings are read by port_observe(). */

#include "port/port.h"

/**
 * port_locate() - find the device of a port, in any namespace
 * @staging: where the kernel is asked
 * @port: with a device; its name, nsid and index are updated
 * @ret: what the kernel knows of the interface
 *
 * Return: 0; -EBADFD when the device was removed; -EINVAL when its namespace was deleted, and the
 * device with it; or another -errno.
 */
int port_locate(struct staging *staging, struct port *port, struct rtnl_dev *ret);

/**
 * port_look() - find the device of a port, and what other processes changed of it
 * @staging: where the kernel is asked
 * @port: with a device; its name, nsid, index, MTU, state, master and elsewhere are updated
 * @ret_lost: why the device is lost, a static string; else untouched
 *
 * A device whose VRF was deleted is in no VRF. It is lost, since it would join the VRF's networks
 * to those of the main table.
 *
 * Return: 0; -ENODEV: it is lost, @ret_lost says why, and the caller removes it; or another -errno:
 * the kernel could not be asked, and @port is unchanged.
 */
int port_look(struct staging *staging, struct port *port, const char **ret_lost);

/**
 * port_lost_name() - check whether the name of its domain is that of another namespace, or gone
 * @port: any port; a port without a device, or in a domain without a name, has not lost it
 * @ret_lost: why the port has to let go of its device; unchanged while it has not
 *
 * A namespace lives on without its name while a process is in it. But the name is the domain. Of a
 * device that was moved, the question is whether the name now stands for the namespace where the
 * device is: then the port needs a new one there. A device that keeps its domain's namespace alive
 * (port->pinned), wherever it is, has to go when the name does not do so any more.
 *
 * Return: 0; -EBADFD when the device was removed; or another -errno when that could not
 * be found out, or not in time.
 */
int port_lost_name(const struct port *port, const char **ret_lost);

/**
 * port_saw() - take what the kernel reports of the interface into a port
 * @port: with a device
 * @dev: its interface, in the namespace where the port is
 */
void port_saw(struct port *port, const struct rtnl_dev *dev);

/**
 * port_intruder() - check whether another process has opened the device, and perhaps changed it
 * @port: with a device
 * @dev: what the kernel knows of its interface
 *
 * Only a device with several queues can be opened by other processes: see kernel/tun.c for what
 * they can do then.
 *
 * Return: what was done, a static string, as the reason to lose the device; NULL: nothing.
 */
const char *port_intruder(const struct port *port, const struct rtnl_dev *dev);

#endif
