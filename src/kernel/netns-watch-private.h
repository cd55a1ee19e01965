/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_WATCH_PRIVATE_H
#define RPORT_KERNEL_NETNS_WATCH_PRIVATE_H

/* What the unit test reaches: a watch on a directory of its own. */

#include "kernel/netns-watch.h"

/**
 * netns_watch_new_at() - watch a directory other than NETNS_RUN_DIR
 * @event: the loop; referenced
 * @directory: in place of NETNS_RUN_DIR: an absolute path; its parent is there
 * @mountinfo: in place of /proc/self/mountinfo
 * @changed: as for netns_watch_new()
 * @userdata: for @changed
 * @ret: end it with netns_watch_free()
 *
 * Return: as netns_watch_new().
 */
int netns_watch_new_at(sd_event *event, const char *directory, const char *mountinfo,
		       void (*changed)(void *userdata), void *userdata, struct netns_watch **ret);

#endif
