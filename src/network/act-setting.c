/* SPDX-License-Identifier: ISC */

/* Calls about the settings of ports. */

#include "network/act-private.h"
#include "port/ask.h"
#include "port/observe.h"

static int apply_verb(struct work *work, const struct network_apply *how, struct port *port,
		      const struct port_spec *given)
{
	struct rport_error *err = &work->err;

	switch ((enum network_verb)how->verb) {
	case NETWORK_BRING_UP:
		return port_bring_up(port, how->again, err);
	case NETWORK_GIVE_BACK:
		return port_give_back(port, err);
	case NETWORK_TAKE_DOWN:
		return port_take_down(port, err);
	case NETWORK_CHANGE:
		return port_change(port, given, how->scope, how->again, err);
	case NETWORK_PUT_BACK:
		return port_put_back(port, err);
	case NETWORK_SET_MTU:
		return port_set_mtu(port, how->mtu, err);
	case N_NETWORK_VERBS:
		break;
	}
	return work_refuse(work);
}

int act_apply(struct work *work)
{
	_cleanup_port_spec_ struct port_spec given = { 0 };
	struct network_apply how;
	struct port port;
	int r;

	message_get_value(work->in, &how);
	message_get_port(work->in, &port);
	if (how.verb == NETWORK_CHANGE)
		message_get_spec(work->in, &given);
	if (work->in->broken || !port.peering.present || how.mtu > LINK_MTU_MAX)
		r = work_refuse(work);
	else
		r = apply_verb(work, &how, &port, &given);
	message_put_state(work->out, &port);
	message_release_port(&port);
	return r;
}

static bool want_is_valid(const struct network_want *want)
{
	return want->admin <= PORT_ADMIN_DOWN &&
	       (want->link_local.family == AF_INET6 || want->link_local.family == AF_UNSPEC) &&
	       (want->given_link_local.family == AF_INET6 ||
		want->given_link_local.family == AF_UNSPEC);
}

int act_observe(struct work *work)
{
	_cleanup_port_seen_ struct port_seen seen = { 0 };
	_cleanup_port_spec_ struct port_spec wanted = { 0 };
	struct network_want asked;
	struct port_want want;
	struct port port;
	int r;

	message_get_value(work->in, &asked);
	message_get_port(work->in, &port);
	if (asked.given)
		message_get_spec(work->in, &wanted);
	want = (struct port_want){
		.spec = asked.given ? &wanted : &port.spec,
		.given = asked.given ? &port.spec : NULL,
		.admin = asked.admin,
		.link_local = asked.link_local,
		.given_link_local = asked.given_link_local,
	};
	r = work->in->broken || !want_is_valid(&asked)
		    ? work_refuse(work)
		    : port_observe(&port, &want, asked.scope, &seen, NULL);
	if (r >= 0)
		message_put_seen(work->out, &seen);
	message_release_port(&port);
	return r;
}

/* Return: how many were answered by the deadline. */
int act_ask(struct work *work)
{
	struct network_ask asked;
	int n = 0;

	message_get_value(work->in, &asked);
	if (work->in->broken || asked.n > PORT_ASK_MAX)
		return work_refuse(work);
	while (n < (int)asked.n && monotonic_usec() < asked.deadline) {
		struct port_answer answer = { 0 };
		struct network_answer wire;
		struct port port;

		message_get_port(work->in, &port);
		if (!port.peering.present)
			(void)work_refuse(work);
		else if (!work->in->broken)
			port_ask(work->actor->staging.own, &port, asked.observe, &answer);
		message_release_port(&port);
		if (work->in->broken)
			return work_refuse(work);
		wire = (struct network_answer){ .result = answer.result,
						.observed = answer.observed,
						.dev = answer.dev };
		message_put_value(work->out, wire);
		if (asked.observe && wire.result >= 0 && wire.observed >= 0)
			message_put_seen(work->out, &answer.seen);
		port_seen_release(&answer.seen);
		n++;
	}
	return n;
}
