/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_MAKE_H
#define RPORT_MANAGER_MAKE_H

/* Finds the domain of a port, and makes the device there, under a name that is free. */

#include "manager/options.h"

/**
 * make_resolve() - resolve and open the domain of a port
 * @port: gets the process that pid:N stands for, if it has none yet
 * @ret: release it with domain_place_release()
 * @err: names the domain
 *
 * Return: as domain_resolve_again(); -ENOENT, too, when the port had a device of a former daemon
 * and the process is no longer known.
 */
int make_resolve(struct port *port, struct domain_place *ret, struct rport_error *err);

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

#endif
