/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RELOAD_JOB_H
#define RPORT_MANAGER_RELOAD_JOB_H

/* Compare the files with the links, one link in a step. */

#include "config/config.h"
#include "manager/manager.h"
#include "manager/reload.h"

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
