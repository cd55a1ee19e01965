/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_WATCH_H
#define RPORT_KERNEL_NETNS_WATCH_H

/*
 * Hears when names of network namespaces may have come or gone: in NETNS_RUN_DIR, which need not
 * exist yet, and may go and come back; and paths that it is told.
 */

#include <systemd/sd-event.h>

#include "kernel/netns.h"

struct netns_watch;

/**
 * netns_watch_new() - begin to watch
 * @event: the loop; referenced
 * @changed: called from the loop, within 5 ms and once for a burst of changes, at most every 10 ms.
 *	It may come too often, never too seldom: also when `ip netns add`, which makes the file
 *	first, has mounted the namespace on it. It may end the watch
 * @userdata: for @changed
 * @ret: end it with netns_watch_free()
 *
 * What is there already is not told: look after this call, and nothing is missed.
 *
 * One of its two sources may be missing: without inotify (fs.inotify.max_user_instances used up)
 * only mounts are seen, not symbolic links and unmounted files; without /proc/self/mountinfo, a
 * mount on a file is not seen. Either is better than no daemon.
 *
 * Return: 0 or -errno, when there is neither.
 */
int netns_watch_new(sd_event *event, void (*changed)(void *userdata), void *userdata,
		    struct netns_watch **ret);

/**
 * netns_watch_path() - watch the path of a namespace, or go on watching it
 * @watch: of netns_watch_new(), or NULL
 * @path: netns_path_valid(); it is listed as a name is
 *
 * As netns_paths_add(): call it before each look at the path, from any thread.
 */
void netns_watch_path(struct netns_watch *watch, const char *path);

/**
 * netns_watch_name() - list the names that may have come or gone since the last call of @changed
 * @watch: the watch; call this within @changed only
 * @i: from 0
 *
 * A name can be listed twice.
 *
 * Return: the name, valid until @changed returns; NULL after the last one.
 */
const char *netns_watch_name(const struct netns_watch *watch, size_t i);

/**
 * netns_watch_missed() - check whether other names than those listed may have come or gone
 * @watch: the watch; call this within @changed only
 *
 * Mounts are noticed, but not which name they are for.
 *
 * Return: true when all names have to be looked at.
 */
bool netns_watch_missed(const struct netns_watch *watch);

/**
 * netns_watch_sees_all() - check whether both sources are there
 * @watch: of netns_watch_new(), or NULL
 *
 * Return: true when nothing that happens to a name is missed.
 */
bool netns_watch_sees_all(const struct netns_watch *watch);

/**
 * netns_watch_free() - stop watching; takes NULL
 * @watch: of netns_watch_new(), or NULL
 */
void netns_watch_free(struct netns_watch *watch);

#endif
