/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_MONITOR_H
#define RPORT_API_MONITOR_H

/* The method Monitor: a stream of changes of links and ports. */

#include "api/method.h"

API_METHOD(api_method_monitor);

/**
 * api_monitor_new() - observe the manager for those who will monitor it
 * @manager: must live as long; its observer is the monitor
 * @ret: free it with api_monitor_free()
 *
 * Return: 0, or -ENOMEM.
 */
int api_monitor_new(struct manager *manager, struct api_monitor **ret);

/**
 * api_monitor_free() - stop observing; takes NULL
 * @monitor: without subscribers: the server of its calls was freed before
 */
void api_monitor_free(struct api_monitor *monitor);

#endif
