/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_H
#define RPORT_MANAGER_RELOAD_H

/* Makes the links of the files, while clients are served. */

#include <systemd/sd-event.h>

#include "manager/reload-job.h"

struct reloader;

/**
 * reloader_new() - make a reloader, whose requests wait for reloader_start()
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
 * reloader_start() - begin to work on requests, those that were made before among them
 * @reloader: of reloader_new()
 */
void reloader_start(struct reloader *reloader);

/**
 * reloader_free() - stop, also during a reload
 * @reloader: of reloader_new(), or NULL
 *
 * Requests that are not done fail: done() of their listeners is called with an error.
 */
void reloader_free(struct reloader *reloader);

/**
 * reloader_request() - request that links are made, removed and replaced as the files say
 * @reloader: the reloader
 * @dry_run: true: only report what would be done
 * @listener: copied; its functions are not called before this returns
 *
 * A link that matches its file is not touched, nor is a link without a file, if it never had one. A
 * link whose file is faulty stays as it is. Requests wait while a reload runs; one reload serves
 * all that wait with the same @dry_run.
 *
 * Return: 0 or -ENOMEM.
 */
int reloader_request(struct reloader *reloader, bool dry_run,
		     const struct reload_listener *listener);

/**
 * reloader_progress() - get the progress of the reload that runs
 * @reloader: the reloader
 * @ret: untouched when none runs
 *
 * Return: true while a reload runs that changes something.
 */
bool reloader_progress(const struct reloader *reloader, struct reload_progress *ret);

#endif
