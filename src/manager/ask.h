/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_ASK_H
#define RPORT_MANAGER_ASK_H

/* Queries of the kernel on behalf of clients. The verbs are in manager.h. */

#include "manager/options.h"

/**
 * manager_ask_all() - ask the kernel about all ports, before an answer that lists all
 * @manager: the manager
 *
 * Waits 10 ms for the kernel. What is known of ports that were not asked about by then is from
 * events; the next call asks about those first. Ports of a namespace that has used up its share of
 * time (budget.h) are left out. The observer is notified of what changed.
 *
 * Acts in the namespaces of the ports, so it is not for callers who may not change anything.
 */
void manager_ask_all(struct manager *manager);

/**
 * manager_ask_link() - ask the kernel about both ports of a link, and compare them with their spec
 * @manager: the manager
 * @link: the link
 *
 * Waits 50 ms for the kernel, else as manager_ask_all().
 */
void manager_ask_link(struct manager *manager, struct rport_link *link);

#endif
