/* SPDX-License-Identifier: ISC */

/* The calls of network/wire.h, as rportd makes them. */

#include <stdio.h>

#include "network/calls-private.h"

#define CALL_USEC (5 * USEC_PER_SEC)

struct message *call_begin(struct network *network, enum network_call call)
{
	return network_begin(network, NETWORK_CHANNEL_ACT, call);
}

int call_finish(struct network *network, struct message **ret)
{
	return network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + CALL_USEC, ret);
}

int call_error(struct message *reply, int r, struct rport_error *err)
{
	struct rport_error error = { 0 };

	if (r >= 0 || !err)
		return r;
	if (reply && reply->size >= sizeof(error)) {
		memcpy(&error, reply->data + reply->size - sizeof(error), sizeof(error));
		error.message[sizeof(error.message) - 1] = '\0';
		if (error.message[0] && (unsigned int)error.kind < RPORT_ERR_KINDS) {
			*err = error;
			return r;
		}
	}
	switch (r) {
	case -ETIMEDOUT:
		return rport_error_set(err, RPORT_ERR_SYSTEM, ETIMEDOUT,
				       "the kernel did not answer within %u s",
				       (unsigned int)(CALL_USEC / USEC_PER_SEC));
	case -ECONNRESET:
		return rport_error_set(err, RPORT_ERR_SYSTEM, ECONNRESET,
				       "rportd-net ended, and is started again");
	default:
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "%s", strerror(-r));
	}
}

void call_put_number(struct message *message, uint32_t n)
{
	memcpy(message->data + sizeof(struct network_request), &n, sizeof(n));
}

/* --- domains ---------------------------------------------------------------------------------- */

static void take_found(struct network *network, struct message *reply, struct network_place *ret)
{
	struct network_place place = { .network = network, .nsid = -1 };
	struct network_found found;
	int fd;

	message_get_value(reply, &found);
	place.number = found.place;
	place.domain = found.domain;
	place.netns = found.netns;
	place.nsid = found.nsid;
	if (found.pid > 0) {
		fd = message_take_fd(reply);
		if (fd >= 0 && process_adopt(fd, found.pid, &place.process) < 0)
			safe_close(fd);
	}
	*ret = place;
}

int network_resolve(struct network *network, const struct domain *domain,
		    const struct process *process, struct network_place *ret,
		    struct rport_error *err)
{
	struct network_resolve asked = { .domain = *domain };
	struct message *message = call_begin(network, NETWORK_RESOLVE);
	int r;

	if (process) {
		asked.pid = process_pid(process);
		message_put_fd(message, process_fd(process));
	}
	message_put_value(message, asked);
	r = call_finish(network, &message);
	if (r < 0)
		return call_error(message, r, err);
	take_found(network, message, ret);
	return 0;
}

void network_place_release(struct network_place *place)
{
	if (!place->network)
		return;
	message_put_value(call_begin(place->network, NETWORK_RELEASE), place->number);
	network_send(place->network, NETWORK_CHANNEL_ACT);
	process_free(place->process);
	*place = (struct network_place){ 0 };
}

static int call_with_name(struct network *network, enum network_call call, uint32_t place,
			  const char *name)
{
	struct network_name asked = { .place = place };
	struct message *message = call_begin(network, call);

	if (!ifname_valid(name))
		return -EINVAL;
	memcpy(asked.name, name, strlen(name));
	message_put_value(message, asked);
	return call_finish(network, &message);
}

int network_exists(struct network *network, const struct network_place *place, const char *name)
{
	return call_with_name(network, NETWORK_EXISTS, place ? place->number : 0, name);
}

/* --- checks ----------------------------------------------------------------------------------- */

int network_local_first(struct network *network, const struct port *port,
			bool ret[static CHECK_FAMILIES])
{
	struct message *message = call_begin(network, NETWORK_LOCAL_FIRST);
	struct network_local_first local;
	int r;

	message_put_bare_port(message, port);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get_value(message, &local);
	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
		ret[family] = local.first[family];
	return 0;
}

void network_put_check(struct message *message, const struct inspect_end ends[static 2], bool probe)
{
	struct network_check asked = { .probe = probe };

	for (unsigned int end = 0; end < 2; end++) {
		asked.present[end] = ends[end].port != NULL;
		asked.own[end] = ends[end].own;
	}
	message_put_value(message, asked);
	for (unsigned int end = 0; end < 2; end++)
		if (ends[end].port)
			message_put_bare_port(message, ends[end].port);
}
