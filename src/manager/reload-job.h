/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_JOB_H
#define RPORT_MANAGER_RELOAD_JOB_H

/* Compares the files with the links, in steps. */

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
 * struct reload_progress - the progress of a reload
 * @done: links that were processed
 * @total: links to process
 * @waiting: the numbers are those of another reload, for which this one waits
 */
struct reload_progress {
	size_t done, total;
	bool waiting;
};

/*
 * struct reload_listener - callbacks of a reload
 * @link: called for each link that has, or had, a file; @text: what changes, why it failed, or ""
 * @problem: called for each fault of a file
 * @progress: called every 100 ms at most; or NULL
 * @done: called once, at the end; @err is NULL, or says why nothing was done at all
 * @userdata: for all of them
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
 * @manager: whose links they make; must live as long
 * @path: see config_load()
 * @dry_run: true: only report what would be done
 * @listener: copied; link() and problem() are called
 * @ret: free it with reload_job_free()
 * @err: names the files and the reason
 *
 * Return: 0; -ENOMEM; or another -errno of config_files_open().
 */
int reload_job_new(struct manager *manager, const char *path, bool dry_run,
		   const struct reload_listener *listener, struct reload_job **ret,
		   struct rport_error *err);

/**
 * reload_job_step() - make or change one link; or remove many at once, of which the files are gone
 * @job: the job
 *
 * Return: false when nothing is left to do.
 */
bool reload_job_step(struct reload_job *job);

/**
 * reload_job_progress() - get the progress
 * @job: the job
 * @ret_done: links that were processed
 * @ret_total: links to process in all, as far as is known
 */
void reload_job_progress(const struct reload_job *job, size_t *ret_done, size_t *ret_total);

/**
 * reload_job_free() - end a job, done or not
 * @job: the job, or NULL
 */
void reload_job_free(struct reload_job *job);

#endif
