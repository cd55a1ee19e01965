/* SPDX-License-Identifier: ISC */

/*
 * rportd-net: finds out and does in namespaces what rportd asks for.
 *
 * Theory of operation
 *
 * Channels. rportd has three sockets for calls, each of which is served by a thread: it receives a call,
 * carries it out and replies. The second one is for queries, which rportd does not wait for long. The
 * third one is for checks, which take long: it has a thread for each that may be under way.
 *
 * Abandoning. rportd waits for a call until a deadline, and then says that it is abandoned. The
 * thread may hang in a namespace for long: it is left alone with the call, and ends when that is
 * done, without a reply. Another thread, with a staging namespace and sockets of its own, serves the
 * channel from then on. If ABANDONED_MAX threads hang, no other one is made, and rportd, which gets no
 * answer any more, has this process killed and started again.
 *
 * Events. The main thread hears of events and passes them on, many in one message. It never waits
 * for rportd: what does not fit into the socket is lost, and rportd is told that events were.
 *
 * Requests that are not valid. rportd does not send such: this process ends.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kernel/netns-watch.h"
#include "kernel/thread.h"
#include "network/act.h"
#include "network/network.h"
#include "network/serve.h"

#define CHANNELS          3 /* the last one is for checks, which some threads serve */
#define CHANNEL_OF_CHECKS 2
#define ABANDONED_MAX     8
#define RETRY_USEC        (10 * USEC_PER_MSEC) /* of events that did not fit into the socket */

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
	struct network_server *server;
	unsigned int channel;
	struct actor actor;
	_Atomic int phase;
	_Atomic uint32_t serial;
	struct message in, out;
};

struct network_server {
	sd_event *event;
	int channels[CHANNELS];
	int events_fd;
	sd_event_source *control; /* what rportd sends on the socket for events */
	sd_event_source *flush;   /* events wait to be sent */
	sd_event_source *retry;   /* timer: they did not fit */
	struct network_event events[NETWORK_EVENTS_MAX];
	unsigned int n_events;
	bool lost; /* rportd has to be told that events were */
	bool queues_forced;
	struct staging staging; /* of the first worker */
	struct worker *workers[CHANNELS];
	_Atomic unsigned int n_abandoned;
	struct monitor *monitor;
	struct netns_watch *names; /* NULL: unavailable */
	int watch_error;
	int own_nsid;
	uint32_t serial; /* of the setup */
};

/* --- calls ------------------------------------------------------------------------------------ */

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
	r = packet_receive_some(worker->server->channels[worker->channel], in->data,
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
	int r = packet_send(worker->server->channels[worker->channel], out->data, out->size,
			    out->fds, out->n_fds, 0);

	message_close_fds(out);
	return r;
}

static void *serve(void *arg)
{
	struct worker *worker = arg;
	struct network_server *server = worker->server;
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
	server->n_abandoned--;
	return NULL;
}

static const char *const thread_names[CHANNELS] = { "rportd-act", "rportd-ask", "rportd-check" };

/* @staging: the worker's from now on; NULL: it opens one. */
static int start_worker(struct network_server *server, unsigned int channel,
			struct staging *staging)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	struct rport_error err;
	pthread_t thread;
	int r = 0;

	if (!worker)
		return -ENOMEM;
	worker->server = server;
	worker->channel = channel;
	if (staging) {
		worker->actor.staging = *staging;
		*staging = (struct staging){ 0 };
	} else if (channel == 0) {
		r = staging_open(&worker->actor.staging, &err);
	} else {
		r = rtnl_open(-1, &worker->actor.staging.own); /* queries need no more */
	}
	worker->actor.staging.queues_forced = server->queues_forced;
	worker->actor.staging.names_watched = netns_watch_sees_all(server->names);
	if (r >= 0)
		r = thread_start(&thread, thread_names[channel], serve, worker);
	if (r < 0) {
		worker_free(worker);
		return r;
	}
	pthread_detach(thread);
	server->workers[channel] = worker;
	return 0;
}

/* That the thread is done by now, or busy with another call, is no error. */
static void abandon(struct network_server *server, const struct network_control *control)
{
	struct worker *worker;
	int busy = BUSY;

	if (control->channel >= CHANNEL_OF_CHECKS || server->n_abandoned >= ABANDONED_MAX)
		return;
	worker = server->workers[control->channel];
	if (worker->serial != control->serial)
		return;
	server->n_abandoned++;
	if (atomic_compare_exchange_strong(&worker->phase, &busy, ABANDONED))
		(void)start_worker(server, control->channel, NULL);
	else
		server->n_abandoned--;
}

/* --- events ----------------------------------------------------------------------------------- */

/* Return: 0, or -errno: nothing is sent. */
static int send_events(struct network_server *server, const struct network_event *events,
		       unsigned int n)
{
	return packet_send(server->events_fd, events, n * sizeof(*events), NULL, 0, MSG_DONTWAIT);
}

static void try_later(struct network_server *server)
{
	(void)sd_event_source_set_time_relative(server->retry, RETRY_USEC);
	(void)sd_event_source_set_enabled(server->retry, SD_EVENT_ONESHOT);
}

static void flush(struct network_server *server)
{
	const struct network_event lost = { .type = NETWORK_LOST };

	if (server->lost && send_events(server, &lost, 1) >= 0)
		server->lost = false;
	if (!server->lost && server->n_events > 0 &&
	    send_events(server, server->events, server->n_events) < 0)
		server->lost = true;
	server->n_events = 0;
	if (server->lost)
		try_later(server);
}

static int flush_now(sd_event_source *source _unused_, void *userdata)
{
	flush(userdata);
	return 0;
}

static int flush_late(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	flush(userdata);
	return 0;
}

static struct network_event *add_event(struct network_server *server, enum network_event_type type)
{
	struct network_event *event;

	if (server->n_events == NETWORK_EVENTS_MAX)
		flush(server);
	event = &server->events[server->n_events++];
	memset(event, 0, sizeof(*event));
	event->type = type;
	(void)sd_event_source_set_enabled(server->flush, SD_EVENT_ONESHOT);
	return event;
}

static void device(const struct monitor_event *seen, void *userdata)
{
	add_event(userdata, NETWORK_DEVICE)->device = *seen;
}

static void add_about(struct network_server *server, enum network_event_type type, int nsid,
		      unsigned int index)
{
	struct network_event *event = add_event(server, type);

	event->device.nsid = nsid;
	event->device.index = index;
}

static void settings(int nsid, unsigned int index, void *userdata)
{
	add_about(userdata, NETWORK_SETTINGS, nsid, index);
}

static void queueing(int nsid, unsigned int index, void *userdata)
{
	add_about(userdata, NETWORK_QUEUEING, nsid, index);
}

static void gone(int where, int nsid, void *userdata)
{
	struct network_event *event = add_event(userdata, NETWORK_GONE);

	event->where = where;
	event->device.nsid = nsid;
}

static void lost(void *userdata)
{
	(void)add_event(userdata, NETWORK_LOST);
}

static void names_changed(void *userdata)
{
	struct network_server *server = userdata;
	const char *name;

	if (netns_watch_missed(server->names))
		(void)add_event(server, NETWORK_NAMES_MISSED);
	for (size_t i = 0; (name = netns_watch_name(server->names, i)); i++) {
		struct network_event *event = add_event(server, NETWORK_NAME);

		snprintf(event->name, sizeof(event->name), "%s", name);
	}
	(void)add_event(server, NETWORK_NAMES);
}

/* --- the socket for events -------------------------------------------------------------------- */

static void answer(struct network_server *server, enum network_event_type type, uint32_t serial)
{
	add_event(server, type)->serial = serial;
	flush(server);
}

static int controlled(sd_event_source *source _unused_, int fd, uint32_t revents _unused_,
		      void *userdata)
{
	struct network_server *server = userdata;
	struct network_control control;
	int r = packet_receive(fd, &control, sizeof(control), NULL, NULL, MSG_DONTWAIT);

	if (r == -EAGAIN)
		return 0;
	if (r <= 0)
		return sd_event_exit(server->event, r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	switch ((enum network_control_type)control.type) {
	case NETWORK_DRAIN:
		monitor_read(server->monitor);
		answer(server, NETWORK_DRAINED, control.serial);
		return 0;
	case NETWORK_PING:
		answer(server, NETWORK_ALIVE, control.serial);
		return 0;
	case NETWORK_ABANDON:
		abandon(server, &control);
		return 0;
	}
	return sd_event_exit(server->event, EXIT_FAILURE);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int receive_setup(struct network_server *server)
{
	struct {
		struct network_request request;
		struct network_setup setup;
	} message;
	int fds[PACKET_FDS_MAX], r;
	unsigned int n;

	r = packet_receive(server->channels[0], &message, sizeof(message), fds, &n, 0);
	if (r <= 0)
		return r == 0 ? -ECONNRESET : r;
	if (n != CHANNELS) {
		while (n > 0)
			safe_close(fds[--n]);
		return -EBADMSG;
	}
	for (unsigned int i = 1; i < CHANNELS; i++)
		server->channels[i] = fds[i - 1];
	server->events_fd = fds[CHANNELS - 1];
	server->queues_forced = message.setup.queues_forced;
	server->serial = message.request.serial;
	return 0;
}

static int add_sources(struct network_server *server)
{
	int r = sd_event_add_defer(server->event, &server->flush, flush_now, server);

	if (r >= 0)
		r = sd_event_source_set_enabled(server->flush, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(server->event, &server->retry, CLOCK_MONOTONIC, 0, 1,
				      flush_late, server);
	if (r >= 0)
		r = sd_event_source_set_enabled(server->retry, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_io(server->event, &server->control, server->events_fd, EPOLLIN,
				    controlled, server);
	return r;
}

/* So that events of our own namespace can be mapped to one nsid. */
static int find_own_nsid(struct network_server *server)
{
	_cleanup_close_ int fd = netns_open_self();

	return fd < 0 ? fd : rtnl_nsid(server->staging.own, fd, &server->own_nsid);
}

static int watch(struct network_server *server)
{
	const struct monitor_handler handler = {
		.device = device,
		.settings = settings,
		.queueing = queueing,
		.namespace_gone = gone,
		.lost = lost,
		.userdata = server,
	};
	int r = find_own_nsid(server);

	if (r >= 0)
		r = monitor_new(server->event, &handler, &server->monitor);
	if (r < 0)
		return r;
	/* without it the monitor reports deleted namespaces, too */
	r = netns_watch_new(server->event, names_changed, server, &server->names);
	server->watch_error = MIN(r, 0);
	return 0;
}

/* To the setup. */
static int answer_setup(const struct network_server *server, int result,
			const struct network_ready *ready, const struct rport_error *err)
{
	struct message *out = malloc(sizeof(*out));
	struct network_reply header = { .serial = server->serial, .result = result };
	int r;

	if (!out)
		return -ENOMEM;
	message_begin(out);
	message_put_value(out, header);
	if (result < 0)
		message_put_value(out, *err);
	else
		message_put_value(out, *ready);
	r = packet_send(server->channels[0], out->data, out->size, NULL, 0, 0);
	free(out);
	return r;
}

static int set_up(struct network_server *server)
{
	struct rport_error err = { 0 };
	int r = receive_setup(server);

	if (r < 0)
		return r;
	r = add_sources(server);
	if (r >= 0)
		r = staging_open(&server->staging, &err);
	if (r >= 0) {
		r = watch(server);
		if (r < 0)
			rport_error_set(&err, RPORT_ERR_SYSTEM, -r, "cannot monitor interfaces: %s",
					strerror(-r));
	}
	if (r < 0)
		(void)answer_setup(server, r, NULL, &err);
	return r;
}

int network_server_new(sd_event *event, int fd, struct network_server **ret)
{
	struct network_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server) {
		safe_close(fd);
		return -ENOMEM;
	}
	server->event = sd_event_ref(event);
	server->channels[0] = fd;
	for (unsigned int i = 1; i < CHANNELS; i++)
		server->channels[i] = -1;
	server->events_fd = -1;
	r = set_up(server);
	if (r < 0) {
		network_server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

int network_server_ready(struct network_server *server)
{
	struct network_ready ready = {
		.own_nsid = server->own_nsid,
		.watch_error = server->watch_error,
		.nowait = server->staging.nowait,
	};
	int r = start_worker(server, 0, &server->staging);

	if (r >= 0)
		r = start_worker(server, 1, NULL);
	for (unsigned int i = 0; i < NETWORK_CHECKS_MAX && r >= 0; i++)
		r = start_worker(server, CHANNEL_OF_CHECKS, NULL);
	return r < 0 ? r : answer_setup(server, 0, &ready, NULL);
}

/* Workers read from their sockets, and may be in the middle of a call: the end of the process ends
 * them. */
void network_server_free(struct network_server *server)
{
	if (!server)
		return;
	monitor_free(server->monitor);
	netns_watch_free(server->names);
	sd_event_source_disable_unref(server->control);
	sd_event_source_disable_unref(server->flush);
	sd_event_source_disable_unref(server->retry);
	staging_close(&server->staging);
	if (server->workers[0])
		return;
	for (unsigned int i = 0; i < CHANNELS; i++)
		safe_close(server->channels[i]);
	safe_close(server->events_fd);
	sd_event_unref(server->event);
	free(server);
}
