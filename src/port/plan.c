/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Order. Names come first, since an error names the interface. Addresses in the way are removed
 * before others are added: a port has an IPv6 address once, whatever its prefix length. A route
 * needs the port up, and often an address. What is no longer wanted is removed last, so that
 * traffic finds the new address or route before the old one is removed. With an IPv4 address the
 * kernel may remove others (secondary addresses, routes); settings.c observes again, and makes
 * another plan.
 *
 * Bouncing. As a port goes down the kernel removes its IPv6 addresses and its routes, but not its
 * IPv4 addresses. So after a step that sets it down, those count as missing.
 *
 * Masters. In a VRF, bridge or bond into which another process put it, a port gets no addresses and
 * no routes: these would go to another table than the spec says. As it is taken out, the kernel
 * removes addresses and routes, so these are left to the plan that is made afterwards.
 *
 * Small MTUs. Below 1280 bytes the kernel disables IPv6; when the MTU is raised while the port is
 * up, it makes a link-local address of its own. So the port is set down for that.
 */

#include <stdio.h>

#include "port/plan.h"

struct planner {
	const struct port_want *want;
	const struct port_seen *seen;
	unsigned int scope;
	struct plan plan;
	size_t room; /* of plan.steps */
	bool down;   /* after the steps so far */
	bool no_memory;
};

static void add(struct planner *planner, const struct plan_step *step)
{
	struct plan *plan = &planner->plan;

	if (plan->n == planner->room) {
		size_t room = MAX(2 * planner->room, (size_t)8);
		struct plan_step *steps = reallocarray(plan->steps, room, sizeof(*steps));

		if (!steps) {
			planner->no_memory = true;
			return;
		}
		plan->steps = steps;
		planner->room = room;
	}
	plan->steps[plan->n++] = *step;
}

static void add_plain(struct planner *planner, enum plan_action action, bool drift)
{
	add(planner, &(struct plan_step){ .action = action, .drift = drift });
}

static bool may(const struct planner *planner, unsigned int scope)
{
	return (planner->scope & scope) == scope;
}

/* --- removals --------------------------------------------------------------------------------- */

static bool same_address(const struct address_spec *a, const struct address_spec *b)
{
	return ip_prefix_equal(&a->address, &b->address) && ip_address_equal(&a->peer, &b->peer);
}

static bool has_address(const struct address_spec *list, size_t n, const struct address_spec *one)
{
	for (size_t i = 0; i < n; i++)
		if (same_address(&list[i], one))
			return true;
	return false;
}

static bool has_route(const struct route_spec *list, size_t n, const struct route_spec *one)
{
	for (size_t i = 0; i < n; i++)
		if (route_equal(&list[i], one))
			return true;
	return false;
}

/* Has the list a route to the same network with the same metric as @one? */
static bool has_key(const struct route_spec *list, size_t n, const struct route_spec *one)
{
	for (size_t i = 0; i < n; i++)
		if (route_same_key(&list[i], one))
			return true;
	return false;
}

/* An IPv6 address of the spec with another length or peer is in the way of the wanted one. */
static bool is_in_the_way(const struct port_spec *spec, const struct address_spec *address)
{
	if (address->address.address.family != AF_INET6)
		return false;
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (ip_address_equal(&spec->addresses[i].address.address,
				     &address->address.address))
			return true;
	return false;
}

static void delete_addresses(struct planner *planner, bool in_the_way)
{
	const struct port_spec *spec = planner->want->spec, *given = planner->want->given;
	const struct port_seen *seen = planner->seen;

	for (size_t i = 0; i < seen->n_addresses; i++) {
		const struct address_spec *address = &seen->addresses[i];

		if (has_address(spec->addresses, spec->n_addresses, address) ||
		    is_in_the_way(spec, address) != in_the_way)
			continue;
		if (in_the_way ||
		    (given && has_address(given->addresses, given->n_addresses, address)))
			add(planner, &(struct plan_step){ .action = PLAN_DELETE_ADDRESS,
							  .address = *address });
	}
}

static void delete_link_local(struct planner *planner)
{
	struct plan_step step = { .action = PLAN_DELETE_ADDRESS };

	step.address.address = (struct ip_prefix){ planner->want->given_link_local, 64 };
	add(planner, &step);
}

static void delete_routes(struct planner *planner)
{
	const struct port_spec *spec = planner->want->spec, *given = planner->want->given;
	const struct port_seen *seen = planner->seen;

	for (size_t i = 0; given && i < given->n_routes; i++) {
		const struct route_spec *route = &given->routes[i];

		/* one with the same key was replaced */
		if (!has_key(spec->routes, spec->n_routes, route) &&
		    has_route(seen->routes, seen->n_routes, route))
			add(planner, &(struct plan_step){ .action = PLAN_DELETE_ROUTE,
							  .route.route = *route });
	}
}

/* --- IPv6 ------------------------------------------------------------------------------------- */

static bool can_have(const struct planner *planner, int family)
{
	return family != AF_INET6 || !planner->seen->no_ipv6;
}

static bool wants_ipv6(const struct port_spec *spec)
{
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (spec->addresses[i].address.address.family == AF_INET6)
			return true;
	for (size_t i = 0; i < spec->n_routes; i++)
		if (spec->routes[i].to.address.family == AF_INET6)
			return true;
	return false;
}

static void await_ipv6(struct planner *planner)
{
	struct plan_step step = { .action = PLAN_AWAIT_IPV6, .drift = true };

	if (!planner->seen->no_ipv6 || !wants_ipv6(planner->want->spec))
		return;
	step.ipv6.domain = &planner->want->spec->domain;
	memcpy(step.ipv6.name, planner->seen->name, IFNAMSIZ);
	add(planner, &step);
}

/* --- the device ------------------------------------------------------------------------------- */

static void plan_name(struct planner *planner)
{
	struct plan_step step = { .action = PLAN_RENAME, .drift = true };

	if (!may(planner, PLAN_NAME) || streq(planner->seen->name, planner->want->spec->ifname))
		return;
	memcpy(step.name.from, planner->seen->name, IFNAMSIZ);
	memcpy(step.name.to, planner->want->spec->ifname, IFNAMSIZ);
	add(planner, &step);
}

static void plan_mtu(struct planner *planner)
{
	unsigned int from = planner->seen->mtu, to = planner->want->spec->mtu;

	if (may(planner, PLAN_MTU) && from != to)
		add(planner, &(struct plan_step){ .action = PLAN_SET_MTU,
						  .drift = true,
						  .mtu = { .from = from, .to = to } });
}

static bool ends_up(const struct planner *planner)
{
	if (!may(planner, PLAN_ADMIN) || planner->want->admin == PORT_ADMIN_UNSET)
		return planner->seen->up;
	return planner->want->admin == PORT_ADMIN_UP;
}

static void set_down(struct planner *planner, bool drift)
{
	if (planner->down)
		return;
	planner->down = true;
	add_plain(planner, PLAN_SET_DOWN, drift);
}

static bool has_small_mtu(const struct planner *planner)
{
	return planner->seen->mtu < LINK_MTU_MIN && planner->seen->mtu != planner->want->spec->mtu;
}

/* --- additions -------------------------------------------------------------------------------- */

static void add_link_local(struct planner *planner, bool bounces)
{
	const struct port_seen *seen = planner->seen;
	struct plan_step step = { .action = PLAN_ADD_LINK_LOCAL,
				  .drift = seen->up && !seen->has_link_local };

	if ((seen->has_link_local && !bounces) || seen->no_ipv6)
		return;
	step.address.address = (struct ip_prefix){ planner->want->link_local, 64 };
	add(planner, &step);
}

static void add_addresses(struct planner *planner, bool bounces)
{
	const struct port_spec *spec = planner->want->spec;
	const struct port_seen *seen = planner->seen;

	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct address_spec *address = &spec->addresses[i];
		int family = address->address.address.family;
		bool there = has_address(seen->addresses, seen->n_addresses, address);

		if (can_have(planner, family) && (!there || (bounces && family == AF_INET6)))
			add(planner, &(struct plan_step){ .action = PLAN_ADD_ADDRESS,
							  .drift = seen->up && !there,
							  .address = *address });
	}
}

static void name_rival(const struct port_seen *seen, struct route_rival *route)
{
	for (size_t i = 0; i < seen->n_rivals; i++)
		if (route_equal(&seen->rivals[i].route, &route->route))
			memcpy(route->ifname, seen->rivals[i].ifname, IFNAMSIZ);
}

/* A route of the former spec to the same network with the same metric is replaced, unless the port
 * goes down. */
static void add_routes(struct planner *planner, bool bounces)
{
	const struct port_spec *spec = planner->want->spec;
	const struct port_seen *seen = planner->seen;

	for (size_t i = 0; i < spec->n_routes; i++) {
		struct plan_step step = { .action = PLAN_ADD_ROUTE };
		bool there = has_route(seen->routes, seen->n_routes, &spec->routes[i]);

		if ((there && !bounces) || !can_have(planner, spec->routes[i].to.address.family))
			continue;
		step.route.route = spec->routes[i];
		step.drift = seen->up && !there;
		if (!there && !bounces && has_key(seen->routes, seen->n_routes, &spec->routes[i]))
			step.action = PLAN_REPLACE_ROUTE;
		else
			name_rival(seen, &step.route);
		add(planner, &step);
	}
}

static void add_settings(struct planner *planner, bool bounces)
{
	await_ipv6(planner);
	add_link_local(planner, bounces);
	add_addresses(planner, bounces);
	add_routes(planner, bounces);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Return: whether the port goes down and comes up again. */
static bool plan_device(struct planner *planner)
{
	bool up = ends_up(planner);

	plan_name(planner);
	if (up && may(planner, PLAN_MTU | PLAN_SETTINGS) && has_small_mtu(planner))
		set_down(planner, false);
	plan_mtu(planner);
	if (!up)
		set_down(planner, true);
	if (!up || !planner->down)
		return false;
	add_plain(planner, PLAN_SET_UP, !planner->seen->up);
	return planner->seen->up;
}

/* Elsewhere a port is given no addresses and no routes. */
static void plan_settings(struct planner *planner, bool bounces)
{
	if (ends_up(planner))
		add_settings(planner, bounces);
	if (!bounces)
		delete_routes(planner);
	delete_addresses(planner, false);
	if (planner->seen->has_given_link_local && !bounces)
		delete_link_local(planner);
}

static void release(struct planner *planner)
{
	struct plan_step step = { .action = PLAN_RELEASE, .drift = true };

	memcpy(step.master.name, planner->seen->master, IFNAMSIZ);
	step.master.is_vrf = planner->seen->in_vrf;
	add(planner, &step);
}

static void plan_all(struct planner *planner)
{
	const struct port_seen *seen = planner->seen;
	bool settings = may(planner, PLAN_SETTINGS) && !seen->elsewhere && !seen->master[0],
	     bounces;

	if (may(planner, PLAN_PLACE) && seen->elsewhere)
		add_plain(planner, PLAN_REMAKE, true);
	if (may(planner, PLAN_MASTER) && seen->master[0])
		release(planner);
	if (settings)
		delete_addresses(planner, true);
	bounces = plan_device(planner);
	if (settings)
		plan_settings(planner, bounces);
}

int port_plan(const struct port_want *want, const struct port_seen *seen, unsigned int scope,
	      struct plan *ret)
{
	struct planner planner = { .want = want, .seen = seen, .scope = scope, .down = !seen->up };

	plan_all(&planner);
	if (planner.no_memory) {
		plan_release(&planner.plan);
		return -ENOMEM;
	}
	*ret = planner.plan;
	return 0;
}

void plan_release(struct plan *plan)
{
	free(plan->steps);
	*plan = (struct plan){ 0 };
}

void port_seen_release(struct port_seen *seen)
{
	free(seen->addresses);
	free(seen->routes);
	free(seen->rivals);
	*seen = (struct port_seen){ 0 };
}

/* --- in words --------------------------------------------------------------------------------- */

static int describe_missing(const struct route_rival *route, char buf[static PLAN_STEP_TEXT_MAX])
{
	char text[ROUTE_TEXT_MAX];

	route_format(&route->route, text);
	if (!route->ifname[0])
		return snprintf(buf, PLAN_STEP_TEXT_MAX, "the route %s is missing", text);
	return snprintf(buf, PLAN_STEP_TEXT_MAX,
			"the route %s is missing: there is one by %s with metric %u; give this one "
			"another (metric N)",
			text, route->ifname, route_metric(&route->route));
}

const char *plan_step_describe(const struct plan_step *step, char buf[static PLAN_STEP_TEXT_MAX])
{
	char text[ROUTE_TEXT_MAX], domain[DOMAIN_TEXT_MAX];
	int n = 0;

	switch (step->action) {
	case PLAN_REMAKE:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "it was moved to another namespace");
		break;
	case PLAN_RELEASE:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX,
			     step->master.is_vrf ? "it is in the VRF %s, not in the main table"
						 : "it is a member of %s, not by itself",
			     step->master.name);
		break;
	case PLAN_AWAIT_IPV6:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX,
			     "IPv6 is disabled in %s (net.ipv6.conf.%s.disable_ipv6): its IPv6 "
			     "addresses and routes wait",
			     domain_format(step->ipv6.domain, domain), step->ipv6.name);
		break;
	case PLAN_RENAME:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "the name is %s, not %s", step->name.from,
			     step->name.to);
		break;
	case PLAN_DELETE_ROUTE:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "the route %s is not wanted",
			     route_format(&step->route.route, text));
		break;
	case PLAN_DELETE_ADDRESS:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "the address %s is not wanted",
			     ip_prefix_format(&step->address.address, text));
		break;
	case PLAN_SET_DOWN:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "it is up, not down");
		break;
	case PLAN_SET_MTU:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "mtu is %u, not %u", step->mtu.from,
			     step->mtu.to);
		break;
	case PLAN_SET_UP:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "it is down, not up");
		break;
	case PLAN_ADD_LINK_LOCAL:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "the link-local address %s is missing",
			     ip_address_format(&step->address.address.address, text));
		break;
	case PLAN_ADD_ADDRESS:
		n = snprintf(buf, PLAN_STEP_TEXT_MAX, "the address %s is missing",
			     ip_prefix_format(&step->address.address, text));
		break;
	case PLAN_ADD_ROUTE:
	case PLAN_REPLACE_ROUTE:
		n = describe_missing(&step->route, buf);
		break;
	}
	if (n <= 0)
		buf[0] = '\0';
	return buf;
}

int plan_drift(const struct plan *plan, char **ret)
{
	char text[PLAN_STEP_TEXT_MAX], *drift = NULL;
	size_t size = 0;
	FILE *out;

	out = open_memstream(&drift, &size);
	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].drift)
			fprintf(out, "%s\n", plan_step_describe(&plan->steps[i], text));
	if (fclose(out) != 0) {
		free(drift);
		return -ENOMEM;
	}
	if (size == 0)
		free(steal_ptr(drift));
	*ret = drift;
	return 0;
}
