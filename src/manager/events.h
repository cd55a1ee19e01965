/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_EVENTS_H
#define RPORT_MANAGER_EVENTS_H

/* Hears of what happens to ports, and has them looked at. */

#include "manager/context.h"

/**
 * events_start() - begin to listen to netlink, and to the names of namespaces
 * @manager: the manager, with its event loop; own_nsid becomes known
 * @err: what is missing on this machine
 *
 * Return: 0 or -errno; events_stop() is due in any case.
 */
int events_start(struct manager *manager, struct rport_error *err);

/**
 * events_stop() - stop
 * @manager: the manager
 */
void events_stop(struct manager *manager);

/**
 * events_read() - take the events that are queued now
 * @manager: the manager
 */
void events_read(struct manager *manager);

/**
 * events_port_gone() - the shuttle says that a port was removed; see shuttle_options.gone
 */
void events_port_gone(void *owner, unsigned int end, void *userdata);

/**
 * events_link_moved() - the shuttle says that a link has other workers; see shuttle_options.moved
 */
void events_link_moved(void *owner, void *userdata);

#endif
