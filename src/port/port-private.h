/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PORT_PRIVATE_H
#define RPORT_PORT_PORT_PRIVATE_H

/* Shared by the files about ports: device.c has the device, settings.c the rest. */

#include "port/port.h"

/**
 * port_open_rtnl() - open a netlink socket in the namespace where the device of a port is
 * @port: the port
 * @ret: close it with rtnl_close()
 *
 * Return: 0; -EBADFD when the port has no device; -ESTALE when it was moved just now, so that its
 * ifindex may be that of another interface; or another -errno.
 */
int port_open_rtnl(const struct port *port, struct rtnl **ret);

/**
 * port_open_rtnl_dev() - port_open_rtnl(), with what the kernel knows of the interface
 * @port: the port
 * @ret: close it with rtnl_close()
 * @ret_dev: the interface
 *
 * Return: as port_open_rtnl().
 */
int port_open_rtnl_dev(const struct port *port, struct rtnl **ret, struct rtnl_dev *ret_dev);

/**
 * port_step_failed() - format the error of a failed step, with port, domain and reason
 * @err: set
 * @r: -errno of the step
 * @port: the port
 * @step: "set the MTU of"
 *
 * Return: @r.
 */
int port_step_failed(struct rport_error *err, int r, const struct port *port, const char *step);

/**
 * port_want_of() - put together the wanted state of a port for port_observe() and port_plan()
 * @port: the port; lent to the result
 * @admin: the administrative state that it is to have
 *
 * Return: the wanted state, with no former spec.
 */
struct port_want port_want_of(const struct port *port, enum port_admin admin);

/**
 * port_make_link_local() - compute the IPv6 link-local address of a port from its domain and name
 * @spec: its domain is resolved, and it has a name
 *
 * Return: the address.
 */
struct ip_address port_make_link_local(const struct port_spec *spec);

#endif
