/* SPDX-License-Identifier: ISC */

/*
 * rportd-net, as rportd sees it.
 *
 * Theory of operation
 *
 * Calls. rportd sends one request on a lane, and waits for its reply until a deadline. A call that
 * is late is abandoned: rportd-net lets another thread serve the lane, and a reply that still comes
 * is known by its serial number, and dropped. On the lane of queries nothing is abandoned at once:
 * rportd goes on without the answer, and asks no more until it has come, or STUCK_USEC have passed.
 *
 * Events come on a socket of their own and are told by the event loop.
 *
 * Ends. rportd-net keeps nothing that rportd does not have, too. If it ends it is started again by
 * the next call, or by the event loop; then the events of the time between are lost, and so is what
 * rportd knows, which says so to @events.lost.
 */

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/turn.h"
#include "network/client.h"

#define START_USEC    (20 * USEC_PER_SEC) /* for the answer to the setup */
#define DRAIN_USEC    (1 * USEC_PER_SEC)
#define STUCK_USEC    (5 * USEC_PER_SEC)
#define END_USEC      (5 * USEC_PER_SEC) /* for the end of a killed process */
#define OLD_USEC      (1 * USEC_PER_SEC) /* a process that lived so long is replaced at once */
#define WAIT_MIN_USEC (50 * USEC_PER_MSEC)
#define WAIT_MAX_USEC (5 * USEC_PER_SEC)
#define READ_MAX      64 /* messages with events in one turn of the loop */

/*
 * struct lane - a socket for calls
 * @serial: of the last request
 * @late: when the request that is not answered yet was sent, CLOCK_MONOTONIC; 0: there is none
 */
struct lane {
	int fd;
	uint32_t serial;
	uint64_t late;
	struct message out, in;
};

struct network {
	struct network_options options;
	struct network_about about;
	sd_event *event;
	struct lane lanes[NETWORK_LANES];
	int events_fd; /* -1: it does not run */
	sd_event_source *source;
	sd_event_source *timer; /* starts it again */
	sd_event_source *news;  /* tells that events were lost */
	uint64_t started;       /* CLOCK_MONOTONIC, microseconds */
	uint64_t not_before;    /* likewise: of the next start */
	uint64_t wait;          /* microseconds between the last two starts; 0: none */
	uint32_t serial;        /* of the last NETWORK_DRAIN or NETWORK_PING */
	uint32_t drained, asked, alive;
};

/* --- the end of the process ------------------------------------------------------------------- */

static void let_go(struct network *network)
{
	network->source = sd_event_source_disable_unref(network->source);
	network->events_fd = safe_close(network->events_fd);
	for (unsigned int i = 0; i < NETWORK_LANES; i++) {
		message_close_fds(&network->lanes[i].in);
		network->lanes[i].fd = safe_close(network->lanes[i].fd);
		network->lanes[i].late = 0;
	}
	network->alive = network->asked; /* the next one has not been asked */
}

/* It ended, or does not answer. */
static void lose(struct network *network)
{
	if (network->events_fd < 0)
		return;
	let_go(network);
	starter_kill(network->options.starter, network->options.role);
	network->wait = monotonic_usec() - network->started >= OLD_USEC
				? 0
				: MIN(MAX(2 * network->wait, WAIT_MIN_USEC), WAIT_MAX_USEC);
	network->not_before = monotonic_usec() + network->wait;
	(void)sd_event_source_set_time(network->timer, network->not_before);
	(void)sd_event_source_set_enabled(network->timer, SD_EVENT_ONESHOT);
}

static void ended(int status, void *userdata)
{
	struct network *network = userdata;
	char why[64];

	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	network->options.ended(why, network->options.events.userdata);
}

static void starter_failed(void *userdata)
{
	struct network *network = userdata;

	network->options.failed(network->options.events.userdata);
}

/* --- events ----------------------------------------------------------------------------------- */

static void tell(struct network *network, struct network_event *event)
{
	const struct network_options *options = &network->options;
	const struct monitor_handler *events = &options->events;
	const struct monitor_event *device = &event->device;

	switch ((enum network_event_type)event->type) {
	case NETWORK_DEVICE:
		event->device.name[IFNAMSIZ - 1] = '\0';
		events->device(device, events->userdata);
		break;
	case NETWORK_SETTINGS:
		events->settings(device->nsid, device->index, events->userdata);
		break;
	case NETWORK_QUEUEING:
		events->queueing(device->nsid, device->index, events->userdata);
		break;
	case NETWORK_GONE:
		events->namespace_gone(event->where, device->nsid, events->userdata);
		break;
	case NETWORK_LOST:
		events->lost(events->userdata);
		break;
	case NETWORK_NAME:
		event->name[sizeof(event->name) - 1] = '\0';
		options->name(event->name, events->userdata);
		break;
	case NETWORK_NAMES_MISSED:
		options->names_missed(events->userdata);
		break;
	case NETWORK_NAMES:
		options->names(events->userdata);
		break;
	case NETWORK_DRAINED:
		network->drained = event->serial;
		break;
	case NETWORK_ALIVE:
		network->alive = event->serial;
		break;
	}
}

/* Return: 0 when a message was told; -EAGAIN; or another -errno. */
static int read_events(struct network *network)
{
	struct network_event events[NETWORK_EVENTS_MAX];
	size_t size;
	int r = packet_receive_some(network->events_fd, events, sizeof(events), &size, NULL, NULL,
				    MSG_DONTWAIT);

	if (r <= 0)
		return r == 0 ? -ECONNRESET : r;
	if (size % sizeof(events[0]) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < size / sizeof(events[0]); i++)
		tell(network, &events[i]);
	return 0;
}

static int readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct network *network = userdata;
	int r = 0;

	turn_is("events of the network");
	for (unsigned int i = 0; i < READ_MAX && r >= 0; i++)
		r = read_events(network);
	if (r < 0 && r != -EAGAIN)
		lose(network);
	return 0;
}

static int send_control(struct network *network, const struct network_control *control)
{
	int r = network->events_fd < 0 ? -ECONNRESET
				       : packet_send(network->events_fd, control, sizeof(*control),
						     NULL, 0, MSG_DONTWAIT);

	if (r < 0)
		lose(network);
	return r;
}

/* Return: 0; -ETIME; or another -errno of poll(2). */
static int wait_readable(int fd, uint64_t deadline)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	uint64_t now = monotonic_usec();
	struct timespec left = { 0 };
	int r;

	if (now < deadline)
		left = (struct timespec){
			.tv_sec = (time_t)((deadline - now) / USEC_PER_SEC),
			.tv_nsec = (long)((deadline - now) % USEC_PER_SEC * 1000),
		};
	r = ppoll(&poll_fd, 1, &left, NULL);
	if (r == 0)
		return -ETIME;
	return r < 0 && errno != EINTR ? -errno : 0;
}

void network_drain(struct network *network)
{
	uint64_t deadline = monotonic_usec() + DRAIN_USEC;
	struct network_control control = { .type = NETWORK_DRAIN, .serial = ++network->serial };
	int r = send_control(network, &control);

	while (r >= 0 && network->drained != control.serial) {
		r = read_events(network);
		if (r == -EAGAIN)
			r = wait_readable(network->events_fd, deadline);
	}
	if (r < 0)
		lose(network);
}

bool network_answers(struct network *network)
{
	struct network_control control = { .type = NETWORK_PING };
	bool answered = network->alive == network->asked;

	if (network->events_fd < 0 || !answered)
		return network->events_fd < 0;
	control.serial = network->asked = ++network->serial;
	return send_control(network, &control) >= 0;
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Return: 0, -ETIME, or another -errno: it is lost. */
static int receive(struct lane *lane, uint64_t deadline, struct network_reply *ret)
{
	struct message *in = &lane->in;
	int r;

	for (;;) {
		message_close_fds(in);
		message_begin(in);
		r = packet_receive_some(lane->fd, in->data, sizeof(in->data), &in->size, in->fds,
					&in->n_fds, MSG_DONTWAIT);
		if (r == -EAGAIN) {
			r = wait_readable(lane->fd, deadline);
			if (r < 0)
				return r;
			continue;
		}
		if (r <= 0)
			return r == 0 ? -ECONNRESET : r;
		message_get_value(in, ret);
		if (in->broken)
			return -EBADMSG;
		if (ret->serial == lane->serial)
			return 0;
	}
}

static int start(struct network *network, struct rport_error *err);

static void start_if_ended(struct network *network)
{
	struct rport_error err;

	if (network->events_fd < 0 && monotonic_usec() >= network->not_before)
		(void)start(network, &err);
}

static struct message *begin(struct lane *lane, uint32_t call)
{
	struct network_request header = { .call = call };

	message_begin(&lane->out);
	message_put_value(&lane->out, header);
	return &lane->out;
}

struct message *network_begin(struct network *network, enum network_lane lane,
			      enum network_call call)
{
	start_if_ended(network); /* which needs the lane, too */
	return begin(&network->lanes[lane], call);
}

static int send_request(struct lane *lane)
{
	struct message *out = &lane->out;

	lane->serial++;
	memcpy(out->data + offsetof(struct network_request, serial), &lane->serial,
	       sizeof(lane->serial));
	return packet_send(lane->fd, out->data, out->size, out->fds, out->n_fds, MSG_DONTWAIT);
}

/* A query that was late may have been answered. Return: whether another one can be made. */
static bool is_idle(struct network *network, struct lane *lane)
{
	struct network_reply reply;
	int r;

	if (lane->late == 0)
		return true;
	r = receive(lane, 0, &reply);
	if (r >= 0)
		lane->late = 0;
	else if (r != -ETIME || monotonic_usec() >= lane->late + STUCK_USEC)
		lose(network);
	return r >= 0;
}

static void abandon(struct network *network, enum network_lane lane)
{
	struct network_control control = { .type = NETWORK_ABANDON,
					   .lane = lane,
					   .serial = network->lanes[lane].serial };

	(void)send_control(network, &control);
}

int network_call(struct network *network, enum network_lane number, uint64_t deadline,
		 struct message **ret)
{
	struct lane *lane = &network->lanes[number];
	struct network_reply reply;
	uint64_t begun = monotonic_usec();
	int r;

	*ret = NULL;
	if (lane->out.broken)
		return -EMSGSIZE;
	if (network->events_fd < 0)
		return -ECONNRESET;
	if (!is_idle(network, lane))
		return -EBUSY;
	r = send_request(lane);
	if (r >= 0)
		r = receive(lane, deadline, &reply);
	if (r == -ETIME) {
		if (number == NETWORK_LANE_ASK)
			lane->late = begun;
		else
			abandon(network, number);
		return -ETIMEDOUT;
	}
	if (r < 0) {
		lose(network);
		return -ECONNRESET;
	}
	*ret = &lane->in;
	return reply.result;
}

void network_send(struct network *network, enum network_lane lane)
{
	if (network->events_fd >= 0 && send_request(&network->lanes[lane]) < 0)
		lose(network);
}

/* --- beginning and end ------------------------------------------------------------------------ */

/* Return: as starter_start(). */
static int execute(struct network *network, int ret_theirs[static NETWORK_LANES + 1])
{
	int ours[NETWORK_LANES + 1], n, r = 0;

	for (n = 0; n <= NETWORK_LANES && r >= 0; n++) {
		int pair[2];

		r = packet_pair(pair);
		if (r < 0)
			break;
		ours[n] = pair[0];
		ret_theirs[n] = pair[1];
	}
	if (r >= 0)
		r = starter_start(network->options.starter, network->options.role, ret_theirs[0]);
	if (r >= 0) {
		for (int i = 0; i < NETWORK_LANES; i++)
			network->lanes[i].fd = ours[i];
		network->events_fd = ours[NETWORK_LANES];
		return 0;
	}
	while (n > 0) {
		safe_close(ours[--n]);
		safe_close(ret_theirs[n]);
	}
	return r;
}

/* Return: 0; the error of rportd-net; or another -errno. */
static int set_up(struct network *network, const int fds[static 2], struct rport_error *err)
{
	struct network_setup setup = { .queues_forced = network->options.queues_forced };
	struct lane *lane = &network->lanes[NETWORK_LANE_ACT];
	struct message *message = begin(lane, N_NETWORK_CALLS);
	struct network_ready ready;
	struct network_reply reply;
	int r;

	message_put_value(message, setup);
	for (unsigned int i = 0; i < 2; i++)
		message_put_fd(message, fds[i]);
	r = send_request(lane);
	if (r >= 0)
		r = receive(lane, monotonic_usec() + START_USEC, &reply);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "rportd-net does not start: %s",
				       strerror(-r));
	if (reply.result < 0) {
		message_get_value(&lane->in, err);
		err->message[sizeof(err->message) - 1] = '\0';
		return reply.result;
	}
	message_get_value(&lane->in, &ready);
	network->about = (struct network_about){
		.own_nsid = ready.own_nsid,
		.watch_error = ready.watch_error,
		.nowait = ready.nowait,
	};
	return 0;
}

static int listen_to(struct network *network)
{
	return sd_event_add_io(network->event, &network->source, network->events_fd, EPOLLIN,
			       readable, network);
}

/* Waits until a former process has ended. */
static int start(struct network *network, struct rport_error *err)
{
	int theirs[NETWORK_LANES + 1];
	int r = starter_await_end(network->options.starter, network->options.role, END_USEC);

	if (r >= 0)
		r = execute(network, theirs);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start rportd-net: %s",
				       strerror(-r));
	network->started = monotonic_usec();
	r = set_up(network, theirs + 1, err);
	for (int i = 0; i <= NETWORK_LANES; i++)
		safe_close(theirs[i]);
	if (r >= 0) {
		r = listen_to(network);
		if (r < 0)
			rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot listen to rportd-net");
	}
	if (r < 0) {
		lose(network);
		return r;
	}
	(void)sd_event_source_set_enabled(network->timer, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(network->news, SD_EVENT_ONESHOT);
	return 0;
}

static int start_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	start_if_ended(userdata);
	return 0;
}

static int tell_lost(sd_event_source *source _unused_, void *userdata)
{
	const struct monitor_handler *events = &((struct network *)userdata)->options.events;

	events->lost(events->userdata);
	return 0;
}

static int prepare(struct network *network)
{
	const struct starter_watch watch = {
		.ended = ended,
		.failed = starter_failed,
		.userdata = network,
	};
	int r = sd_event_add_time(network->event, &network->timer, CLOCK_MONOTONIC, 0, 1,
				  start_again, network);

	if (r >= 0)
		r = sd_event_source_set_enabled(network->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_defer(network->event, &network->news, tell_lost, network);
	if (r >= 0)
		r = sd_event_source_set_enabled(network->news, SD_EVENT_OFF);
	if (r >= 0)
		r = starter_watch(network->options.starter, network->event, network->options.role,
				  &watch);
	return r;
}

int network_new(sd_event *event, const struct network_options *options, struct network **ret,
		struct rport_error *err)
{
	struct network *network = calloc(1, sizeof(*network));
	int r;

	if (!network)
		return rport_error_no_memory(err);
	network->event = sd_event_ref(event);
	network->options = *options;
	network->events_fd = -1;
	for (unsigned int i = 0; i < NETWORK_LANES; i++)
		network->lanes[i].fd = -1;
	r = prepare(network);
	if (r < 0)
		rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot watch rportd-net: %s",
				strerror(-r));
	else
		r = start(network, err);
	if (r < 0) {
		network_free(network);
		return r;
	}
	(void)sd_event_source_set_enabled(network->news, SD_EVENT_OFF); /* nothing was known */
	*ret = network;
	return 0;
}

void network_free(struct network *network)
{
	if (!network)
		return;
	if (network->events_fd >= 0)
		starter_kill(network->options.starter, network->options.role);
	let_go(network);
	sd_event_source_disable_unref(network->timer);
	sd_event_source_disable_unref(network->news);
	sd_event_unref(network->event);
	free(network);
}

const struct network_about *network_about(const struct network *network)
{
	return &network->about;
}
