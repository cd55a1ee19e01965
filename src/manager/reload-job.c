/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Between two steps control returns to the event loop, and clients may pair, unpair or write files.
 * So a step keeps nothing but names for the next one: each link and each file is read in the step
 * that acts on it. First all links whose file is gone are removed, since they may have interface
 * names that others need; then all files are read.
 *
 * To remove a link is to wait for the kernel, so a step removes many at once, which takes little
 * longer than to remove one. Links are made one a step.
 */

#include <stdio.h>

#include "config/clash.h"
#include "manager/pair.h"
#include "manager/parents.h"
#include "manager/reload-job.h"
#include "manager/status.h"

#define CHECKED_MAX 256 /* links in a step; the path of each file is looked up */

struct reload_job {
	struct manager *manager;
	struct reload_listener listener;
	struct config_files *files;
	bool dry_run;
	struct config_clashes *clashes; /* of a dry run; NULL: the kernel and the table know them */
	bool cleared;                   /* all links were checked for their file */
	char after[LINK_NAME_MAX + 1];  /* the last link that was checked for its file */
	size_t next;                    /* file */
	size_t done, total;
};

static void tell(struct reload_job *job, enum reload_result result, const char *name,
		 const char *text)
{
	job->listener.link(result, name, text, job->listener.userdata);
}

/* --- links whose file is gone ----------------------------------------------------------------- */

/* Return: the next link to be checked, or NULL. */
static struct rport_link *next_link(struct reload_job *job)
{
	struct rport_link *link = table_link_after(manager_table(job->manager), job->after);

	if (link)
		memcpy(job->after, link->name, sizeof(job->after));
	else
		job->cleared = true;
	return link;
}

/* Return: how many links of @ret have no file. */
static size_t find_stale(struct reload_job *job, struct rport_link *ret[static MANAGER_DESTROY_MAX])
{
	struct rport_link *link;
	size_t n = 0;

	for (unsigned int i = 0; i < CHECKED_MAX && n < MANAGER_DESTROY_MAX; i++) {
		link = next_link(job);
		if (!link)
			break;
		if (link->configured && !config_files_have(job->files, link->name))
			ret[n++] = link;
	}
	return n;
}

static void remove_stale(struct reload_job *job)
{
	struct rport_link *links[MANAGER_DESTROY_MAX];
	size_t n = find_stale(job, links);

	job->done += n;
	for (size_t i = 0; i < n; i++)
		tell(job, RELOAD_REMOVED, links[i]->name, "");
	if (!job->dry_run)
		manager_destroy_links(job->manager, links, n);
}

/* --- links with a file ------------------------------------------------------------------------ */

/* "a: mtu is 32768, not 9000; b: ..." */
struct preview {
	char text[4096];
	size_t length;
};

static void add_step(unsigned int end, const char *text, void *userdata)
{
	struct preview *preview = userdata;
	size_t left = sizeof(preview->text) - preview->length;
	int n = snprintf(preview->text + preview->length, left, "%s%c: %s",
			 preview->length > 0 ? "; " : "", "ab"[end], text);

	preview->length += MIN((size_t)MAX(n, 0), left - 1);
}

/* "at end a queues is 1, not 2; a: made anew, because queues; b: ..." */
static void add_anew(const struct pair_outcome *outcome, char *text, size_t size)
{
	for (int end = 0; end < 2; end++) {
		const char *why = outcome->anew[end];
		size_t length = strlen(text);

		if (why)
			snprintf(text + length, size - length, "; %c: made anew, because %s",
				 "ab"[end], why);
	}
}

/*
 * Pairs the link, and replaces it if it differs; a dry run only finds out how. @difference, "" of a
 * new link, is told with what pair adds to it; or in a dry run the steps of a change in place.
 */
static void make(struct reload_job *job, struct config_link *wanted, enum reload_result result,
		 const char *difference)
{
	struct link_spec *spec = &wanted->spec;
	char name[LINK_NAME_MAX + 1], text[2 * DOMAIN_TEXT_MAX + 256];
	struct preview preview = { 0 };
	struct pair_outcome outcome;
	struct rport_link *link;
	struct rport_error err;

	memcpy(name, spec->name, sizeof(name));
	if (job->dry_run) {
		(void)pair_preview(job->manager, spec, true, &outcome, add_step, &preview, &err);
	} else if (pair_domains(job->manager, spec, true, &outcome, &link, &err) < 0) {
		tell(job, RELOAD_FAILED, name, err.message);
		return;
	} else {
		manager_set_file(job->manager, link, wanted->file);
	}
	snprintf(text, sizeof(text), "%s", difference);
	add_anew(&outcome, text, sizeof(text));
	tell(job, result, name, preview.length > 0 ? preview.text : text);
}

static void consider(struct reload_job *job, struct config_link *wanted)
{
	const char *name = wanted->spec.name;
	struct rport_link *have = table_link_by_name(manager_table(job->manager), name);
	char difference[2 * DOMAIN_TEXT_MAX + 128];

	if (wanted->bad) {
		tell(job, RELOAD_FAILED, name,
		     have ? "its file is faulty; it stays as it is" : "its file is faulty");
	} else if (!have) {
		make(job, wanted, RELOAD_ADDED, "");
	} else if (pair_differs(have, &wanted->spec, difference, sizeof(difference))) {
		make(job, wanted, RELOAD_CHANGED, difference);
	} else {
		tell(job, RELOAD_UNCHANGED, name, "");
		if (!job->dry_run)
			manager_set_file(job->manager, have, wanted->file);
	}
}

static void read_next_file(struct reload_job *job)
{
	_cleanup_config_link_ struct config_link wanted = { 0 };
	const char *name = config_files_name(job->files, job->next);
	int r = config_files_read(job->files, job->next, &wanted);

	job->next++;
	job->done++;
	if (r > 0 && !wanted.bad)
		config_clashes_add(job->clashes, &wanted, job->listener.problem,
				   job->listener.userdata);
	if (r > 0)
		consider(job, &wanted);
	else if (r < 0 && link_name_valid(name))
		tell(job, RELOAD_FAILED, name, strerror(-r));
}

/* --- the job ---------------------------------------------------------------------------------- */

bool reload_job_step(struct reload_job *job)
{
	if (!job->cleared) {
		remove_stale(job);
		return true;
	}
	if (job->next < config_files_count(job->files)) {
		read_next_file(job);
		return true;
	}
	config_files_tell_rest(job->files);
	return false;
}

void reload_job_progress(const struct reload_job *job, size_t *ret_done, size_t *ret_total)
{
	*ret_done = job->done;
	*ret_total = MAX(job->done, job->total);
}

/* A mask counts as a file here, so more links may be removed than are counted. */
static void count_stale(struct rport_link *link, void *userdata)
{
	struct reload_job *job = userdata;

	job->total += link->configured && !config_files_found(job->files, link->name);
}

int reload_job_new(struct manager *manager, const char *path, bool dry_run,
		   const struct reload_listener *listener, struct reload_job **ret,
		   struct rport_error *err)
{
	struct reload_job *job = calloc(1, sizeof(*job));
	int r;

	r = job ? config_files_open(path, listener->problem, listener->userdata, &job->files)
		: -ENOMEM;
	if (r < 0) {
		free(job);
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot read the files of %s: %s",
				       path, strerror(-r));
	}
	job->manager = manager;
	job->listener = *listener;
	job->dry_run = dry_run;
	if (dry_run)
		job->clashes = config_clashes_new();
	job->total = config_files_count(job->files);
	table_foreach_link(manager_table(manager), count_stale, job);
	*ret = job;
	return 0;
}

void reload_job_free(struct reload_job *job)
{
	if (!job)
		return;
	config_files_close(job->files);
	config_clashes_free(job->clashes);
	free(job);
}
