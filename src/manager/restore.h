/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RESTORE_H
#define RPORT_MANAGER_RESTORE_H

/* The state to restore after a restart, from the records of the former daemon. */

#include "manager/options.h"

/**
 * restore_all() - restore the ports and links of the former daemon
 * @manager: the manager, with no port yet; its store has records
 *
 * What cannot be restored is logged, and its record is removed.
 */
void restore_all(struct manager *manager);

#endif
