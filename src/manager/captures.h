/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_CAPTURES_H
#define RPORT_MANAGER_CAPTURES_H

/* Looks for captures that send no event, on ports whose packets may take the fast path. */

#include "manager/options.h"

/**
 * captures_start() - prepare to look; captures_look() begins
 * @manager: the manager, with its event loop
 * @changed: called from the event loop for a port whose port->overheard changed
 * @userdata: for @changed
 *
 * Return: 0; -ENOMEM; or -errno of sd_event_add_time(3). The caller calls captures_stop() in any
 * case.
 */
int captures_start(struct manager *manager, void (*changed)(struct port *port, void *userdata),
		   void *userdata);

/**
 * captures_look() - look for captures, once a second, as long as a link wants the fast path
 * @manager: the manager; nothing happens if it looks already
 */
void captures_look(struct manager *manager);

/**
 * captures_stop() - stop looking, and free what captures_start() made
 * @manager: the manager; nothing happens if captures_start() was not called
 */
void captures_stop(struct manager *manager);

#endif
