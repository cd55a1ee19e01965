/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_PORT_PRIVATE_H
#define RPORT_PORT_PORT_PRIVATE_H

/* Shared by the files about ports: make.c makes the device, device.c finds and removes it,
 * settings.c has the rest. */

#include "port/port.h"

/* With a number behind it, the name of a device that has no other one yet. */
#define PORT_NEW_NAME "rportd-new"

/**
 * staging_open_tun() - make a TUN device in the staging namespace
 * @staging: the namespace
 * @options: of the device
 * @ret: to be closed with tun_close()
 * @err: as staging_no_tun()
 *
 * Return: as tun_open().
 */
int staging_open_tun(struct staging *staging, const struct tun_options *options, struct tun *ret,
		     struct rport_error *err);

/**
 * staging_no_tun() - format the error of a TUN device that could not be made
 * @r: -errno
 * @err: set
 *
 * Return: @r.
 */
int staging_no_tun(int r, struct rport_error *err);

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
 * port_check_index() - check that port->index is the ifindex of its device
 * @rtnl: a socket in the namespace where the device is
 * @port: the port
 *
 * Return: 0; -EBADFD when the port has no device; -ENODEV or -ESTALE when it was moved or renamed
 * just now; or another -errno.
 */
int port_check_index(struct rtnl *rtnl, const struct port *port);

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

#endif
