/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_H
#define RPORT_MANAGER_RELOAD_H

/* Make links as the files say. */

#include "config/config.h"
#include "manager/manager.h"

enum reload_result {
	RELOAD_ADDED,
	RELOAD_CHANGED,
	RELOAD_REMOVED,
	RELOAD_UNCHANGED,
	RELOAD_FAILED,
};

struct reload_listener {
	/* Each link of a file, or that was of one; @text: what changes, or why it failed; else ""
	 */
	void (*link)(enum reload_result result, const char *name, const char *text, void *userdata);
	config_problem_fn problem;
	void *userdata;
};

/**
 * reload_links() - read the files, and make, remove and replace links as they say
 * @path: see config_load()
 * @dry_run: only tell what would be done
 *
 * A link that is as its file says is not touched, nor is one without a file, if it never had one.
 * One whose file is faulty stays as it is.
 *
 * Return: 0, or -errno when nothing could be read; what fails for a link is told to the listener.
 */
int reload_links(struct manager *manager, const char *path, bool dry_run,
		 const struct reload_listener *listener, struct rport_error *err);

#endif
