/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RESTORE_H
#define RPORT_MANAGER_RESTORE_H

/* What is wanted after a restart, from the records of the former daemon. */

#include "manager/options.h"

/**
 * restore_all() - be as the former daemon was
 * @manager: the manager, with no port yet; its store has records
 *
 * What cannot be restored is said in the log, and forgotten.
 */
void restore_all(struct manager *manager);

#endif
