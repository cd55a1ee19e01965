/* SPDX-License-Identifier: ISC */

/*
 * rportd-net: finds out and does in namespaces what rportd asks for.
 *
 * Theory of operation
 *
 * Calls are carried out by threads (workers.c). This one hears of events, and takes what is not for
 * them. It never waits for a namespace, so it always answers when rportd asks for a sign of life.
 *
 * Events are passed on, many in one message. Nor does it wait for rportd: what does not fit into the
 * socket is lost, and rportd is told that events were.
 */

#include <stdio.h>
#include <sys/socket.h>

#include "kernel/netns-watch.h"
#include "network/message.h"
#include "network/serve.h"
#include "network/workers.h"

#define RETRY_USEC (10 * USEC_PER_MSEC) /* of events that did not fit into the socket */

struct network_server {
	sd_event *event;
	int events_fd;
	sd_event_source *control; /* what rportd sends on the socket for events */
	sd_event_source *flush;   /* events wait to be sent */
	sd_event_source *retry;   /* timer: they did not fit */
	struct network_event events[NETWORK_EVENTS_MAX];
	unsigned int n_events;
	bool lost;              /* rportd has to be told that events were */
	struct staging staging; /* of the first worker */
	struct workers workers;
	struct monitor *monitor;
	struct netns_watch *names; /* NULL: unavailable */
	int watch_error;
	int own_nsid;
	uint32_t serial; /* of the setup */
};

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
	case NETWORK_ABANDON: /* without another thread for it we end, and rportd starts us again */
		if (workers_abandon(&server->workers, &control) >= 0)
			return 0;
		break;
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

	r = packet_receive(server->workers.channels[0], &message, sizeof(message), fds, &n, 0);
	if (r <= 0)
		return r == 0 ? -ECONNRESET : r;
	if (n != WORKERS_CHANNELS) {
		while (n > 0)
			safe_close(fds[--n]);
		return -EBADMSG;
	}
	for (unsigned int i = 1; i < WORKERS_CHANNELS; i++)
		server->workers.channels[i] = fds[i - 1];
	server->events_fd = fds[WORKERS_CHANNELS - 1];
	server->workers.queues_forced = message.setup.queues_forced;
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
	r = packet_send(server->workers.channels[0], out->data, out->size, NULL, 0, 0);
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
	server->workers.channels[0] = fd;
	for (unsigned int i = 1; i < WORKERS_CHANNELS; i++)
		server->workers.channels[i] = -1;
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
	int r;

	server->workers.names = server->names;
	r = workers_start(&server->workers, &server->staging);
	return r < 0 ? r : answer_setup(server, 0, &ready, NULL);
}

/* Workers read from their sockets, and may be in the middle of a call: the end of the process ends
 * them. */
void network_server_free(struct network_server *server)
{
	if (!server)
		return;
	monitor_free(server->monitor);
	sd_event_source_disable_unref(server->control);
	sd_event_source_disable_unref(server->flush);
	sd_event_source_disable_unref(server->retry);
	staging_close(&server->staging);
	if (server->workers.current[0])
		return;
	netns_watch_free(server->names);
	for (unsigned int i = 0; i < WORKERS_CHANNELS; i++)
		safe_close(server->workers.channels[i]);
	safe_close(server->events_fd);
	sd_event_unref(server->event);
	free(server);
}
