/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_FACTS_H
#define RPORT_MANAGER_FACTS_H

/* What the daemon knows of a link, for port/check.h. */

#include "manager/options.h"
#include "port/check.h"

/**
 * facts_of_link() - put together what the daemon knows of a link, without a system call
 * @manager: the manager
 * @link: a link; the facts borrow from it
 * @ret: filled; nobody has looked
 */
void facts_of_link(const struct manager *manager, const struct rport_link *link,
		   struct check_facts *ret);

/**
 * facts_find_twin() - look for another link between the same two domains, among all
 * @manager: the manager
 * @link: a link
 * @facts: of that link; its twin is filled in
 */
void facts_find_twin(const struct manager *manager, const struct rport_link *link,
		     struct check_facts *facts);

#endif
