/* SPDX-License-Identifier: ISC */

/* What a port is given: up or down, MTU, addresses, routes; whether it still has that, and how it
 * gets it back. */

#include <stdio.h>

#include "port/port-private.h"

/* --- giving ----------------------------------------------------------------------------------- */

static int add_link_local(struct rtnl *rtnl, struct port *port)
{
	struct ip_prefix prefix = { .address = port->link_local, .length = 64 };
	int r;

	r = rtnl_dev_add_address(rtnl, port->index, &prefix, NULL);
	port->no_ipv6 = r == -EACCES || r == -EOPNOTSUPP || r == -EAFNOSUPPORT;
	return port->no_ipv6 || r == -EEXIST ? 0 : r;
}

static int add_addresses(struct rtnl *rtnl, struct port *port, bool again, struct rport_error *err)
{
	char text[IP_PREFIX_TEXT_MAX], name[PORT_TEXT_MAX];

	for (size_t i = 0; i < port->spec.n_addresses; i++) {
		const struct address_spec *address = &port->spec.addresses[i];
		int r = rtnl_dev_add_address(rtnl, port->index, &address->address, &address->peer);

		if (r < 0 && !(again && r == -EEXIST))
			return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
					       "cannot add the address %s to %s: %s",
					       ip_prefix_format(&address->address, text),
					       port_format(port, name), strerror(-r));
	}
	return 0;
}

static int add_routes(struct rtnl *rtnl, struct port *port, bool again, struct rport_error *err)
{
	char text[IP_PREFIX_TEXT_MAX], name[PORT_TEXT_MAX];

	for (size_t i = 0; i < port->spec.n_routes; i++) {
		const struct ip_prefix *route = &port->spec.routes[i];
		int r = rtnl_dev_add_route(rtnl, port->index, route, port->table);

		if (r < 0 && !(again && r == -EEXIST))
			return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
					       "cannot add the route %s by %s: %s",
					       ip_prefix_format(route, text),
					       port_format(port, name), strerror(-r));
	}
	return 0;
}

static int give_all(struct rtnl *rtnl, struct port *port, bool again, struct rport_error *err)
{
	int r;

	r = add_link_local(rtnl, port);
	if (r < 0)
		return port_step_failed(err, r, port, "give a link-local address to");
	r = add_addresses(rtnl, port, again, err);
	return r < 0 ? r : add_routes(rtnl, port, again, err);
}

/* Routes and IPv6 addresses go as the port goes down. */
static void undo_bring_up(struct rtnl *rtnl, const struct port *port)
{
	rtnl_dev_set_up(rtnl, port->index, false);
	for (size_t i = 0; i < port->spec.n_addresses; i++)
		rtnl_dev_delete_address(rtnl, port->index, &port->spec.addresses[i].address,
					&port->spec.addresses[i].peer);
}

int port_bring_up(struct port *port, bool again, struct rport_error *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	bool was_up = port->rule.up;
	int r;

	r = port_open_rtnl(port, &rtnl);
	if (r < 0)
		return port_step_failed(err, r, port, "open a netlink socket for");
	r = rtnl_dev_set_up(rtnl, port->index, true);
	if (r < 0)
		return port_step_failed(err, r, port, "set up");
	r = give_all(rtnl, port, again, err);
	if (r < 0 && !was_up) {
		undo_bring_up(rtnl, port);
		return r;
	}
	port->unheard = !was_up;
	port->rule.up = true;
	port->was_up = true;
	return r;
}

/* As the kernel says now, whatever we have heard. */
static bool is_up(struct rtnl *rtnl, const struct port *port)
{
	char name[IFNAMSIZ];
	struct rtnl_dev dev;

	return tun_name(tun_fd(&port->tun), name) >= 0 && rtnl_dev_by_name(rtnl, name, &dev) >= 0 &&
	       dev.flags & IFF_UP;
}

/* One that was given while the port was down would not have the route to its peer later. */
static void take_ipv6_back(struct rtnl *rtnl, const struct port *port)
{
	for (size_t i = 0; i < port->spec.n_addresses; i++) {
		const struct address_spec *address = &port->spec.addresses[i];

		if (address->address.address.family == AF_INET6)
			(void)rtnl_dev_delete_address(rtnl, port->index, &address->address,
						      &address->peer);
	}
}

int port_give_back(struct port *port, struct rport_error *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r;

	r = port_open_rtnl(port, &rtnl);
	if (r < 0)
		return port_step_failed(err, r, port, "open a netlink socket for");
	if (!is_up(rtnl, port))
		return 0;
	r = give_all(rtnl, port, true, err);
	port->was_up = true;
	if (is_up(rtnl, port))
		return r;
	take_ipv6_back(rtnl, port);
	return 0;
}

int port_take_down(struct port *port, struct rport_error *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r;

	r = port_open_rtnl(port, &rtnl);
	if (r >= 0)
		r = rtnl_dev_set_up(rtnl, port->index, false);
	if (r < 0)
		return port_step_failed(err, r, port, "set down");
	port->rule.up = false;
	return 0;
}

int port_set_mtu(struct port *port, unsigned int mtu, struct rport_error *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r;

	r = port_open_rtnl(port, &rtnl);
	if (r >= 0)
		r = rtnl_dev_set_mtu(rtnl, port->index, mtu);
	if (r < 0)
		return port_step_failed(err, r, port, "set the MTU of");
	port->mtu = port->spec.mtu = mtu;
	return 0;
}

/* --- comparing -------------------------------------------------------------------------------- */

/* What of the spec was found; a bit for each address and each route. */
struct found {
	const struct port *port;
	uint64_t addresses;
	uint64_t routes[SPEC_ROUTES_MAX / 64];
	bool link_local;
};

_Static_assert(SPEC_ADDRESSES_MAX <= 64, "a bit for each address");

static void find_address(const struct ip_prefix *address, const struct ip_address *peer,
			 void *userdata)
{
	struct found *found = userdata;
	const struct port_spec *spec = &found->port->spec;

	if (ip_address_equal(&address->address, &found->port->link_local))
		found->link_local = true;
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (ip_prefix_equal(&spec->addresses[i].address, address) &&
		    ip_address_equal(&spec->addresses[i].peer, peer))
			found->addresses |= UINT64_C(1) << i;
}

static void find_route(const struct ip_prefix *prefix, uint32_t table, void *userdata)
{
	struct found *found = userdata;
	const struct port_spec *spec = &found->port->spec;

	for (size_t i = 0; i < spec->n_routes; i++)
		if (table == found->port->table && ip_prefix_equal(&spec->routes[i], prefix))
			found->routes[i / 64] |= UINT64_C(1) << (i % 64);
}

static void tell_missing(FILE *out, const struct found *found)
{
	const struct port_spec *spec = &found->port->spec;
	char text[IP_PREFIX_TEXT_MAX];

	if (!found->port->no_ipv6 && !found->link_local)
		fprintf(out, "the link-local address %s is missing\n",
			ip_address_format(&found->port->link_local, text));
	for (size_t i = 0; i < spec->n_addresses; i++)
		if (!(found->addresses >> i & 1))
			fprintf(out, "the address %s is missing\n",
				ip_prefix_format(&spec->addresses[i].address, text));
	for (size_t i = 0; i < spec->n_routes; i++)
		if (!(found->routes[i / 64] >> (i % 64) & 1))
			fprintf(out, "the route %s is missing\n",
				ip_prefix_format(&spec->routes[i], text));
}

static int tell_settings(FILE *out, struct rtnl *rtnl, const struct port *port)
{
	struct found found = { .port = port };
	int r;

	r = rtnl_dev_addresses(rtnl, port->index, find_address, &found);
	if (r >= 0 && port->spec.n_routes > 0)
		r = rtnl_dev_routes(rtnl, port->index, find_route, &found);
	if (r >= 0)
		tell_missing(out, &found);
	return r;
}

static bool wrong_way_up(const struct port *port, bool up)
{
	return port->wish != PORT_WISH_NONE && up != (port->wish == PORT_WISH_UP);
}

/* A port that is down has no routes, and few addresses: it gets them as it comes up. */
static int tell_drift(FILE *out, const struct port *port)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_dev dev;
	bool up;
	int r;

	r = port_open_rtnl(port, &rtnl);
	if (r >= 0)
		r = rtnl_dev_by_name(rtnl, port->ifname, &dev);
	if (r < 0)
		return r;
	up = dev.flags & IFF_UP;
	if (port->away)
		fprintf(out, "it was moved to another namespace\n");
	if (!streq(dev.name, port->spec.ifname))
		fprintf(out, "the name is %s, not %s\n", dev.name, port->spec.ifname);
	if (dev.mtu != port->spec.mtu)
		fprintf(out, "mtu is %u, not %u\n", dev.mtu, port->spec.mtu);
	if (wrong_way_up(port, up))
		fprintf(out, "it is %s, not %s\n", up ? "up" : "down", up ? "down" : "up");
	return up && !port->away ? tell_settings(out, rtnl, port) : 0;
}

int port_compare(struct port *port)
{
	_cleanup_free_ char *drift = NULL;
	size_t size = 0;
	bool changed;
	FILE *out;
	int r = 0;

	out = open_memstream(&drift, &size);
	if (!out)
		return -ENOMEM;
	if (port->rule.present)
		r = tell_drift(out, port);
	if (fclose(out) != 0)
		return -ENOMEM;
	if (r < 0)
		return r;
	changed = !streq(drift, port->drift ? port->drift : "");
	if (changed) {
		free(port->drift);
		port->drift = size > 0 ? steal_ptr(drift) : NULL;
	}
	return changed;
}

static int put_name_back(struct port *port, struct rport_error *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	int r;

	if (streq(port->ifname, port->spec.ifname))
		return 0;
	r = port_open_rtnl(port, &rtnl);
	if (r >= 0)
		r = rtnl_dev_rename(rtnl, port->index, port->spec.ifname);
	if (r == -EEXIST)
		return rport_error_set(err, RPORT_ERR_INTERFACE_EXISTS, EEXIST,
				       "cannot name %s %s again: another interface has that name",
				       port->ifname, port->spec.ifname);
	if (r < 0)
		return port_step_failed(err, r, port, "rename");
	memcpy(port->ifname, port->spec.ifname, IFNAMSIZ);
	return 0;
}

/* An IPv6 address that we shall have, but with another length or peer: the kernel has one of each
 * only. */
struct impostors {
	struct rtnl *rtnl;
	const struct port *port;
};

static void remove_impostor(const struct ip_prefix *address, const struct ip_address *peer,
			    void *userdata)
{
	const struct impostors *impostors = userdata;
	const struct port_spec *spec = &impostors->port->spec;

	if (address->address.family != AF_INET6)
		return;
	for (size_t i = 0; i < spec->n_addresses; i++) {
		const struct address_spec *ours = &spec->addresses[i];

		if (ip_address_equal(&ours->address.address, &address->address) &&
		    !(ip_prefix_equal(&ours->address, address) &&
		      ip_address_equal(&ours->peer, peer)))
			(void)rtnl_dev_delete_address(impostors->rtnl, impostors->port->index,
						      address, peer);
	}
}

static int remove_impostors(struct port *port, struct rport_error *err)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	struct impostors impostors = { .port = port };
	int r;

	r = port_open_rtnl(port, &rtnl);
	impostors.rtnl = rtnl;
	if (r >= 0)
		r = rtnl_dev_addresses(rtnl, port->index, remove_impostor, &impostors);
	return r < 0 ? port_step_failed(err, r, port, "look at the addresses of") : 0;
}

int port_put_back(struct port *port, struct rport_error *err)
{
	int r;

	r = put_name_back(port, err);
	/* below 1280 there is no IPv6; if it came back while the port is up, so would the kernel's
	 * own link-local address */
	if (r >= 0 && port->mtu < LINK_MTU_MIN && port->rule.up)
		r = port_take_down(port, err);
	if (r >= 0)
		r = remove_impostors(port, err);
	if (r >= 0 && port->mtu != port->spec.mtu)
		r = port_set_mtu(port, port->spec.mtu, err);
	if (r < 0)
		return r;
	if (port->wish == PORT_WISH_DOWN)
		return port->rule.up ? port_take_down(port, err) : 0;
	return port->wish == PORT_WISH_UP || port->rule.up ? port_bring_up(port, true, err) : 0;
}
