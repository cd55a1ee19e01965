/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_MAKE_H
#define RPORT_MANAGER_MAKE_H

/* Finds the domain of a port, and makes the device there, under a name that is free; or takes the
 * one that a former daemon made. */

#include "manager/options.h"

/**
 * make_device() - make the device of a port, down and without addresses
 * @manager: the manager
 * @port: without a device; its domain is completed, and its name, if it has none
 * @err: names the step, the object and the reason
 *
 * A failure leaves no device behind; but the domain may have been completed.
 *
 * Return: 0; -ENOENT (RPORT_ERR_DOMAIN_NOT_FOUND); -EEXIST (RPORT_ERR_INTERFACE_EXISTS); or another
 * -errno.
 */
int make_device(struct manager *manager, struct port *port, struct rport_error *err);

/**
 * make_take_over() - take the device of a port from the store
 * @manager: the manager
 * @port: without a device, of a former daemon
 * @err: set when its domain is the reason; not NULL
 *
 * A device that cannot be taken is removed, and its descriptors are dropped from the store.
 *
 * Return: 0; -ENOENT when the store does not have all its queues, or its domain does not exist; as
 * port_adopt(), -EBADFD, -ENODEV, -ESTALE or another -errno; -ESTALE, too, when the device has the
 * name of another port.
 */
int make_take_over(struct manager *manager, struct port *port, struct rport_error *err);

#endif
