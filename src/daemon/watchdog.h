/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_WATCHDOG_H
#define RPORT_DAEMON_WATCHDOG_H

/*
 * Tells the service manager how many links there are, how far a restart or a reload is, and that
 * the daemon is alive. Without a service manager it sends nothing and costs nothing. See
 * base/notify.h for the other messages.
 */

#include <systemd/sd-event.h>

#include "manager/reload.h"

struct service;

/**
 * service_new() - begin to tell how many links there are, and, if it wants to know, that we live
 * @event: the loop; referenced
 * @manager: borrowed
 * @reloader: borrowed
 * @ret: free it with service_free() before the manager and the reloader
 *
 * The service manager is told that we are alive (WATCHDOG=1) twice in the time that it allows, and
 * only when the loop turns and every worker has answered. While a restart or a reload makes
 * progress, the time that starting or reloading the service may take is extended.
 *
 * Return: 0, -ENOMEM, or another -errno of sd_event_add_time(3).
 */
int service_new(sd_event *event, struct manager *manager, const struct reloader *reloader,
		struct service **ret);

/**
 * service_free() - stop sending status and pings; takes NULL
 * @service: of service_new(), or NULL
 */
void service_free(struct service *service);

#endif
