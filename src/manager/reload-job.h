/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_JOB_H
#define RPORT_MANAGER_RELOAD_JOB_H

/* Compare the files with the links, one link in a step. */

#include "config/config.h"
#include "manager/options.h"

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

struct reload_job;

/**
 * reload_job_new() - find the files
 * @manager: whose links they say
 * @path: see config_load()
 * @dry_run: only tell what would be done
 * @listener: copied; link() and problem() are used
 * @ret: free it with reload_job_free()
 * @err: what failed, and why
 *
 * Return: 0, or -errno when it cannot be known which links there are.
 */
int reload_job_new(struct manager *manager, const char *path, bool dry_run,
		   const struct reload_listener *listener, struct reload_job **ret,
		   struct rport_error *err);

/**
 * reload_job_step() - consider one link
 * @job: the job
 *
 * Return: false when there is nothing left to do.
 */
bool reload_job_step(struct reload_job *job);

/**
 * reload_job_progress() - how far it is
 * @job: the job
 * @ret_done: links that were considered
 * @ret_total: of so many, as far as is known
 */
void reload_job_progress(const struct reload_job *job, size_t *ret_done, size_t *ret_total);

/**
 * reload_job_free() - end it, done or not
 * @job: or NULL
 */
void reload_job_free(struct reload_job *job);

#endif
