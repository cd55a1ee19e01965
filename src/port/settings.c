/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Every change of a port with a device has the same steps: observe (port_observe()), plan
 * (port_plan(), for the part of the port that the caller names), act, and observe again if the
 * kernel may have removed more than the step says. It ends when that is not so, or after ROUNDS.
 */

#include "port/observe.h"
#include "port/port-private.h"

#define ROUNDS 3

struct port_want port_want_of(const struct port *port, enum port_admin admin)
{
	return (struct port_want){
		.spec = &port->spec,
		.admin = admin,
		.link_local = port->link_local,
	};
}

/* --- acting ----------------------------------------------------------------------------------- */

/*
 * struct actor - the context in which the steps of a plan are carried out
 * @rtnl: a socket in the namespace of the port
 * @tolerant: an address that the port has already is no error
 */
struct actor {
	struct port *port;
	struct rtnl *rtnl;
	bool tolerant;
};

/* On a rename udev keeps the old name as an altname of the same interface. */
static bool drop_altname(const struct actor *actor, const char *name)
{
	struct rtnl_dev dev;

	return rtnl_dev_by_name(actor->rtnl, name, &dev) >= 0 && dev.index == actor->port->index &&
	       rtnl_dev_delete_altname(actor->rtnl, dev.index, name) >= 0;
}

static int release(const struct actor *actor, const struct plan_step *step, struct rport_error *err)
{
	char name[PORT_TEXT_MAX];
	int r = rtnl_dev_release(actor->rtnl, actor->port->index);

	if (r < 0)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot take %s out of %s: %s",
				       port_format(actor->port, name), step->master.name,
				       strerror(-r));
	return 0;
}

static int rename_port(const struct actor *actor, const struct plan_step *step,
		       struct rport_error *err)
{
	struct port *port = actor->port;
	int r = rtnl_dev_rename(actor->rtnl, port->index, step->name.to);

	if (r == -EEXIST && drop_altname(actor, step->name.to))
		r = rtnl_dev_rename(actor->rtnl, port->index, step->name.to);
	if (r == -EEXIST)
		return rport_error_set(err, RPORT_ERR_INTERFACE_EXISTS, EEXIST,
				       "cannot name %s %s again: another interface has that name",
				       step->name.from, step->name.to);
	if (r < 0)
		return port_step_failed(err, r, port, "rename");
	memcpy(port->ifname, step->name.to, IFNAMSIZ);
	return 0;
}

static int set_up(const struct actor *actor, bool up, struct rport_error *err)
{
	struct port *port = actor->port;
	int r = rtnl_dev_set_up(actor->rtnl, port->index, up);

	if (r < 0)
		return port_step_failed(err, r, port, up ? "set up" : "set down");
	port->peering.up = up;
	port->bounced |= !up;
	return 0;
}

static int set_mtu(const struct actor *actor, const struct plan_step *step, struct rport_error *err)
{
	struct port *port = actor->port;
	int r = rtnl_dev_set_mtu(actor->rtnl, port->index, step->mtu.to);

	if (r < 0)
		return port_step_failed(err, r, port, "set the MTU of");
	port->mtu = step->mtu.to;
	return 0;
}

/* The errors of the kernel where IPv6 is disabled. If that happened after the observation, the next
 * plan takes it into account. */
static bool ipv6_is_off(int family, int r)
{
	return family == AF_INET6 && (r == -EACCES || r == -EOPNOTSUPP || r == -EAFNOSUPPORT);
}

static int add_link_local(const struct actor *actor, const struct plan_step *step,
			  struct rport_error *err)
{
	struct port *port = actor->port;
	int r = rtnl_dev_add_address(actor->rtnl, port->index, &step->address.address, NULL);

	if (r < 0 && r != -EEXIST && !ipv6_is_off(AF_INET6, r))
		return port_step_failed(err, r, port, "give a link-local address to");
	return 0;
}

static int add_address(const struct actor *actor, const struct plan_step *step,
		       struct rport_error *err)
{
	char text[IP_PREFIX_TEXT_MAX], name[PORT_TEXT_MAX];
	const struct address_spec *address = &step->address;
	int r = rtnl_dev_add_address(actor->rtnl, actor->port->index, &address->address,
				     &address->peer);

	if (r < 0 && !(actor->tolerant && r == -EEXIST) &&
	    !ipv6_is_off(address->address.address.family, r))
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
				       "cannot add the address %s to %s: %s",
				       ip_prefix_format(&address->address, text),
				       port_format(actor->port, name), strerror(-r));
	return 0;
}

static int route_failed(const struct actor *actor, const struct route_spec *route, int r,
			const char *verb, struct rport_error *err)
{
	char text[ROUTE_TEXT_MAX], name[PORT_TEXT_MAX], src[IP_TEXT_MAX];

	route_format(route, text);
	port_format(actor->port, name);
	if (r == -EINVAL && route->src.family != AF_UNSPEC)
		return rport_error_set(err, RPORT_ERR_SYSTEM, EINVAL,
				       "cannot %s the route %s by %s: no interface there has the "
				       "address %s; give it to one first",
				       verb, text, name, ip_address_format(&route->src, src));
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot %s the route %s by %s: %s", verb,
			       text, name, strerror(-r));
}

/* A route of another interface to the same network with the same metric is no error: that ours is
 * missing is drift. */
static int add_route(const struct actor *actor, const struct route_spec *route,
		     struct rport_error *err)
{
	const struct port *port = actor->port;
	int r = rtnl_dev_add_route(actor->rtnl, port->index, route, port->table);

	if (r >= 0 || r == -EEXIST || ipv6_is_off(route->to.address.family, r))
		return 0;
	return route_failed(actor, route, r, "add", err);
}

static int replace_route(const struct actor *actor, const struct route_spec *route,
			 struct rport_error *err)
{
	const struct port *port = actor->port;
	int r = rtnl_dev_replace_route(actor->rtnl, port->index, route, port->table);

	return r < 0 ? route_failed(actor, route, r, "change", err) : 0;
}

/* A route of another interface to the same network stays. */
static int delete_route(const struct actor *actor, const struct route_spec *route,
			struct rport_error *err)
{
	const struct port *port = actor->port;
	int r = rtnl_dev_delete_route(actor->rtnl, port->index, route, port->table);

	return r < 0 ? route_failed(actor, route, r, "delete", err) : 0;
}

/* An address that was removed meanwhile is no error. */
static void delete_address(const struct actor *actor, const struct plan_step *step)
{
	(void)rtnl_dev_promote_secondaries(actor->rtnl, actor->port->index);
	(void)rtnl_dev_delete_address(actor->rtnl, actor->port->index, &step->address.address,
				      &step->address.peer);
}

static int carry_out(const struct actor *actor, const struct plan_step *step,
		     struct rport_error *err)
{
	switch (step->action) {
	case PLAN_REMAKE: /* is up to the caller of port_put_back() */
	case PLAN_AWAIT_IPV6:
		break;
	case PLAN_RELEASE:
		return release(actor, step, err);
	case PLAN_RENAME:
		return rename_port(actor, step, err);
	case PLAN_SET_DOWN:
		return set_up(actor, false, err);
	case PLAN_SET_MTU:
		return set_mtu(actor, step, err);
	case PLAN_SET_UP:
		return set_up(actor, true, err);
	case PLAN_ADD_LINK_LOCAL:
		return add_link_local(actor, step, err);
	case PLAN_ADD_ADDRESS:
		return add_address(actor, step, err);
	case PLAN_ADD_ROUTE:
		return add_route(actor, &step->route.route, err);
	case PLAN_REPLACE_ROUTE:
		return replace_route(actor, &step->route.route, err);
	case PLAN_DELETE_ADDRESS:
		delete_address(actor, step);
		break;
	case PLAN_DELETE_ROUTE:
		return delete_route(actor, &step->route.route, err);
	}
	return 0;
}

/* --- the round -------------------------------------------------------------------------------- */

/* IPv6 settings that were left out while IPv6 was disabled are due once it is enabled. */
static void note_ipv6(struct port *port, const struct port_seen *seen)
{
	port->bounced |= port->no_ipv6 && !seen->no_ipv6 && seen->up && !seen->elsewhere;
	port->no_ipv6 = seen->no_ipv6;
}

/* @ret_rtnl: as of port_observe() */
static int look(struct port *port, const struct port_want *want, unsigned int scope,
		struct plan *ret, struct rtnl **ret_rtnl)
{
	_cleanup_port_seen_ struct port_seen seen = { 0 };
	int r;

	r = port_observe(port, want, scope, &seen, ret_rtnl);
	if (r < 0)
		return r;
	note_ipv6(port, &seen);
	return port_plan(want, &seen, scope, ret);
}

/* With these steps the kernel may remove further addresses and routes. */
static bool may_take_more(enum plan_action action)
{
	return action == PLAN_RELEASE || action == PLAN_RENAME || action == PLAN_SET_DOWN ||
	       action == PLAN_DELETE_ADDRESS;
}

/* Return: 1: look again; 0: done; or -errno. */
static int play_round(struct port *port, const struct port_want *want, unsigned int scope,
		      bool tolerant, struct rport_error *err)
{
	struct actor actor = { .port = port, .tolerant = tolerant };
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	_cleanup_plan_ struct plan plan = { 0 };
	bool again = false;
	int r;

	r = look(port, want, scope, &plan, &rtnl);
	if (r >= 0 && plan.n > 0 && !rtnl)
		r = port_open_rtnl(port, &rtnl);
	if (r < 0)
		return port_step_failed(err, r, port, "look at");
	actor.rtnl = rtnl;
	for (size_t i = 0; i < plan.n && r >= 0; i++) {
		again |= may_take_more(plan.steps[i].action);
		r = carry_out(&actor, &plan.steps[i], err);
	}
	return r < 0 ? r : again;
}

static int apply(struct port *port, const struct port_want *want, unsigned int scope, bool tolerant,
		 struct rport_error *err)
{
	int r = 1;

	for (int i = 0; i < ROUNDS && r > 0; i++)
		r = play_round(port, want, scope, tolerant || i > 0, err);
	return MIN(r, 0);
}

/* --- operations ------------------------------------------------------------------------------- */

/* Routes and IPv6 addresses go as the port goes down. */
static void undo_bring_up(struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	if (port_open_rtnl(port, &rtnl) < 0)
		return;
	rtnl_dev_set_up(rtnl, port->index, false);
	for (size_t i = 0; i < port->spec.n_addresses; i++)
		rtnl_dev_delete_address(rtnl, port->index, &port->spec.addresses[i].address,
					&port->spec.addresses[i].peer);
	port->peering.up = false;
}

int port_bring_up(struct port *port, bool again, struct rport_error *err)
{
	struct port_want want = port_want_of(port, PORT_ADMIN_UP);
	bool was_up = port->peering.up;
	int r;

	r = apply(port, &want, PLAN_ADMIN | PLAN_SETTINGS, again, err);
	if (r < 0 && !was_up)
		undo_bring_up(port);
	if (r < 0)
		return r;
	port->bounced = false;
	return 0;
}

static bool is_up(const struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	char name[IFNAMSIZ];
	struct rtnl_dev dev;

	return port_open_rtnl(port, &rtnl) >= 0 && tun_name(tun_fd(&port->tun), name) >= 0 &&
	       rtnl_dev_by_name(rtnl, name, &dev) >= 0 && dev.flags & IFF_UP;
}

/* An address given while the port is down does not get the route to its peer later. */
static void take_ipv6_back(const struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;

	if (port_open_rtnl(port, &rtnl) < 0)
		return;
	for (size_t i = 0; i < port->spec.n_addresses; i++) {
		const struct address_spec *address = &port->spec.addresses[i];

		if (address->address.address.family == AF_INET6)
			(void)rtnl_dev_delete_address(rtnl, port->index, &address->address,
						      &address->peer);
	}
}

int port_give_back(struct port *port, struct rport_error *err)
{
	struct port_want want = port_want_of(port, PORT_ADMIN_UNSET);
	int r;

	if (!is_up(port))
		return 0;
	r = apply(port, &want, PLAN_SETTINGS, true, err);
	if (is_up(port)) {
		port->bounced = false;
		return r;
	}
	take_ipv6_back(port);
	return 0;
}

/* A port that was set down is set up again if the observation afterwards fails. */
int port_take_down(struct port *port, struct rport_error *err)
{
	struct port_want want = port_want_of(port, PORT_ADMIN_DOWN);
	bool was_up = port->peering.up;
	int r = apply(port, &want, PLAN_ADMIN, true, err);

	if (r < 0 && was_up && !port->peering.up)
		(void)port_bring_up(port, true, NULL);
	return r;
}

int port_set_mtu(struct port *port, unsigned int mtu, struct rport_error *err)
{
	struct port_want want = port_want_of(port, port->admin);
	unsigned int before = port->spec.mtu;
	int r;

	port->spec.mtu = mtu;
	r = apply(port, &want, PLAN_MTU, true, err);
	if (r < 0)
		port->spec.mtu = before;
	else
		port->mtu = mtu;
	return r;
}

int port_put_back(struct port *port, struct rport_error *err)
{
	struct port_want want = port_want_of(port, port->admin);

	return apply(port, &want, PLAN_IN_PLACE, true, err);
}

int port_change(struct port *port, const struct port_spec *given, unsigned int scope, bool again,
		struct rport_error *err)
{
	struct ip_address before = port->link_local;
	struct port_want want;

	port->link_local = port_make_link_local(&port->spec);
	want = port_want_of(port, port->admin);
	want.given = given;
	if (!ip_address_equal(&before, &port->link_local))
		want.given_link_local = before;
	return apply(port, &want, scope, again, err);
}

/* Return: as port_compare_seen(). */
static int note_drift(struct port *port, const struct plan *plan)
{
	_cleanup_free_ char *drift = NULL;
	int r = plan_drift(plan, &drift);

	if (r < 0)
		return r;
	if (streq(drift ? drift : "", port->drift ? port->drift : ""))
		return 0;
	free(port->drift);
	port->drift = steal_ptr(drift);
	return 1;
}

int port_compare_seen(struct port *port, const struct port_seen *seen)
{
	struct port_want want = port_want_of(port, port->admin);
	_cleanup_plan_ struct plan plan = { 0 };
	int r = 0;

	if (seen) {
		note_ipv6(port, seen);
		r = port_plan(&want, seen, PLAN_ALL, &plan);
	}
	return r < 0 ? r : note_drift(port, &plan);
}
