/* SPDX-License-Identifier: ISC */

/*
 * Reads the settings of a device: the kernel is asked for everything in the spec, and for nothing
 * else, so that addresses and routes that other processes add cost nothing here.
 */

#include "port/observe.h"
#include "port/port-private.h"

struct observer {
	const struct port *port;
	const struct port_want *want;
	struct port_seen *seen;
	bool no_memory;
	bool cut_short; /* the socket cannot be used any more */
};

/* --- addresses -------------------------------------------------------------------------------- */

static void note_address(struct observer *observer, const struct ip_prefix *address,
			 const struct ip_address *peer)
{
	struct port_seen *seen = observer->seen;
	struct address_spec *addresses;

	addresses = reallocarray(seen->addresses, seen->n_addresses + 1, sizeof(*addresses));
	if (!addresses) {
		observer->no_memory = true;
		return;
	}
	seen->addresses = addresses;
	addresses[seen->n_addresses++] = (struct address_spec){ *address, *peer };
}

static bool is_of_interest(const struct port_spec *spec, const struct ip_address *address)
{
	for (size_t i = 0; spec && i < spec->n_addresses; i++)
		if (ip_address_equal(&spec->addresses[i].address.address, address))
			return true;
	return false;
}

static void note_ipv4(const struct ip_prefix *address, const struct ip_address *peer,
		      void *userdata)
{
	struct observer *observer = userdata;

	if (is_of_interest(observer->want->spec, &address->address) ||
	    is_of_interest(observer->want->given, &address->address))
		note_address(observer, address, peer);
}

static bool has_family(const struct port_spec *spec, int family)
{
	for (size_t i = 0; spec && i < spec->n_addresses; i++)
		if (spec->addresses[i].address.address.family == family)
			return true;
	return false;
}

/*
 * The kernel cannot look up a single IPv4 address. Ours are the first of its list, unless another
 * process removed them and added a thousand others: addresses behind the limit are not reported as
 * missing. This comes last, because the socket is unusable afterwards.
 */
static int observe_ipv4(struct observer *observer, struct rtnl *rtnl)
{
	const struct port_spec *spec = observer->want->spec;
	int r;

	if (!has_family(spec, AF_INET) && !has_family(observer->want->given, AF_INET))
		return 0;
	r = rtnl_dev_addresses(rtnl, observer->port->index, AF_INET, note_ipv4, observer);
	observer->cut_short = r > 0;
	for (size_t i = 0; i < spec->n_addresses && r > 0; i++)
		if (spec->addresses[i].address.address.family == AF_INET)
			note_address(observer, &spec->addresses[i].address,
				     &spec->addresses[i].peer);
	return r;
}

static int find_ipv6(struct observer *observer, struct rtnl *rtnl, const struct ip_address *address)
{
	struct ip_address peer;
	struct ip_prefix found;
	int r;

	r = rtnl_dev_find_address6(rtnl, observer->port->index, address, &found, &peer);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (ip_address_equal(address, &observer->want->link_local))
		observer->seen->has_link_local = true;
	else if (ip_address_equal(address, &observer->want->given_link_local))
		observer->seen->has_given_link_local = true;
	else
		note_address(observer, &found, &peer);
	return 0;
}

/* @besides: addresses that have been looked up, or NULL */
static int observe_ipv6(struct observer *observer, struct rtnl *rtnl, const struct port_spec *spec,
			const struct port_spec *besides)
{
	int r = 0;

	for (size_t i = 0; spec && i < spec->n_addresses && r >= 0; i++) {
		const struct ip_address *address = &spec->addresses[i].address.address;

		if (address->family == AF_INET6 && !is_of_interest(besides, address))
			r = find_ipv6(observer, rtnl, address);
	}
	return r;
}

/* --- routes ----------------------------------------------------------------------------------- */

static int note_route(struct observer *observer, const struct route_spec *route)
{
	struct port_seen *seen = observer->seen;
	struct route_spec *routes;

	routes = reallocarray(seen->routes, seen->n_routes + 1, sizeof(*routes));
	if (!routes)
		return -ENOMEM;
	seen->routes = routes;
	routes[seen->n_routes++] = *route;
	return 0;
}

static int note_rival(struct observer *observer, const struct route_rival *rival)
{
	struct port_seen *seen = observer->seen;
	struct route_rival *rivals;

	rivals = reallocarray(seen->rivals, seen->n_rivals + 1, sizeof(*rivals));
	if (!rivals)
		return -ENOMEM;
	seen->rivals = rivals;
	rivals[seen->n_rivals++] = *rival;
	return 0;
}

/* A route may be missing because another interface has one to this network with this metric. */
static int find_rival(struct observer *observer, struct rtnl *rtnl, const struct route_spec *route)
{
	const struct port *port = observer->port;
	struct route_rival rival = { .route = *route };
	struct rtnl_dev dev;
	unsigned int index;
	int r;

	r = rtnl_find_rival(rtnl, port->vrf, route, port->table, &index);
	if (r <= 0)
		return r;
	r = rtnl_dev_by_nsid(rtnl, -1, index, &dev);
	if (r < 0) /* the interface is gone, and so is the route */
		return r == -ENODEV || r == -EINVAL ? 0 : r;
	memcpy(rival.ifname, dev.name, IFNAMSIZ);
	return note_rival(observer, &rival);
}

/* @besides: routes that have been looked up, or NULL */
static int observe_routes(struct observer *observer, struct rtnl *rtnl,
			  const struct port_spec *spec, const struct port_spec *besides)
{
	const struct port *port = observer->port;
	int r = 0;

	for (size_t i = 0; spec && i < spec->n_routes && r >= 0; i++) {
		const struct route_spec *route = &spec->routes[i];

		if (port_spec_has_route(besides, route))
			continue;
		r = rtnl_dev_has_route(rtnl, port->index, route, port->table);
		if (r > 0)
			r = note_route(observer, route);
		else if (r == 0 && !besides)
			r = find_rival(observer, rtnl, route);
	}
	return r;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Each address and route is looked up by itself: the owner of the namespace decides how many others
 * it has. A port that is down has no routes. */
static int observe_settings(struct observer *observer, struct rtnl *rtnl, bool up)
{
	const struct port_want *want = observer->want;
	int r;

	r = find_ipv6(observer, rtnl, &want->link_local);
	if (r >= 0 && want->given_link_local.family == AF_INET6)
		r = find_ipv6(observer, rtnl, &want->given_link_local);
	if (r >= 0)
		r = observe_ipv6(observer, rtnl, want->spec, NULL);
	if (r >= 0)
		r = observe_ipv6(observer, rtnl, want->given, want->spec);
	if (r >= 0 && up)
		r = observe_routes(observer, rtnl, want->spec, NULL);
	if (r >= 0 && up)
		r = observe_routes(observer, rtnl, want->given, want->spec);
	if (r >= 0)
		r = observe_ipv4(observer, rtnl);
	return r >= 0 && observer->no_memory ? -ENOMEM : r;
}

/* A port that left the VRF of its domain is lost instead. @master: ifindex, 0: none */
static int observe_master(struct observer *observer, struct rtnl *rtnl, unsigned int master)
{
	struct port_seen *seen = observer->seen;
	struct rtnl_dev dev;
	int r;

	if (master == 0 || observer->port->vrf > 0 || observer->port->elsewhere)
		return 0;
	r = rtnl_dev_by_nsid(rtnl, -1, master, &dev);
	if (r < 0) /* it was removed, and released the port */
		return r == -ENODEV || r == -EINVAL ? 0 : r;
	memcpy(seen->master, dev.name, IFNAMSIZ);
	seen->in_vrf = dev.is_vrf;
	return 0;
}

int port_observe(const struct port *port, const struct port_want *want, unsigned int scope,
		 struct port_seen *ret, struct rtnl **ret_rtnl)
{
	_cleanup_port_seen_ struct port_seen seen = { .elsewhere = port->elsewhere };
	struct observer observer = { .port = port, .want = want, .seen = &seen };
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_dev dev;
	int r;

	/* each query of an interface waits for the rtnl lock: one is enough */
	r = port_open_rtnl_dev(port, &rtnl, &dev);
	if (r >= 0)
		r = observe_master(&observer, rtnl, dev.master);
	if (r >= 0 && (scope & PLAN_SETTINGS) && !port->elsewhere && !seen.master[0])
		r = observe_settings(&observer, rtnl, dev.flags & IFF_UP);
	if (r < 0)
		return r;
	seen.up = dev.flags & IFF_UP;
	seen.no_ipv6 = dev.no_ipv6;
	seen.mtu = dev.mtu;
	memcpy(seen.name, dev.name, sizeof(seen.name));
	*ret = seen;
	seen = (struct port_seen){ 0 };
	if (ret_rtnl)
		*ret_rtnl = observer.cut_short ? NULL : steal_ptr(rtnl);
	return 0;
}
