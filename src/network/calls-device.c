/* SPDX-License-Identifier: ISC */

/* Calls about devices: they are made, taken over, looked at and removed. */

#include <stdio.h>

#include "network/calls-private.h"

/* The descriptors are taken, and closed if the port cannot have them. */
static int take_queues(struct port *port, struct message *reply)
{
	unsigned int n = port->spec.queues;

	if (reply->broken || reply->n_fds - reply->fds_at != n || n > TUN_QUEUES_MAX)
		return -EBADMSG;
	for (port->tun.n_queues = 0; port->tun.n_queues < n; port->tun.n_queues++)
		port->tun.queues[port->tun.n_queues] = message_take_fd(reply);
	return 0;
}

int network_make(struct port *port, const struct network_place *place, bool unless_taken,
		 struct rport_error *err)
{
	struct message *message = call_begin(place->network, NETWORK_MAKE);
	uint32_t wire_unless_taken = unless_taken;
	int r;

	port->spec.domain = place->domain;
	message_put_value(message, place->number);
	message_put_value(message, wire_unless_taken);
	message_put_port(message, port);
	r = call_finish(place->network, &message);
	if (r != 0)
		return call_error(message, r, err);
	message_get_state(message, port);
	r = take_queues(port, message);
	if (r < 0) {
		port_unmake(port);
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "rportd-net sent nonsense");
	}
	port->had_device = true;
	return 0;
}

int network_adopt(struct network *network, struct port *port, const int fds[],
		  const struct network_place *place)
{
	struct message *message = call_begin(network, NETWORK_ADOPT);
	int r;

	message_put_value(message, place->number);
	message_put_port(message, port);
	for (unsigned int i = 0; i < port->spec.queues; i++)
		message_put_fd(message, fds[i]);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get_state(message, port);
	memcpy(port->tun.queues, fds, port->spec.queues * sizeof(fds[0]));
	port->tun.n_queues = port->spec.queues;
	port->had_device = true;
	return 0;
}

int network_derive(struct network *network, const int fds[], unsigned int n,
		   struct port_derived *ret)
{
	struct message *message = call_begin(network, NETWORK_DERIVE);
	struct port_derived found = { 0 };
	int r;

	for (unsigned int i = 0; i < n; i++)
		message_put_fd(message, fds[i]);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get_spec(message, &found.spec);
	message_get_value(message, &found.alias);
	found.alias[sizeof(found.alias) - 1] = '\0';
	if (message->broken) {
		port_spec_release(&found.spec);
		return -EBADMSG;
	}
	*ret = found;
	return 0;
}

int network_look(struct network *network, struct port *port, const char **ret_lost)
{
	static char lost[NETWORK_TEXT_MAX];
	struct message *message = call_begin(network, NETWORK_LOOK);
	int r;

	message_put_bare_port(message, port);
	r = call_finish(network, &message);
	if (!message)
		return r;
	message_get_value(message, &lost);
	lost[sizeof(lost) - 1] = '\0';
	message_get_state(message, port);
	if (r == -ENODEV)
		*ret_lost = lost;
	return r;
}

int network_lost_name(struct network *network, const struct port *port, const char **ret_lost)
{
	static char lost[NETWORK_TEXT_MAX];
	struct message *message;
	int r;

	if (!port->peering.present || port->spec.domain.netns != DOMAIN_NETNS_NAMED)
		return 0;
	message = call_begin(network, NETWORK_LOST_NAME);
	message_put_bare_port(message, port);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get_value(message, &lost);
	lost[sizeof(lost) - 1] = '\0';
	if (lost[0])
		*ret_lost = lost;
	return 0;
}

/* Return: how many ports fit into one message. */
static size_t remove_some(struct network *network, struct port *const ports[], size_t n)
{
	struct message *message = call_begin(network, NETWORK_REMOVE);
	uint32_t fit = 0;
	size_t done;

	message_put_value(message, fit);
	for (done = 0; done < n; done++) {
		const struct port *port = ports[done];

		if (message->n_fds + port->tun.n_queues > PACKET_FDS_MAX)
			break;
		if (!port->peering.present)
			continue;
		message_put_bare_port(message, port);
		fit++;
	}
	if (fit > 0) {
		call_put_number(message, fit);
		(void)network_call(network, NETWORK_CHANNEL_ACT,
				   monotonic_usec() + CALL_REMOVE_USEC, &message);
	}
	return done;
}

void network_remove(struct network *network, struct port *ports[], size_t n)
{
	for (size_t done = 0; done < n;)
		done += remove_some(network, ports + done, n - done);
	port_unmake_all(ports, n);
}

void network_remove_devices(struct network *network, const int fds[], size_t n)
{
	for (size_t done = 0; done < n;) {
		struct message *message = call_begin(network, NETWORK_REMOVE_DEVICES);

		while (done < n && message->n_fds < PACKET_FDS_MAX)
			message_put_fd(message, fds[done++]);
		(void)network_call(network, NETWORK_CHANNEL_ACT,
				   monotonic_usec() + CALL_REMOVE_USEC, &message);
	}
}

void network_remove_unnamed(struct network *network, const char *name, const int fds[], size_t n)
{
	struct domain domain = { .netns = DOMAIN_NETNS_NAMED };

	snprintf(domain.name, sizeof(domain.name), "%s", name);
	for (size_t done = 0; done < n;) {
		struct message *message = call_begin(network, NETWORK_REMOVE_UNNAMED);

		message_put_value(message, domain);
		message_put_fd(message, fds[0]);
		for (done = MAX(done, (size_t)1); done < n && message->n_fds < PACKET_FDS_MAX;)
			message_put_fd(message, fds[done++]);
		if (network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + CALL_REMOVE_USEC,
				 &message) <= 0)
			break;
	}
}

int network_update_carrier(struct network *network, struct port *port)
{
	bool carrier = link_carrier(&port->peering);
	struct message *message;
	int r;

	if (!port->peering.present || carrier == port->carrier)
		return 0;
	message = call_begin(network, NETWORK_CARRIER);
	message_put_bare_port(message, port);
	r = call_finish(network, &message);
	if (r >= 0)
		port->carrier = carrier;
	return r;
}

void network_set_alias(struct network *network, struct port *port, const char *alias)
{
	struct message *message;

	if (streq(port->alias, alias)) /* it was made with it */
		return;
	snprintf(port->alias, sizeof(port->alias), "%s", alias);
	if (!port->peering.present)
		return;
	message = call_begin(network, NETWORK_ALIAS);
	message_put_bare_port(message, port);
	(void)call_finish(network, &message);
}
