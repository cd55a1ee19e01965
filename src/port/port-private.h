/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PORT_PRIVATE_H
#define RPORT_PORT_PORT_PRIVATE_H

/* What the files about ports share with each other: device.c the device, settings.c the rest. */

#include "port/port.h"

/**
 * port_open_rtnl() - open a netlink socket where the port is
 * @port: the port
 * @ret: close it with rtnl_close()
 *
 * Return: 0; -EBADFD when the port has no device; -ESTALE when it was moved just now, so that its
 * number may be somebody else's; or another -errno.
 */
int port_open_rtnl(const struct port *port, struct rtnl **ret);

/**
 * port_open_rtnl_dev() - open a netlink socket where the port is, and look at its interface
 * @port: the port
 * @ret: close it with rtnl_close()
 * @ret_dev: what the kernel knows of the interface now
 *
 * Return: as port_open_rtnl().
 */
int port_open_rtnl_dev(const struct port *port, struct rtnl **ret, struct rtnl_dev *ret_dev);

/**
 * port_step_failed() - every failed step reads alike: what, with which port, where, and why
 * @err: gets the words
 * @r: -errno of the step
 * @port: the port
 * @step: "set the MTU of"
 *
 * Return: @r.
 */
int port_step_failed(struct rport_error *err, int r, const struct port *port, const char *step);

/**
 * port_make_link_local() - the IPv6 link-local address of a port with this domain and this name
 * @spec: its domain is resolved, and it has a name
 *
 * Return: the address.
 */
struct ip_address port_make_link_local(const struct port_spec *spec);

#endif
