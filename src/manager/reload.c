/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Slices. A request waits in a queue; the first one is processed in slices (slices.h). A slice
 * processes links until its time is up, at least one of them; making a link cannot be interrupted.
 *
 * Joining. While a request waits, others with the same dry_run join it: it will read the files
 * after all of them were made. So at most one runs and two wait.
 *
 * Readiness. The service manager is notified when a reload begins and ends. The first one is the
 * start of rportd, which is ready when it is done.
 */

#include <sys/queue.h>

#include "base/notify.h"
#include "base/turn.h"
#include "manager/reload.h"
#include "manager/slices.h"

#define SLICE_USEC    (5 * USEC_PER_MSEC)
#define LATE_USEC     (100 * USEC_PER_MSEC)
#define PROGRESS_USEC (100 * USEC_PER_MSEC)

struct request {
	bool dry_run;
	struct reload_listener *listeners;
	size_t n_listeners;
	TAILQ_ENTRY(request) entry;
};

TAILQ_HEAD(request_queue, request);

struct reloader {
	struct manager *manager;
	const char *path;
	struct request_queue requests; /* the first one runs while there is a job */
	struct reload_job *job;
	struct slices *slices;
	uint64_t told_at; /* last time that progress was reported */
	bool started;     /* requests do not wait any more: reloader_start() */
	bool ready;       /* the service manager knows that rportd has started */
};

/* --- listeners -------------------------------------------------------------------------------- */

static struct request *running(const struct reloader *reloader)
{
	return TAILQ_FIRST(&reloader->requests);
}

static void tell_link(enum reload_result result, const char *name, const char *text, void *userdata)
{
	const struct request *request = running(userdata);

	for (size_t i = 0; i < request->n_listeners; i++)
		request->listeners[i].link(result, name, text, request->listeners[i].userdata);
}

static void tell_problem(enum config_severity severity, const char *file, unsigned int line,
			 const char *message, void *userdata)
{
	const struct request *request = running(userdata);

	for (size_t i = 0; i < request->n_listeners; i++)
		request->listeners[i].problem(severity, file, line, message,
					      request->listeners[i].userdata);
}

static void tell_request_progress(const struct request *request,
				  const struct reload_progress *progress)
{
	for (size_t i = 0; i < request->n_listeners; i++)
		if (request->listeners[i].progress)
			request->listeners[i].progress(progress, request->listeners[i].userdata);
}

/* Requests that wait get progress, too, so that their clients do not think that rportd hangs. */
static void tell_progress(struct reloader *reloader, uint64_t now)
{
	struct reload_progress progress = { 0 };
	struct request *request;

	if (now - reloader->told_at < PROGRESS_USEC)
		return;
	reloader->told_at = now;
	reload_job_progress(reloader->job, &progress.done, &progress.total);
	TAILQ_FOREACH(request, &reloader->requests, entry)
	{
		progress.waiting = request != running(reloader);
		tell_request_progress(request, &progress);
	}
}

static void request_end(struct request *request, const struct rport_error *err)
{
	for (size_t i = 0; i < request->n_listeners; i++)
		request->listeners[i].done(err, request->listeners[i].userdata);
	free(request->listeners);
	free(request);
}

/* --- the running reload ----------------------------------------------------------------------- */

static int begin(struct reloader *reloader, struct rport_error *err)
{
	const struct request *request = running(reloader);
	const struct reload_listener listener = { .link = tell_link,
						  .problem = tell_problem,
						  .userdata = reloader };

	if (!request->dry_run && reloader->ready)
		notify_reloading();
	return reload_job_new(reloader->manager, reloader->path, request->dry_run, &listener,
			      &reloader->job, err);
}

static void finish(struct reloader *reloader, const struct rport_error *err)
{
	struct request *request = running(reloader);

	TAILQ_REMOVE(&reloader->requests, request, entry);
	reload_job_free(steal_ptr(reloader->job));
	if (!request->dry_run) {
		notify_ready();
		reloader->ready = true;
	}
	request_end(request, err);
}

static void work(struct reloader *reloader)
{
	uint64_t now, end = monotonic_usec() + SLICE_USEC;
	bool more;

	do {
		more = reload_job_step(reloader->job);
		now = monotonic_usec();
	} while (more && now < end);
	if (more)
		tell_progress(reloader, now);
	else
		finish(reloader, NULL);
}

static void arm(struct reloader *reloader)
{
	if (reloader->started && running(reloader))
		slices_arm(reloader->slices);
}

static void take_slice(void *userdata)
{
	struct reloader *reloader = userdata;
	struct rport_error err = { 0 };

	turn_is("files of links");
	if (reloader->job || begin(reloader, &err) >= 0)
		work(reloader);
	else
		finish(reloader, &err);
	arm(reloader);
}

void reloader_start(struct reloader *reloader)
{
	reloader->started = true;
	arm(reloader);
}

bool reloader_progress(const struct reloader *reloader, struct reload_progress *ret)
{
	if (!reloader->job || running(reloader)->dry_run)
		return false;
	*ret = (struct reload_progress){ 0 };
	reload_job_progress(reloader->job, &ret->done, &ret->total);
	return true;
}

/* --- requests --------------------------------------------------------------------------------- */

/* Return: the request that waits with the same @dry_run, or a new one; NULL: out of memory. */
static struct request *join(struct reloader *reloader, bool dry_run)
{
	struct request *request;

	TAILQ_FOREACH(request, &reloader->requests, entry)
	if (request->dry_run == dry_run && !(reloader->job && request == running(reloader)))
		return request;
	request = calloc(1, sizeof(*request));
	if (!request)
		return NULL;
	request->dry_run = dry_run;
	TAILQ_INSERT_TAIL(&reloader->requests, request, entry);
	return request;
}

int reloader_request(struct reloader *reloader, bool dry_run,
		     const struct reload_listener *listener)
{
	struct reload_listener *listeners;
	struct request *request = join(reloader, dry_run);

	if (!request)
		return -ENOMEM;
	listeners = reallocarray(request->listeners, request->n_listeners + 1, sizeof(*listeners));
	if (!listeners) {
		if (request->n_listeners == 0) {
			TAILQ_REMOVE(&reloader->requests, request, entry);
			free(request);
		}
		return -ENOMEM;
	}
	listeners[request->n_listeners++] = *listener;
	request->listeners = listeners;
	if (!reloader->job)
		arm(reloader);
	return 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

int reloader_new(sd_event *event, struct manager *manager, const char *path, int64_t priority,
		 struct reloader **ret)
{
	struct reloader *reloader = calloc(1, sizeof(*reloader));
	int r;

	if (!reloader)
		return -ENOMEM;
	reloader->manager = manager;
	reloader->path = path;
	TAILQ_INIT(&reloader->requests);
	r = slices_new(event, priority, LATE_USEC, take_slice, reloader, &reloader->slices);
	if (r < 0)
		reloader_free(reloader);
	else
		*ret = reloader;
	return r;
}

void reloader_free(struct reloader *reloader)
{
	struct rport_error err = { 0 };
	struct request *request;

	if (!reloader)
		return;
	slices_free(reloader->slices);
	rport_error_set(&err, RPORT_ERR_SYSTEM, ECANCELED, "rportd ends");
	while ((request = running(reloader))) {
		TAILQ_REMOVE(&reloader->requests, request, entry);
		request_end(request, &err);
	}
	reload_job_free(reloader->job);
	free(reloader);
}
