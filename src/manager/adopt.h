/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_ADOPT_H
#define RPORT_MANAGER_ADOPT_H

/* What is wanted after a restart, found out from the devices alone. */

#include "manager/options.h"

/**
 * adopt_all() - take over the devices that were handed on, by what the kernel knows of them
 * @manager: the manager, with no port yet; the records of its store cannot be read
 */
void adopt_all(struct manager *manager);

#endif
