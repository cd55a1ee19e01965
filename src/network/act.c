/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Trust. Whoever owns rportd can ask for whatever he likes. Which interface a call is about is said
 * by the descriptors that come with it, and by nothing else: all functions of src/port that change
 * one look it up by its descriptor first (port_open_rtnl()). rportd cannot make such a descriptor,
 * it only has those that rportd-net gave it. So no call reaches an interface of others.
 *
 * Each call is a function of act-private.h, which reads its arguments from the request, and writes its results
 * to the reply, after the place of the header.
 */

#include "network/act-private.h"

/* --- what calls have in common ---------------------------------------------------------------- */

int work_refuse(struct work *work)
{
	work->in->broken = true;
	return -EBADMSG;
}

int work_with_port(struct work *work, int (*fn)(struct work *work, struct port *port), bool changes)
{
	struct port port;
	int r;

	message_get_port(work->in, &port);
	r = work->in->broken || !port.peering.present ? work_refuse(work) : fn(work, &port);
	if (changes)
		message_put_state(work->out, &port);
	message_release_port(&port);
	return r;
}

void work_close_fds(const int fds[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		safe_close(fds[i]);
}

unsigned int work_take_fds(struct message *in, int ret[], unsigned int max)
{
	unsigned int n = 0;

	while (!in->broken && in->fds_at < in->n_fds && n < max)
		ret[n++] = message_take_fd(in);
	return n;
}

/* --- all calls ------------------------------------------------------------------------------ */

#define TABLE_ENTRY(call, function) [call] = function,
static int (*const calls[N_NETWORK_CALLS])(struct work *work) = { WORK_CALLS(TABLE_ENTRY) };

/* The header is known last, and is first. */
static void put_header(struct message *reply, const struct network_reply *header)
{
	memcpy(reply->data, header, sizeof(*header));
}

int actor_act(struct actor *actor, struct message *request, struct message *reply)
{
	struct work work = { .actor = actor, .in = request, .out = reply };
	struct network_reply header = { 0 };
	struct network_request asked;
	int r;

	message_get_value(request, &asked);
	message_begin(reply);
	message_put_value(reply, header);
	r = request->broken || asked.call >= N_NETWORK_CALLS ? work_refuse(&work)
							     : calls[asked.call](&work);
	message_close_fds(request);
	if (r < 0)
		message_put_value(reply, work.err);
	if (request->broken || reply->broken) {
		message_close_fds(reply);
		return -EBADMSG;
	}
	header = (struct network_reply){ .serial = asked.serial, .result = r };
	put_header(reply, &header);
	return asked.call != NETWORK_RELEASE;
}
