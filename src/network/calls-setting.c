/* SPDX-License-Identifier: ISC */

/* Calls about the settings of ports. */

#include "network/calls-private.h"

/* @given: of NETWORK_CHANGE, else NULL */
static int apply(struct network *network, struct port *port, const struct network_apply *how,
		 const struct port_spec *given, struct rport_error *err)
{
	struct message *message = call_begin(network, NETWORK_APPLY);
	int r;

	message_put_value(message, *how);
	message_put_port(message, port);
	if (given)
		message_put_spec(message, given);
	r = call_finish(network, &message);
	if (message)
		message_get_state(message, port);
	return call_error(message, r, err);
}

int network_bring_up(struct network *network, struct port *port, bool again,
		     struct rport_error *err)
{
	const struct network_apply how = { .verb = NETWORK_BRING_UP, .again = again };

	return apply(network, port, &how, NULL, err);
}

int network_give_back(struct network *network, struct port *port, struct rport_error *err)
{
	const struct network_apply how = { .verb = NETWORK_GIVE_BACK };

	return apply(network, port, &how, NULL, err);
}

int network_take_down(struct network *network, struct port *port, struct rport_error *err)
{
	const struct network_apply how = { .verb = NETWORK_TAKE_DOWN };

	return apply(network, port, &how, NULL, err);
}

int network_change(struct network *network, struct port *port, const struct port_spec *given,
		   unsigned int scope, bool again, struct rport_error *err)
{
	const struct network_apply how = { .verb = NETWORK_CHANGE, .scope = scope, .again = again };

	return apply(network, port, &how, given, err);
}

int network_put_back(struct network *network, struct port *port, struct rport_error *err)
{
	const struct network_apply how = { .verb = NETWORK_PUT_BACK };

	return apply(network, port, &how, NULL, err);
}

int network_set_mtu(struct network *network, struct port *port, unsigned int mtu,
		    struct rport_error *err)
{
	const struct network_apply how = { .verb = NETWORK_SET_MTU, .mtu = mtu };
	int r = apply(network, port, &how, NULL, err);

	if (r >= 0)
		port->spec.mtu = mtu;
	return r;
}

/* @spec: if it is not that of the port */
static int observe(struct network *network, const struct port *port, const struct port_spec *spec,
		   const struct port_want *want, struct port_seen *ret)
{
	const struct network_want asked = {
		.scope = PLAN_ALL,
		.admin = want->admin,
		.given = spec != NULL,
		.link_local = want->link_local,
		.given_link_local = want->given_link_local,
	};
	struct message *message = call_begin(network, NETWORK_OBSERVE);
	int r;

	message_put_value(message, asked);
	message_put_port(message, port);
	if (spec)
		message_put_spec(message, spec);
	r = call_finish(network, &message);
	if (r < 0)
		return r;
	message_get_seen(message, ret);
	return message->broken ? -EBADMSG : 0;
}

int network_preview(struct network *network, const struct port *port, const struct port_spec *spec,
		    struct plan *ret)
{
	_cleanup_port_seen_ struct port_seen seen = { 0 };
	struct port_want want = {
		.spec = spec,
		.given = &port->spec,
		.admin = PORT_ADMIN_UP,
		.link_local = port_make_link_local(spec),
	};
	int r;

	if (!ip_address_equal(&want.link_local, &port->link_local))
		want.given_link_local = port->link_local;
	r = observe(network, port, spec, &want, &seen);
	return r < 0 ? r : port_plan(&want, &seen, PLAN_IN_PLACE, ret);
}

int network_compare(struct network *network, struct port *port)
{
	_cleanup_port_seen_ struct port_seen seen = { 0 };
	struct port_want want = port_want_of(port, port->admin);
	int r;

	if (!port->peering.present)
		return port_compare_seen(port, NULL);
	r = observe(network, port, NULL, &want, &seen);
	return r < 0 ? r : port_compare_seen(port, &seen);
}

/* Return: how many of @ports the message asks about. */
static unsigned int put_questions(struct message *message, struct network_ask *asked,
				  struct port *const ports[], unsigned int n)
{
	size_t header = message->size;
	unsigned int fit = 0;

	message_put_value(message, *asked);
	while (fit < n) {
		struct port port = *ports[fit];
		size_t size = message->size;
		unsigned int n_fds = message->n_fds;

		port.tun.n_queues = 1;
		if (!asked->observe)
			port.spec.n_addresses = port.spec.n_routes = 0;
		message_put_port(message, &port);
		if (message->broken) {
			message->broken = false;
			message->size = size;
			message->n_fds = n_fds;
			break;
		}
		fit++;
	}
	asked->n = fit;
	memcpy(message->data + header, asked, sizeof(*asked));
	return fit;
}

/* Return: how many answers the reply has. */
static unsigned int take_answers(struct message *reply, int result, bool observe, unsigned int n,
				 struct port_answer ret[])
{
	unsigned int done = 0;

	while (done < n && (int)done < result) {
		struct network_answer wire;
		struct port_answer *answer = &ret[done];

		message_get_value(reply, &wire);
		*answer = (struct port_answer){ .result = wire.result,
						.observed = wire.observed,
						.dev = wire.dev };
		if (observe && wire.result >= 0 && wire.observed >= 0)
			message_get_seen(reply, &answer->seen);
		if (reply->broken)
			break;
		done++;
	}
	return done;
}

unsigned int network_ask(struct network *network, struct port *const ports[], unsigned int n,
			 bool observe, uint64_t deadline, struct port_answer ret[])
{
	unsigned int done = 0;

	while (done < n) {
		struct network_ask asked = { .deadline = deadline, .observe = observe };
		struct message *message = network_begin(network, NETWORK_CHANNEL_ASK, NETWORK_ASK);
		unsigned int fit = put_questions(message, &asked, ports + done, n - done), answered;
		int r = network_call(network, NETWORK_CHANNEL_ASK, deadline, &message);

		if (r < 0 || fit == 0)
			break;
		answered = take_answers(message, r, observe, fit, ret + done);
		done += answered;
		if (answered < fit)
			break;
	}
	return done;
}
