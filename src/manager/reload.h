/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_H
#define RPORT_MANAGER_RELOAD_H

/* Make links as the files say, while clients are served. */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "manager/manager.h"

enum reload_result {
	RELOAD_ADDED,
	RELOAD_CHANGED,
	RELOAD_REMOVED,
	RELOAD_UNCHANGED,
	RELOAD_FAILED,
};

/*
 * How far a reload is.
 *
 * @done: links that were considered
 * @total: of so many
 * @waiting: these are the numbers of another reload, for which this one waits
 */
struct reload_progress {
	size_t done, total;
	bool waiting;
};

/*
 * Whom to tell.
 *
 * @link: of each link of a file, or that was of one; @text: what changes, or why it failed; else ""
 * @problem: of what is wrong in a file
 * @progress: now and then; or NULL
 * @done: once, at the end: @err is NULL, or says why nothing was done at all
 */
struct reload_listener {
	void (*link)(enum reload_result result, const char *name, const char *text, void *userdata);
	config_problem_fn problem;
	void (*progress)(const struct reload_progress *progress, void *userdata);
	void (*done)(const struct rport_error *err, void *userdata);
	void *userdata;
};

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
