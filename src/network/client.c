/* SPDX-License-Identifier: ISC */

/*
 * rportd-net, as rportd sees it.
 *
 * Theory of operation
 *
 * Calls. rportd sends one request on a channel, and waits for its reply until a deadline. A call that
 * is late is abandoned: rportd-net lets another thread serve the channel, and a reply that still comes
 * is known by its serial number, and dropped. On the channel of queries nothing is abandoned at once:
 * rportd goes on without the answer, and asks no more until it has come, or STUCK_USEC have passed.
 *
 * Checks take long, and nobody waits for them: some of them may be under way on a channel of their own,
 * and the event loop takes the answers.
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

#include "base/turn.h"
#include "network/client-private.h"

#define ALIVE_USEC (1 * USEC_PER_SEC) /* for a sign of life */
#define DRAIN_USEC (1 * USEC_PER_SEC)
#define STUCK_USEC (5 * USEC_PER_SEC)
#define READ_MAX   64 /* messages with events in one turn of the loop */

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

int client_readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct network *network = userdata;
	int r = 0;

	turn_is("events of the network");
	for (unsigned int i = 0; i < READ_MAX && r >= 0; i++)
		r = read_events(network);
	if (r < 0 && r != -EAGAIN)
		client_lose(network);
	return 0;
}

static int send_control(struct network *network, const struct network_control *control)
{
	int r = network->events_fd < 0 ? -ECONNRESET
				       : packet_send(network->events_fd, control, sizeof(*control),
						     NULL, 0, MSG_DONTWAIT);

	if (r < 0)
		client_lose(network);
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
		client_lose(network);
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

int client_receive(struct channel *channel, struct network_reply *ret)
{
	struct message *in = &channel->in;
	int r;

	message_close_fds(in);
	message_begin(in);
	r = packet_receive_some(channel->fd, in->data, sizeof(in->data), &in->size, in->fds,
				&in->n_fds, MSG_DONTWAIT);
	if (r <= 0)
		return r == 0 ? -ECONNRESET : r;
	message_get_value(in, ret);
	return in->broken ? -EBADMSG : 0;
}

int client_await(struct channel *channel, uint64_t deadline, struct network_reply *ret)
{
	int r;

	do {
		r = client_receive(channel, ret);
		if (r == -EAGAIN)
			r = wait_readable(channel->fd, deadline);
		else if (r >= 0 && ret->serial == channel->serial)
			return 0;
	} while (r >= 0);
	return r;
}

struct message *client_begin(struct channel *channel, uint32_t call)
{
	struct network_request header = { .call = call };

	message_begin(&channel->out);
	message_put_value(&channel->out, header);
	return &channel->out;
}

struct message *network_begin(struct network *network, enum network_channel channel,
			      enum network_call call)
{
	if (network->channels[channel].in.broken) /* the last reply was no reply of rportd-net */
		client_lose(network);
	client_start_if_ended(network); /* which needs the channel, too */
	return client_begin(&network->channels[channel], call);
}

int client_send(struct channel *channel)
{
	struct message *out = &channel->out;

	channel->serial++;
	memcpy(out->data + offsetof(struct network_request, serial), &channel->serial,
	       sizeof(channel->serial));
	return packet_send(channel->fd, out->data, out->size, out->fds, out->n_fds, MSG_DONTWAIT);
}

/* A query that was late may have been answered. Return: whether another one can be made. */
static bool is_idle(struct network *network, struct channel *channel)
{
	struct network_reply reply;
	int r;

	if (channel->late == 0)
		return true;
	r = client_await(channel, 0, &reply);
	if (r >= 0)
		channel->late = 0;
	else if (r != -ETIME || monotonic_usec() >= channel->late + STUCK_USEC)
		client_lose(network);
	return r >= 0;
}

/* Its main thread never waits for namespaces. Events are told later: whoever calls is in the middle of
 * something. Return: whether it gives a sign of life. */
static bool is_alive(struct network *network)
{
	struct network_control control = { .type = NETWORK_PING, .serial = ++network->serial };

	network->asked = control.serial;
	return send_control(network, &control) >= 0 &&
	       wait_readable(network->events_fd, monotonic_usec() + ALIVE_USEC) >= 0;
}

/* The thread may hang in a namespace; if all of the process hangs, it is replaced. */
static void abandon(struct network *network, enum network_channel channel)
{
	struct network_control control = { .type = NETWORK_ABANDON,
					   .channel = channel,
					   .serial = network->channels[channel].serial };

	if (is_alive(network))
		(void)send_control(network, &control);
	else
		client_lose(network);
}

int network_call(struct network *network, enum network_channel number, uint64_t deadline,
		 struct message **ret)
{
	struct channel *channel = &network->channels[number];
	struct network_reply reply;
	uint64_t begun = monotonic_usec();
	int r;

	*ret = NULL;
	if (channel->out.broken)
		return -EMSGSIZE;
	if (network->events_fd < 0)
		return -ECONNRESET;
	if (!is_idle(network, channel))
		return -EBUSY;
	r = client_send(channel);
	if (r >= 0)
		r = client_await(channel, deadline, &reply);
	if (r == -ETIME) {
		if (number == NETWORK_CHANNEL_ASK)
			channel->late = begun;
		else
			abandon(network, number);
		return -ETIMEDOUT;
	}
	if (r < 0) {
		client_lose(network);
		return -ECONNRESET;
	}
	*ret = &channel->in;
	return reply.result;
}

void network_send(struct network *network, enum network_channel channel)
{
	if (network->events_fd >= 0 && client_send(&network->channels[channel]) < 0)
		client_lose(network);
}
