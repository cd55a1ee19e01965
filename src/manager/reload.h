/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_H
#define RPORT_MANAGER_RELOAD_H

/* Make links as the files say, while clients are served. */

#include <systemd/sd-event.h>

#include "manager/reload-job.h"

struct reloader;

/**
 * reloader_new() - make a reloader, which waits for requests
 * @event: the loop; referenced
 * @manager: whose links are made; must live as long
 * @path: of the files, see config_load(); must live as long
 * @priority: of a slice of work, as sd-event has it: below that of clients
 * @ret: free it with reloader_free()
 *
 * Return: 0; -ENOMEM; or -errno of sd_event_add_defer(3) or sd_event_add_time(3).
 */
int reloader_new(sd_event *event, struct manager *manager, const char *path, int64_t priority,
		 struct reloader **ret);

/**
 * reloader_free() - stop, in the midst of it if need be
 * @reloader: or NULL
 *
 * Whoever waits for the end is told that it failed.
 */
void reloader_free(struct reloader *reloader);

/**
 * reloader_request() - read the files, and make, remove and replace links as they say
 * @reloader: the reloader
 * @dry_run: only tell what would be done
 * @listener: copied; nobody is told before this returns
 *
 * A link that is as its file says is not touched, nor is one without a file, if it never had one.
 * One whose file is faulty stays as it is. While a reload runs, others wait; all that wait for the
 * same are served by one that follows.
 *
 * Return: 0 or -ENOMEM.
 */
int reloader_request(struct reloader *reloader, bool dry_run,
		     const struct reload_listener *listener);

/**
 * reloader_progress() - how far is the reload that runs?
 * @reloader: the reloader
 * @ret: untouched when none runs
 *
 * Return: true while one runs that changes something.
 */
bool reloader_progress(const struct reloader *reloader, struct reload_progress *ret);

#endif
