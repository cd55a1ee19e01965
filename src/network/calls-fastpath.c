/* SPDX-License-Identifier: ISC */

/* Calls about the fast path, and about what keeps links off it. */

#include "network/calls-private.h"

static void take_laid(struct message *reply, struct port *const ports[static 2],
		      struct fastpath *path)
{
	struct network_laid laid;
	int counts[2] = { -1, -1 };

	message_get_value(reply, &laid);
	if (reply->broken)
		return;
	path->known = laid.known;
	for (unsigned int i = 0; i < 2; i++)
		if (laid.on[i])
			counts[i] = message_take_fd(reply);
	for (unsigned int i = 0; i < 2; i++) {
		if (path->on[i])
			safe_close(path->counts[i]);
		path->counts[i] = counts[i];
		path->on[i] = counts[i] >= 0;
		if (!path->on[i] || laid.passed[i].packets > 0) /* another program counts from 0 */
			path->counted[i] = (struct fastpath_count){ 0 };
		ports[i]->passed->packets += laid.passed[i].packets;
		ports[i]->passed->bytes += laid.passed[i].bytes;
	}
}

static void put_path(struct message *message, struct port *const ports[static 2],
		     const bool want[static 2], bool keep, const struct fastpath *path)
{
	const struct network_lay asked = {
		.want = { want[0], want[1] },
		.keep = keep,
		.known = path->known,
		.on = { path->on[0], path->on[1] },
	};

	message_put_value(message, asked);
	for (unsigned int i = 0; i < 2; i++)
		message_put_bare_port(message, ports[i]);
	for (unsigned int i = 0; i < 2; i++)
		if (path->on[i])
			message_put_fd(message, path->counts[i]);
}

int network_lay(struct network *network, struct port *const ports[static 2],
		const bool want[static 2], bool keep, struct fastpath *path,
		struct rport_error *err)
{
	struct message *message = call_begin(network, NETWORK_LAY);
	int r;

	put_path(message, ports, want, keep, path);
	r = call_finish(network, &message);
	if (message)
		take_laid(message, ports, path);
	return call_error(message, r, err);
}

size_t network_clear(struct network *network, const struct network_path paths[], size_t n,
		     bool keep)
{
	static const bool none[2] = { false, false };
	struct message *message = call_begin(network, NETWORK_CLEAR);
	uint32_t fit = 0;

	message_put_value(message, fit);
	for (; fit < n; fit++) {
		const struct network_path *path = &paths[fit];

		if (message->n_fds + path->ports[0]->tun.n_queues + path->ports[1]->tun.n_queues +
			    2 >
		    PACKET_FDS_MAX)
			break;
		put_path(message, path->ports, none, keep, path->path);
	}
	call_put_number(message, fit);
	(void)network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + CALL_REMOVE_USEC,
			   &message);
	for (uint32_t i = 0; i < fit; i++) {
		if (message)
			take_laid(message, paths[i].ports, paths[i].path);
		fastpath_forget(paths[i].path);
	}
	return fit;
}

int network_counts(struct network *network, const int counts[], unsigned int n,
		   struct fastpath_count ret[])
{
	struct message *message = call_begin(network, NETWORK_COUNTS);
	int r;

	for (unsigned int i = 0; i < n; i++)
		message_put_fd(message, counts[i]);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get(message, ret, n * sizeof(*ret));
	return message->broken ? -EBADMSG : 0;
}

int network_captures(struct network *network, const struct port *port, struct packet_sockets *ret)
{
	struct message *message = call_begin(network, NETWORK_CAPTURES);
	int r;

	message_put_bare_port(message, port);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get_value(message, ret);
	return message->broken ? -EBADMSG : 0;
}

void network_sweep(struct network *network)
{
	struct message *message = call_begin(network, NETWORK_SWEEP);

	(void)call_finish(network, &message);
}
