/* SPDX-License-Identifier: ISC */
/*
 * rportd-net without a process: the functions of src/network/client.h. A call is carried out by
 * src/network/act.c at once, with descriptors of its own, as if they had crossed a socket.
 */

#include "fake_kernel.h"
#include "kernel/netns-watch.h"
#include "network/act.h"
#include "network/client.h"

struct network {
	struct network_options options;
	struct network_about about;
	struct actor actor;
	struct monitor *monitor;
	struct netns_watch *names;
	struct message out[NETWORK_CHANNELS], in;
	uint32_t serial;
};

static void names_changed(void *userdata)
{
	const struct network *network = userdata;
	const struct network_options *options = &network->options;
	const char *name;

	if (netns_watch_missed(network->names))
		options->names_missed(options->events.userdata);
	for (size_t i = 0; (name = netns_watch_name(network->names, i)); i++)
		options->name(name, options->events.userdata);
	options->names(options->events.userdata);
}

static int start(sd_event *event, struct network *network, struct rport_error *err)
{
	_cleanup_close_ int own = -EBADF;
	int r = staging_open(&network->actor.staging, err);

	if (r < 0)
		return r;
	network->actor.staging.queues_forced = network->options.queues_forced;
	r = own = netns_open_self();
	if (r >= 0)
		r = rtnl_nsid(network->actor.staging.own, own, &network->about.own_nsid);
	if (r >= 0)
		r = monitor_new(event, &network->options.events, &network->monitor);
	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot start: %s", strerror(-r));
	network->about.nowait = network->actor.staging.nowait;
	r = netns_watch_new(event, names_changed, network, &network->names);
	network->about.watch_error = MIN(r, 0);
	network->actor.names = network->names;
	network->actor.staging.names_watched = netns_watch_sees_all(network->names);
	return 0;
}

int network_new(sd_event *event, const struct network_options *options, struct network **ret,
		struct rport_error *err)
{
	struct network *network = calloc(1, sizeof(*network));
	int r;

	fake_require(network);
	network->options = *options;
	r = start(event, network, err);
	if (r < 0) {
		network_free(network);
		return r;
	}
	*ret = network;
	return 0;
}

void network_stop(struct network *network _unused_)
{
}

void network_free(struct network *network)
{
	if (!network)
		return;
	actor_end(&network->actor);
	monitor_free(network->monitor);
	netns_watch_free(network->names);
	staging_close(&network->actor.staging);
	free(network);
}

const struct network_about *network_about(const struct network *network)
{
	return &network->about;
}

void network_drain(struct network *network)
{
	monitor_read(network->monitor);
}

bool network_answers(struct network *network _unused_)
{
	return true;
}

void network_replace(struct network *network _unused_)
{
}

unsigned int network_restarts(const struct network *network _unused_)
{
	return 0;
}

struct message *network_begin(struct network *network, enum network_channel channel,
			      enum network_call call)
{
	struct network_request header = { .call = call, .serial = ++network->serial };

	message_begin(&network->out[channel]);
	message_put_value(&network->out[channel], header);
	return &network->out[channel];
}

/* What was sent belongs to the receiver. */
static int carry_out(struct network *network, enum network_channel channel)
{
	struct message *out = &network->out[channel];

	for (unsigned int i = 0; i < out->n_fds; i++)
		out->fds[i] = fake_dup(out->fds[i], 0);
	message_close_fds(&network->in);
	return actor_act(&network->actor, out, &network->in);
}

int network_call(struct network *network, enum network_channel channel, uint64_t deadline _unused_,
		 struct message **ret)
{
	struct network_reply reply;
	int r;

	*ret = NULL;
	if (network->out[channel].broken)
		return -EMSGSIZE;
	if (channel == NETWORK_CHANNEL_ASK && fake_random(8) == 0)
		return -ETIMEDOUT;
	r = fake_call("network_call", FAKE_ERRNOS(ECONNRESET)); /* it ends before it acts */
	if (r < 0)
		return r;
	r = carry_out(network, channel);
	if (r != 1)
		fake_fail("a call was refused");
	message_get_value(&network->in, &reply);
	*ret = &network->in;
	return reply.result;
}

void network_send(struct network *network, enum network_channel channel)
{
	if (carry_out(network, channel) != 0)
		fake_fail("a call that has no reply was refused");
}
