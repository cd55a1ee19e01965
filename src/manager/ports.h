/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_PORTS_H
#define RPORT_MANAGER_PORTS_H

/* Ports come and go. The verbs of ports are in manager.h. */

#include "manager/context.h"

#define PORTS_NEW_SLOT UINT32_MAX

/**
 * ports_add() - one more port, pending, and not tried yet
 * @manager: the manager
 * @spec: its contents are taken over on success
 * @slot: the number of its counters, inherited; or PORTS_NEW_SLOT
 * @ret: the port, owned by the manager
 * @err: what failed, and why
 *
 * Return: 0; -ENOSPC (RPORT_ERR_LIMIT); or -ENOMEM.
 */
int ports_add(struct manager *manager, struct port_spec *spec, unsigned int slot, struct port **ret,
	      struct rport_error *err);

/**
 * ports_remove() - remove a port with its device, and free it
 * @manager: the manager
 * @port: in no link
 */
void ports_remove(struct manager *manager, struct port *port);

#endif
