/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_ADOPT_H
#define RPORT_MANAGER_ADOPT_H

/* The state to restore after a restart, read from the devices alone. */

#include "manager/options.h"

/**
 * adopt_all() - adopt the devices of the former daemon by what the kernel knows of them
 * @manager: the manager, with no port yet; the records of its store cannot be read
 */
void adopt_all(struct manager *manager);

#endif
