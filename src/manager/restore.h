/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RESTORE_H
#define RPORT_MANAGER_RESTORE_H

/* The state to restore after a restart, from the records of the former daemon. */

#include "manager/options.h"

/**
 * restore_start() - restore the ports and links of the former daemon, without their devices
 * @manager: the manager, with no port yet; its store has records
 *
 * The ports are inherited; the event loop takes over their devices. What cannot be restored is
 * logged, and its record is removed.
 *
 * Return: 0; -ENOMEM; or as slices_new(). The caller calls restore_stop() in any case.
 */
int restore_start(struct manager *manager);

/**
 * restore_stop() - take over no more devices
 * @manager: the manager; nothing happens if all were taken over
 */
void restore_stop(struct manager *manager);

/**
 * restore_when_done() - call a function once all devices of the former daemon were taken over
 * @manager: the manager
 * @done: called once, from the event loop; or at once, when there is nothing to take over
 * @userdata: for @done
 */
void restore_when_done(struct manager *manager, void (*done)(void *userdata), void *userdata);

/**
 * restore_progress() - tell how many devices of the former daemon were taken over
 * @manager: the manager
 * @ret_done: ports that were; untouched when all were
 * @ret_total: ports of the former daemon; likewise
 *
 * Return: true until all were taken over.
 */
bool restore_progress(const struct manager *manager, unsigned int *ret_done,
		      unsigned int *ret_total);

#endif
