/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Channels. rportd has three sockets for calls, each of which is served by a thread: it receives a
 * call, carries it out and replies. The second one is for queries, which rportd does not wait for
 * long. The third one is for checks, which take long: it has a thread for each that may be under way.
 *
 * Abandoning. rportd waits for a call until a deadline, and then says that it is abandoned. The
 * thread may hang in a namespace for long: it is left alone with the call, and ends when that is
 * done, without a reply. Another thread, with a staging namespace and sockets of its own, serves the
 * channel from then on.
 *
 * Requests that are not valid. rportd does not send such: this process ends.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "kernel/thread.h"
#include "network/act.h"
#include "network/network.h"
#include "network/workers.h"

#define CHANNEL_OF_CHECKS (WORKERS_CHANNELS - 1)
#define ABANDONED_MAX     8

enum phase {
	IDLE,
	BUSY,
	ABANDONED,
};

/*
 * struct worker - a thread that serves a channel
 * @phase: enum phase; the main thread abandons it, else the thread writes
 * @serial: of the request that it is busy with
 */
struct worker {
	struct workers *workers;
	unsigned int channel;
	struct actor actor;
	_Atomic int phase;
	_Atomic uint32_t serial;
	struct message in, out;
};

static void worker_free(struct worker *worker)
{
	actor_end(&worker->actor);
	staging_close(&worker->actor.staging);
	free(worker);
}

/* Return: 1, 0 when rportd is gone, or -errno. */
static int receive(struct worker *worker)
{
	struct message *in = &worker->in;
	int r;

	message_begin(in);
	r = packet_receive_some(worker->workers->channels[worker->channel], in->data,
				sizeof(in->data), &in->size, in->fds, &in->n_fds, 0);
	if (r > 0 && in->size >= sizeof(struct network_request)) {
		struct network_request request;

		memcpy(&request, in->data, sizeof(request));
		worker->serial = request.serial;
	}
	return r;
}

/* Return: false when it was abandoned meanwhile. */
static bool finish(struct worker *worker)
{
	int busy = BUSY;

	return atomic_compare_exchange_strong(&worker->phase, &busy, IDLE);
}

static int reply(struct worker *worker)
{
	struct message *out = &worker->out;
	int r = packet_send(worker->workers->channels[worker->channel], out->data, out->size,
			    out->fds, out->n_fds, 0);

	message_close_fds(out);
	return r;
}

static void *serve(void *arg)
{
	struct worker *worker = arg;
	struct workers *workers = worker->workers;
	int r;

	for (;;) {
		if (receive(worker) <= 0)
			return NULL; /* the main thread notices it, too, and ends the process */
		worker->phase = BUSY;
		r = actor_act(&worker->actor, &worker->in, &worker->out);
		if (!finish(worker))
			break;
		if (r < 0 || (r > 0 && reply(worker) < 0))
			_exit(EXIT_FAILURE);
	}
	message_close_fds(&worker->out);
	worker_free(worker);
	workers->n_abandoned--;
	return NULL;
}

static const char *const thread_names[WORKERS_CHANNELS] = { "rportd-act", "rportd-ask",
							    "rportd-check" };

/* Only calls that act need a staging namespace. @staging: the worker's from now on, or NULL */
static int prepare(struct worker *worker, struct staging *staging)
{
	struct actor *actor = &worker->actor;
	struct rport_error err;
	int r = 0;

	if (staging) {
		actor->staging = *staging;
		*staging = (struct staging){ 0 };
	} else if (worker->channel == 0) {
		r = staging_open(&actor->staging, &err);
	} else {
		r = rtnl_open(-1, &actor->staging.own);
	}
	actor->staging.queues_forced = worker->workers->queues_forced;
	actor->names = worker->workers->names;
	actor->staging.names_watched = netns_watch_sees_all(actor->names);
	return r;
}

static int start(struct workers *workers, unsigned int channel, struct staging *staging)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	pthread_t thread;
	int r;

	if (!worker)
		return -ENOMEM;
	worker->workers = workers;
	worker->channel = channel;
	r = prepare(worker, staging);
	if (r >= 0)
		r = thread_start(&thread, thread_names[channel], serve, worker);
	if (r < 0) {
		worker_free(worker);
		return r;
	}
	pthread_detach(thread);
	workers->current[channel] = worker;
	return 0;
}

int workers_start(struct workers *workers, struct staging *staging)
{
	int r = start(workers, 0, staging);

	if (r >= 0)
		r = start(workers, 1, NULL);
	for (unsigned int i = 0; i < NETWORK_CHECKS_MAX && r >= 0; i++)
		r = start(workers, CHANNEL_OF_CHECKS, NULL);
	return r;
}

int workers_abandon(struct workers *workers, const struct network_control *control)
{
	struct worker *worker;
	int busy = BUSY;

	if (control->channel >= CHANNEL_OF_CHECKS)
		return -EINVAL;
	if (workers->n_abandoned >= ABANDONED_MAX)
		return -EBUSY;
	worker = workers->current[control->channel];
	if (worker->serial != control->serial)
		return 0;
	workers->n_abandoned++;
	if (atomic_compare_exchange_strong(&worker->phase, &busy, ABANDONED))
		return start(workers, control->channel, NULL);
	workers->n_abandoned--;
	return 0;
}
