/* SPDX-License-Identifier: ISC */

/* The calls of network/wire.h, as rportd makes them. */

#include <stdio.h>

#include "network/client.h"

#define CALL_USEC   (5 * USEC_PER_SEC)
#define REMOVE_USEC (10 * USEC_PER_SEC) /* of many interfaces */

static struct message *begin(struct network *network, enum network_call call)
{
	return network_begin(network, NETWORK_CHANNEL_ACT, call);
}

static int finish(struct network *network, struct message **ret)
{
	return network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + CALL_USEC, ret);
}

/* Says why a call failed: its reply does, at its end; or there is none. Return: @r. */
static int take_error(struct message *reply, int r, struct rport_error *err)
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
	struct message *message = begin(network, NETWORK_RESOLVE);
	int r;

	if (process) {
		asked.pid = process_pid(process);
		message_put_fd(message, process_fd(process));
	}
	message_put_value(message, asked);
	r = finish(network, &message);
	if (r < 0)
		return take_error(message, r, err);
	take_found(network, message, ret);
	return 0;
}

void network_place_release(struct network_place *place)
{
	if (!place->network)
		return;
	message_put_value(begin(place->network, NETWORK_RELEASE), place->number);
	network_send(place->network, NETWORK_CHANNEL_ACT);
	process_free(place->process);
	*place = (struct network_place){ 0 };
}

static int call_with_name(struct network *network, enum network_call call, uint32_t place,
			  const char *name)
{
	struct network_name asked = { .place = place };
	struct message *message = begin(network, call);

	if (!ifname_valid(name))
		return -EINVAL;
	memcpy(asked.name, name, strlen(name));
	message_put_value(message, asked);
	return finish(network, &message);
}

int network_exists(struct network *network, const struct network_place *place, const char *name)
{
	return call_with_name(network, NETWORK_EXISTS, place ? place->number : 0, name);
}

/* --- devices ---------------------------------------------------------------------------------- */

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
	struct message *message = begin(place->network, NETWORK_MAKE);
	uint32_t wire_unless_taken = unless_taken;
	int r;

	port->spec.domain = place->domain;
	message_put_value(message, place->number);
	message_put_value(message, wire_unless_taken);
	message_put_port(message, port);
	r = finish(place->network, &message);
	if (r != 0)
		return take_error(message, r, err);
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
	struct message *message = begin(network, NETWORK_ADOPT);
	int r;

	message_put_value(message, place->number);
	message_put_port(message, port);
	for (unsigned int i = 0; i < port->spec.queues; i++)
		message_put_fd(message, fds[i]);
	r = finish(network, &message);
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
	struct message *message = begin(network, NETWORK_DERIVE);
	struct port_derived found = { 0 };
	int r;

	for (unsigned int i = 0; i < n; i++)
		message_put_fd(message, fds[i]);
	r = finish(network, &message);
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
	struct message *message = begin(network, NETWORK_LOOK);
	int r;

	message_put_bare_port(message, port);
	r = finish(network, &message);
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
	message = begin(network, NETWORK_LOST_NAME);
	message_put_bare_port(message, port);
	r = finish(network, &message);
	if (r < 0)
		return r;
	message_get_value(message, &lost);
	lost[sizeof(lost) - 1] = '\0';
	if (lost[0])
		*ret_lost = lost;
	return 0;
}

/* The number of things that a request has is its first value, and known last. */
static void put_number(struct message *message, uint32_t n)
{
	memcpy(message->data + sizeof(struct network_request), &n, sizeof(n));
}

/* Return: how many ports fit into one message. */
static size_t remove_some(struct network *network, struct port *const ports[], size_t n)
{
	struct message *message = begin(network, NETWORK_REMOVE);
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
		put_number(message, fit);
		(void)network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + REMOVE_USEC,
				   &message);
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
		struct message *message = begin(network, NETWORK_REMOVE_DEVICES);

		while (done < n && message->n_fds < PACKET_FDS_MAX)
			message_put_fd(message, fds[done++]);
		(void)network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + REMOVE_USEC,
				   &message);
	}
}

void network_remove_unnamed(struct network *network, const char *name, const int fds[], size_t n)
{
	struct domain domain = { .netns = DOMAIN_NETNS_NAMED };

	snprintf(domain.name, sizeof(domain.name), "%s", name);
	for (size_t done = 0; done < n;) {
		struct message *message = begin(network, NETWORK_REMOVE_UNNAMED);

		message_put_value(message, domain);
		message_put_fd(message, fds[0]);
		for (done = MAX(done, (size_t)1); done < n && message->n_fds < PACKET_FDS_MAX;)
			message_put_fd(message, fds[done++]);
		if (network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + REMOVE_USEC,
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
	message = begin(network, NETWORK_CARRIER);
	message_put_bare_port(message, port);
	r = finish(network, &message);
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
	message = begin(network, NETWORK_ALIAS);
	message_put_bare_port(message, port);
	(void)finish(network, &message);
}

/* --- settings --------------------------------------------------------------------------------- */

/* @given: of NETWORK_CHANGE, else NULL */
static int apply(struct network *network, struct port *port, const struct network_apply *how,
		 const struct port_spec *given, struct rport_error *err)
{
	struct message *message = begin(network, NETWORK_APPLY);
	int r;

	message_put_value(message, *how);
	message_put_port(message, port);
	if (given)
		message_put_spec(message, given);
	r = finish(network, &message);
	if (message)
		message_get_state(message, port);
	return take_error(message, r, err);
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
	struct message *message = begin(network, NETWORK_OBSERVE);
	int r;

	message_put_value(message, asked);
	message_put_port(message, port);
	if (spec)
		message_put_spec(message, spec);
	r = finish(network, &message);
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

/* --- the fast path ---------------------------------------------------------------------------- */

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
	struct message *message = begin(network, NETWORK_LAY);
	int r;

	put_path(message, ports, want, keep, path);
	r = finish(network, &message);
	if (message)
		take_laid(message, ports, path);
	return take_error(message, r, err);
}

size_t network_clear(struct network *network, const struct network_path paths[], size_t n)
{
	static const bool none[2] = { false, false };
	struct message *message = begin(network, NETWORK_CLEAR);
	uint32_t fit = 0;

	message_put_value(message, fit);
	for (; fit < n; fit++) {
		const struct network_path *path = &paths[fit];

		if (message->n_fds + path->ports[0]->tun.n_queues + path->ports[1]->tun.n_queues +
			    2 >
		    PACKET_FDS_MAX)
			break;
		put_path(message, path->ports, none, false, path->path);
	}
	put_number(message, fit);
	(void)network_call(network, NETWORK_CHANNEL_ACT, monotonic_usec() + REMOVE_USEC, &message);
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
	struct message *message = begin(network, NETWORK_COUNTS);
	int r;

	for (unsigned int i = 0; i < n; i++)
		message_put_fd(message, counts[i]);
	r = finish(network, &message);
	if (r < 0)
		return r;
	message_get(message, ret, n * sizeof(*ret));
	return message->broken ? -EBADMSG : 0;
}

int network_captures(struct network *network, const struct port *port, struct packet_sockets *ret)
{
	struct message *message = begin(network, NETWORK_CAPTURES);
	int r;

	message_put_bare_port(message, port);
	r = finish(network, &message);
	if (r < 0)
		return r;
	message_get_value(message, ret);
	return message->broken ? -EBADMSG : 0;
}

void network_sweep(struct network *network)
{
	struct message *message = begin(network, NETWORK_SWEEP);

	(void)finish(network, &message);
}

/* --- checks ----------------------------------------------------------------------------------- */

int network_local_first(struct network *network, const struct port *port,
			bool ret[static CHECK_FAMILIES])
{
	struct message *message = begin(network, NETWORK_LOCAL_FIRST);
	struct network_local_first local;
	int r;

	message_put_bare_port(message, port);
	r = finish(network, &message);
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
