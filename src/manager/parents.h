/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_PARENTS_H
#define RPORT_MANAGER_PARENTS_H

/* Links are made of ports. The verbs for parents are in manager.h. */

#include "manager/context.h"

/**
 * parents_tie() - make a link of two ports whose rules allow it
 * @manager: the manager
 * @port: end a
 * @parent: end b
 * @name: of the link; not taken
 * @stale: packets that wait in their devices are old, and are dropped
 * @err: what failed
 *
 * commit_link() is still to follow.
 *
 * Return: 0 or -errno.
 */
int parents_tie(struct manager *manager, struct port *port, struct port *parent, const char *name,
		bool stale, struct rport_error *err);

#endif
