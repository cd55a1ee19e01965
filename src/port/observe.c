/* SPDX-License-Identifier: ISC */

/*
 * How the device of a port is: the kernel is asked for everything that was asked of the port, and
 * for nothing else, so that what somebody adds to an interface costs nothing here.
 */

#include "port/observe.h"
#include "port/port-private.h"

struct observer {
	const struct port *port;
	const struct port_want *want;
	struct port_seen *seen;
	bool no_memory;
};

/* --- addresses -------------------------------------------------------------------------------- */

static bool is_of_interest(const struct port_spec *spec, const struct ip_address *address)
{
	for (size_t i = 0; spec && i < spec->n_addresses; i++)
		if (ip_address_equal(&spec->addresses[i].address.address, address))
			return true;
	return false;
}

static void note_address(const struct ip_prefix *address, const struct ip_address *peer,
			 void *userdata)
{
	struct observer *observer = userdata;
	struct port_seen *seen = observer->seen;
	struct address_spec *addresses;

	if (ip_address_equal(&address->address, &observer->want->link_local))
		seen->has_link_local = true;
	if (!is_of_interest(observer->want->spec, &address->address) &&
	    !is_of_interest(observer->want->given, &address->address))
		return;
	addresses = reallocarray(seen->addresses, seen->n_addresses + 1, sizeof(*addresses));
	if (!addresses) {
		observer->no_memory = true;
		return;
	}
	seen->addresses = addresses;
	addresses[seen->n_addresses++] = (struct address_spec){ *address, *peer };
}

/* --- routes ----------------------------------------------------------------------------------- */

static bool has_route(const struct port_spec *spec, const struct ip_prefix *route)
{
	for (size_t i = 0; spec && i < spec->n_routes; i++)
		if (ip_prefix_equal(&spec->routes[i], route))
			return true;
	return false;
}

static void note_route(const struct ip_prefix *prefix, uint32_t table, void *userdata)
{
	struct observer *observer = userdata;
	struct port_seen *seen = observer->seen;
	struct ip_prefix *routes;

	if (table != observer->port->table ||
	    (!has_route(observer->want->spec, prefix) && !has_route(observer->want->given, prefix)))
		return;
	routes = reallocarray(seen->routes, seen->n_routes + 1, sizeof(*routes));
	if (!routes) {
		observer->no_memory = true;
		return;
	}
	seen->routes = routes;
	routes[seen->n_routes++] = *prefix;
}

static bool has_routes(const struct port_want *want)
{
	return want->spec->n_routes > 0 || (want->given && want->given->n_routes > 0);
}

/* --- all of it -------------------------------------------------------------------------------- */

static int observe_settings(struct observer *observer, struct rtnl *rtnl)
{
	const struct port *port = observer->port;
	int r;

	r = rtnl_dev_addresses(rtnl, port->index, note_address, observer);
	if (r >= 0 && has_routes(observer->want))
		r = rtnl_dev_routes(rtnl, port->index, note_route, observer);
	return r >= 0 && observer->no_memory ? -ENOMEM : r;
}

int port_observe(const struct port *port, const struct port_want *want, unsigned int scope,
		 struct port_seen *ret)
{
	_cleanup_port_seen_ struct port_seen seen = { .away = port->away,
						      .no_ipv6 = port->no_ipv6 };
	struct observer observer = { .port = port, .want = want, .seen = &seen };
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	char name[IFNAMSIZ];
	struct rtnl_dev dev;
	int r;

	r = port_open_rtnl(port, &rtnl);
	if (r >= 0)
		r = tun_name(tun_fd(&port->tun), name);
	if (r >= 0)
		r = rtnl_dev_by_name(rtnl, name, &dev);
	if (r >= 0 && (scope & PLAN_SETTINGS) && !port->away)
		r = observe_settings(&observer, rtnl);
	if (r < 0)
		return r;
	seen.up = dev.flags & IFF_UP;
	seen.mtu = dev.mtu;
	memcpy(seen.name, dev.name, sizeof(seen.name));
	*ret = seen;
	seen = (struct port_seen){ 0 };
	return 0;
}
