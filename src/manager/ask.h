/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_ASK_H
#define RPORT_MANAGER_ASK_H

/* What an answer asks the kernel. The questions are in manager.h. */

#include "manager/context.h"

/**
 * manager_start_asking() - start the thread that asks the kernel; see port_asker_free()
 * @manager: the manager
 * @err: what failed, and why
 *
 * Return: 0 or -errno.
 */
int manager_start_asking(struct manager *manager, struct rport_error *err);

#endif
