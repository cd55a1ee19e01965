/* SPDX-License-Identifier: ISC */

/* Starts rportd-net, notices its end, and starts it again: see client.c. */

#include "kernel/restart.h"
#include "network/client-private.h"

#define START_USEC (20 * USEC_PER_SEC) /* for the answer to the setup */
#define END_USEC   (5 * USEC_PER_SEC)  /* for the end of a killed process */

/* --- the end of the process ------------------------------------------------------------------- */

static void let_go(struct network *network)
{
	network->source = sd_event_source_disable_unref(network->source);
	network->check_source = sd_event_source_disable_unref(network->check_source);
	network->events_fd = safe_close(network->events_fd);
	for (unsigned int i = 0; i < NETWORK_CHANNELS; i++) {
		message_close_fds(&network->channels[i].in);
		message_begin(&network->channels[i].in);
		network->channels[i].fd = safe_close(network->channels[i].fd);
		network->channels[i].late = 0;
	}
	network->alive = network->asked; /* the next one has not been asked */
	client_lose_checks(network);
}

static void start_after(struct network *network, uint64_t wait)
{
	network->wait = wait;
	network->not_before = monotonic_usec() + wait;
	(void)sd_event_source_set_time(network->timer, network->not_before);
	(void)sd_event_source_set_enabled(network->timer, SD_EVENT_ONESHOT);
}

/* It ended, or does not answer. */
void client_lose(struct network *network)
{
	if (network->events_fd < 0)
		return;
	let_go(network);
	starter_kill(network->options.starter, network->options.role);
	start_after(network, restart_wait(network->started, network->wait));
}

static void ended(int status, void *userdata)
{
	struct network *network = userdata;
	char how[RESTART_END_MAX];

	network->options.ended(restart_describe_end(status, how), network->options.events.userdata);
}

static void starter_failed(void *userdata)
{
	struct network *network = userdata;

	network->options.failed(network->options.events.userdata);
}

/* --- beginning and end ------------------------------------------------------------------------ */

/* Return: as starter_start(). */
static int execute(struct network *network, int ret_theirs[static NETWORK_CHANNELS + 1])
{
	int ours[NETWORK_CHANNELS + 1], n, r = 0;

	for (n = 0; n <= NETWORK_CHANNELS && r >= 0; n++) {
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
		for (int i = 0; i < NETWORK_CHANNELS; i++)
			network->channels[i].fd = ours[i];
		network->events_fd = ours[NETWORK_CHANNELS];
		return 0;
	}
	while (n > 0) {
		safe_close(ours[--n]);
		safe_close(ret_theirs[n]);
	}
	return r;
}

/* @theirs: closed, so that the end of the process is seen */
static int send_setup(struct network *network, int theirs[static NETWORK_CHANNELS + 1])
{
	struct network_setup setup = { .queues_forced = network->options.queues_forced };
	struct channel *channel = &network->channels[NETWORK_CHANNEL_ACT];
	struct message *message = client_begin(channel, N_NETWORK_CALLS);
	int r;

	message_put_value(message, setup);
	for (unsigned int i = 1; i <= NETWORK_CHANNELS; i++)
		message_put_fd(message, theirs[i]);
	r = client_send(channel);
	for (unsigned int i = 0; i <= NETWORK_CHANNELS; i++)
		safe_close(theirs[i]);
	return r;
}

/* Return: 0; the error of rportd-net; or another -errno. */
static int set_up(struct network *network, int theirs[static NETWORK_CHANNELS + 1],
		  struct rport_error *err)
{
	struct channel *channel = &network->channels[NETWORK_CHANNEL_ACT];
	struct network_ready ready;
	struct network_reply reply;
	int r = send_setup(network, theirs);

	if (r >= 0)
		r = client_await(channel, monotonic_usec() + START_USEC, &reply);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "rportd-net does not start: %s",
				       strerror(-r));
	if (reply.result < 0) {
		message_get_value(&channel->in, err);
		err->message[sizeof(err->message) - 1] = '\0';
		return reply.result;
	}
	message_get_value(&channel->in, &ready);
	network->about = (struct network_about){
		.own_nsid = ready.own_nsid,
		.watch_error = ready.watch_error,
		.nowait = ready.nowait,
	};
	return 0;
}

static int listen_to(struct network *network)
{
	int r = sd_event_add_io(network->event, &network->source, network->events_fd, EPOLLIN,
				client_readable, network);

	return r < 0 ? r
		     : sd_event_add_io(network->event, &network->check_source,
				       network->channels[NETWORK_CHANNEL_CHECK].fd, EPOLLIN,
				       client_checked, network);
}

/* Waits until a former process has ended. */
static int start(struct network *network, struct rport_error *err)
{
	int theirs[NETWORK_CHANNELS + 1];
	int r = starter_await_end(network->options.starter, network->options.role, END_USEC);

	if (r >= 0)
		r = execute(network, theirs);
	if (r < 0) {
		start_after(network, restart_longer(network->wait));
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start rportd-net: %s",
				       strerror(-r));
	}
	network->started = monotonic_usec();
	r = set_up(network, theirs, err);
	if (r >= 0) {
		r = listen_to(network);
		if (r < 0)
			rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot listen to rportd-net");
	}
	if (r < 0) {
		client_lose(network);
		return r;
	}
	(void)sd_event_source_set_enabled(network->timer, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(network->news, SD_EVENT_ONESHOT);
	network->restarts++;
	return 0;
}

void client_start_if_ended(struct network *network)
{
	struct rport_error err;

	if (network->events_fd >= 0 || monotonic_usec() < network->not_before)
		return;
	if (start(network, &err) < 0)
		network->options.not_started(err.message, network->options.events.userdata);
}

static int start_again(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	client_start_if_ended(userdata);
	return 0;
}

/* Names may have come and gone, too. */
static int tell_lost(sd_event_source *source _unused_, void *userdata)
{
	const struct network_options *options = &((struct network *)userdata)->options;

	options->events.lost(options->events.userdata);
	options->names_missed(options->events.userdata);
	options->names(options->events.userdata);
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
		r = sd_event_add_defer(network->event, &network->check_news,
				       client_tell_lost_checks, network);
	if (r >= 0)
		r = sd_event_source_set_enabled(network->check_news, SD_EVENT_OFF);
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
	for (unsigned int i = 0; i < NETWORK_CHANNELS; i++)
		network->channels[i].fd = -1;
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
	network->restarts = 0;
	*ret = network;
	return 0;
}

void network_stop(struct network *network)
{
	if (network->events_fd >= 0)
		starter_kill(network->options.starter, network->options.role);
	let_go(network);
	network->not_before = UINT64_MAX;
	network->timer = sd_event_source_disable_unref(network->timer);
	/* it may have a copy of a descriptor of a port: until it has ended that has not gone */
	(void)starter_await_end(network->options.starter, network->options.role, END_USEC);
}

void network_free(struct network *network)
{
	if (!network)
		return;
	network_stop(network);
	sd_event_source_disable_unref(network->news);
	sd_event_source_disable_unref(network->check_news);
	sd_event_unref(network->event);
	free(network);
}

void network_replace(struct network *network)
{
	client_lose(network);
}

unsigned int network_restarts(const struct network *network)
{
	return network->restarts;
}

const struct network_about *network_about(const struct network *network)
{
	return &network->about;
}
