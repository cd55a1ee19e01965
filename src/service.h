/* SPDX-License-Identifier: ISC */
#ifndef RPORT_SERVICE_H
#define RPORT_SERVICE_H

/*
 * What the service manager is told (sd_notify(3)): that we are ready, how many links there are,
 * that we read the files again, that we are alive, that we end. Without one nothing is told, and
 * nothing costs anything.
 */

#include <systemd/sd-event.h>

#include "manager.h"

struct service;

/**
 * service_new() - begin to tell how many links there are, and, if it wants to know, that we live
 * @event: the loop; referenced
 * @manager: borrowed
 * @ret: free it with service_free() before the manager
 *
 * The service manager is told that we are alive (WATCHDOG=1) twice in the time that it allows, and
 * only when the loop turns and every worker has answered.
 *
 * Return: 0 or -errno.
 */
int service_new(sd_event *event, struct manager *manager, struct service **ret);

/**
 * service_free() - tell nothing any more; takes NULL
 */
void service_free(struct service *service);

/**
 * service_ready() - the files have been read, for the first time or again
 */
void service_ready(void);

/**
 * service_reloading() - the files are being read again; service_ready() must follow
 */
void service_reloading(void);

/**
 * service_progress() - one more step of something that keeps the loop from turning is done
 *
 * Ten thousand links of files may take longer than the watchdog waits.
 */
void service_progress(void);

/**
 * service_stopping() - we end
 */
void service_stopping(void);

#endif
