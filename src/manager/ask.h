/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_ASK_H
#define RPORT_MANAGER_ASK_H

/* What an answer asks the kernel. The questions are in manager.h. */

#include "manager/context.h"

/**
 * manager_start_asking() - start the thread that asks the kernel; see port_asker_free()
 * @manager: the manager
 * @err: names the step that failed, and the reason
 *
 * Return: 0; -ENOMEM; or -errno of socket(2) or pthread_create(3).
 */
int manager_start_asking(struct manager *manager, struct rport_error *err);

#endif
