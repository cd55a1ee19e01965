/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETNS_WATCH_H
#define RPORT_NETNS_WATCH_H

/*
 * Hears when names of network namespaces may have come or gone in NETNS_RUN_DIR, which need not
 * exist yet, and may go and come back.
 */

#include <systemd/sd-event.h>

#include "netns.h"

struct netns_watch;

/**
 * netns_watch_new() - begin to watch
 * @event: the loop; referenced
 * @changed: called from the loop, once for a burst of changes. It may come too often, never too
 *	seldom: also when `ip netns add`, which makes the file first, has mounted the namespace on
 *it
 * @ret: end it with netns_watch_free()
 *
 * Return: 0 or -errno.
 */
int netns_watch_new(sd_event *event, void (*changed)(void *userdata), void *userdata,
		    struct netns_watch **ret);

/**
 * netns_watch_free() - stop watching; takes NULL
 */
void netns_watch_free(struct netns_watch *watch);

#endif
