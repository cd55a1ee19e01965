/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_PARENTS_H
#define RPORT_MANAGER_PARENTS_H

/* Links are made of ports. The verbs for parents are in manager.h. */

#include "manager/context.h"

/**
 * parents_tie() - make a link of two ports that link_set_parent() has made peers
 * @manager: the manager
 * @port: end a
 * @parent: end b
 * @name: of the link, valid, and not the name of another link
 * @stale: true: drop the packets that wait in their devices
 * @err: the reason
 *
 * The caller calls commit_link() afterwards.
 *
 * Return: 0; -EINVAL when the ports differ in headers or number of queues; -ENOMEM; or -ENOSPC when
 * the data path can serve no more queues.
 */
int parents_tie(struct manager *manager, struct port *port, struct port *parent, const char *name,
		bool stale, struct rport_error *err);

#endif
