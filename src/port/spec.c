/* SPDX-License-Identifier: ISC */
/* The specs of links and ports: parsed, checked and compared; pure. */
#include <stdio.h>

#include "port/spec.h"

void port_spec_release(struct port_spec *port)
{
	free(steal_ptr(port->addresses));
	free(steal_ptr(port->routes));
	process_free(steal_ptr(port->process));
	port->n_addresses = port->n_routes = 0;
}

void link_spec_release(struct link_spec *spec)
{
	port_spec_release(&spec->ports[0]);
	port_spec_release(&spec->ports[1]);
}

static int parse_peer(const char *text, int family, struct ip_address *ret, struct rport_error *err)
{
	if (ip_address_parse(text, ret) < 0)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "\"%s\" is not an IPv4 or IPv6 address", text);
	if (ret->family != family)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "the peer address %s is of another family than the address",
				       text);
	return 0;
}

static int check_address(const struct ip_address *address, const char *whose,
			 struct rport_error *err)
{
	const char *flaw = ip_address_flaw(address);
	char text[IP_TEXT_MAX];

	if (!flaw)
		return 0;
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "%s cannot be the address of %s: %s",
			       ip_address_format(address, text), whose, flaw);
}

/* Each end would take packets for the other end as its own. */
static int refuse_same_ends(const struct ip_address *address, struct rport_error *err)
{
	char text[IP_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
			       "%s cannot be the address of both ends: give each end its own",
			       ip_address_format(address, text));
}

/* An interface has an IPv6 address once, whatever its length or peer; an IPv4 address once each. */
static bool is_same_address(const struct address_spec *a, const struct address_spec *b)
{
	if (!ip_address_equal(&a->address.address, &b->address.address))
		return false;
	return a->address.address.family == AF_INET6 ||
	       (a->address.length == b->address.length && ip_address_equal(&a->peer, &b->peer));
}

static int check_new_address(const struct port_spec *port, const struct address_spec *spec,
			     struct rport_error *err)
{
	char text[IP_TEXT_MAX];
	int r;

	r = check_address(&spec->address.address, "a port", err);
	if (r >= 0 && spec->peer.family != AF_UNSPEC)
		r = check_address(&spec->peer, "a peer", err);
	if (r < 0)
		return r;
	if (ip_address_equal(&spec->address.address, &spec->peer))
		return refuse_same_ends(&spec->peer, err);
	for (size_t i = 0; i < port->n_addresses; i++)
		if (is_same_address(&port->addresses[i], spec))
			return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
					       "the address %s is given twice: leave one out",
					       ip_address_format(&spec->address.address, text));
	return 0;
}

int port_spec_add_address(struct port_spec *port, const char *address, const char *peer,
			  struct rport_error *err)
{
	struct address_spec spec = { 0 };
	struct address_spec *addresses;
	int r;

	if (ip_prefix_parse(address, &spec.address) < 0)
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "\"%s\" is not an address: use ADDRESS or ADDRESS/LENGTH",
				       address);
	if (peer) {
		r = parse_peer(peer, spec.address.address.family, &spec.peer, err);
		if (r < 0)
			return r;
	}
	r = check_new_address(port, &spec, err);
	if (r < 0)
		return r;
	if (port->n_addresses == SPEC_ADDRESSES_MAX)
		return rport_error_set(err, RPORT_ERR_LIMIT, E2BIG,
				       "a port can be given %d addresses", SPEC_ADDRESSES_MAX);
	addresses = reallocarray(port->addresses, port->n_addresses + 1, sizeof(*addresses));
	if (!addresses)
		return rport_error_no_memory(err);
	port->addresses = addresses;
	port->addresses[port->n_addresses++] = spec;
	return 0;
}

static bool has_address(const struct port_spec *port, const struct ip_address *address)
{
	for (size_t i = 0; i < port->n_addresses; i++)
		if (ip_address_equal(&port->addresses[i].address.address, address))
			return true;
	return false;
}

int port_spec_check(const struct port_spec *port, struct rport_error *err)
{
	char text[ROUTE_TEXT_MAX];

	for (size_t i = 0; i < port->n_routes; i++)
		if (has_address(port, &port->routes[i].via))
			return rport_error_set(
				err, RPORT_ERR_INVALID, EINVAL,
				"the route %s has the port's own address as its next hop: use an "
				"address behind the link",
				route_format(&port->routes[i], text));
	return 0;
}

int link_spec_check(const struct link_spec *spec, struct rport_error *err)
{
	const struct port_spec *a = &spec->ports[0], *b = &spec->ports[1];
	int r;

	for (size_t i = 0; i < a->n_addresses; i++)
		if (has_address(b, &a->addresses[i].address.address))
			return refuse_same_ends(&a->addresses[i].address.address, err);
	r = port_spec_check(a, err);
	return r < 0 ? r : port_spec_check(b, err);
}

/* The kernel has one route for each network and metric. */
static int check_new_route(const struct port_spec *port, const struct route_spec *route,
			   struct rport_error *err)
{
	char network[IP_PREFIX_TEXT_MAX];

	for (size_t i = 0; i < port->n_routes; i++)
		if (route_same_key(&port->routes[i], route))
			return rport_error_set(
				err, RPORT_ERR_INVALID, EINVAL,
				"the route %s is given twice: leave one out, or give one another "
				"metric",
				ip_prefix_format(&route->to, network));
	return 0;
}

int port_spec_add_route(struct port_spec *port, const char *text, struct rport_error *err)
{
	struct route_spec route, *routes;
	int r;

	r = route_parse(text, &route, err);
	if (r >= 0)
		r = check_new_route(port, &route, err);
	if (r < 0)
		return r;
	if (port->n_routes == SPEC_ROUTES_MAX)
		return rport_error_set(err, RPORT_ERR_LIMIT, E2BIG, "a port can be given %d routes",
				       SPEC_ROUTES_MAX);
	routes = reallocarray(port->routes, port->n_routes + 1, sizeof(*routes));
	if (!routes)
		return rport_error_no_memory(err);
	port->routes = routes;
	port->routes[port->n_routes++] = route;
	return 0;
}

bool port_spec_has_route(const struct port_spec *port, const struct route_spec *route)
{
	for (size_t i = 0; port && i < port->n_routes; i++)
		if (route_equal(&port->routes[i], route))
			return true;
	return false;
}

int link_spec_set_name(struct link_spec *spec, const char *name, struct rport_error *err)
{
	if (!link_name_valid(name))
		return rport_error_set(
			err, RPORT_ERR_INVALID, EINVAL,
			"\"%s\" is not a link name: use 1 to %d letters, digits, '.', '_' and "
			"'-', not beginning with '.' or '-'",
			name, LINK_NAME_MAX);
	memcpy(spec->name, name, strlen(name) + 1);
	return 0;
}

/* FNV-1a of both labels, 32 bits. */
static uint32_t hash_labels(const char *a, const char *b)
{
	uint32_t hash = 0x811c9dc5;

	for (; *a; a++)
		hash = (hash ^ (unsigned char)*a) * 0x01000193;
	hash = (hash ^ '/') * 0x01000193; /* "ab", "c" is not "a", "bc" */
	for (; *b; b++)
		hash = (hash ^ (unsigned char)*b) * 0x01000193;
	return hash;
}

#define JOINED_MAX (2 * DOMAIN_TEXT_MAX + 16)

/* Both labels whole, or where that is too long the beginning of both, and a hash of the whole. */
static void join_labels(const char *a, const char *b, const char *number,
			char ret[static JOINED_MAX])
{
	size_t room = LINK_NAME_MAX - strlen("-") - strlen(number), half;
	size_t size_a = strlen(a), size_b = strlen(b);

	if (size_a + size_b <= room) {
		snprintf(ret, JOINED_MAX, "%s-%s%s", a, b, number);
		return;
	}
	room -= strlen("-01234567");
	half = room / 2;
	size_a = MIN(size_a, room - MIN(size_b, half));
	size_b = MIN(size_b, room - size_a);
	snprintf(ret, JOINED_MAX, "%.*s-%.*s-%08x%s", (int)size_a, a, (int)size_b, b,
		 hash_labels(a, b), number);
}

int link_name_from_domains(const struct domain *a, const struct domain *b, unsigned int number,
			   char ret[static LINK_NAME_MAX + 1])
{
	char label_a[DOMAIN_TEXT_MAX], label_b[DOMAIN_TEXT_MAX];
	char suffix[16] = "", name[JOINED_MAX];

	if (number > 1)
		snprintf(suffix, sizeof(suffix), ".%u", number);
	join_labels(domain_label(a, label_a), domain_label(b, label_b), suffix, name);
	if (!link_name_valid(name))
		return -EINVAL;
	memcpy(ret, name, strlen(name) + 1);
	return 0;
}

int link_spec_default_name(struct link_spec *spec, struct rport_error *err)
{
	char a[DOMAIN_TEXT_MAX], b[DOMAIN_TEXT_MAX];

	if (link_name_from_domains(&spec->ports[0].domain, &spec->ports[1].domain, 1, spec->name) >=
	    0)
		return 0;
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
			       "\"%s-%s\" will not do as the link's name: give it another (--name)",
			       domain_label(&spec->ports[0].domain, a),
			       domain_label(&spec->ports[1].domain, b));
}

/* The kernel does not accept them either: /proc/sys/net has directories of these names. */
static bool stands_for_others(const char *ifname)
{
	return streq(ifname, "all") || streq(ifname, "default");
}

int port_spec_set_ifname(struct port_spec *port, const char *ifname, struct rport_error *err)
{
	if (!ifname_valid(ifname))
		return rport_error_set(
			err, RPORT_ERR_INVALID, EINVAL,
			"\"%s\" is not an interface name: use 1 to %d characters, without '/', "
			"':', '%%' and white space",
			ifname, IFNAMSIZ - 1);
	if (stands_for_others(ifname))
		return rport_error_set(err, RPORT_ERR_INVALID, EINVAL,
				       "no interface can be named \"%s\": in /proc/sys/net it "
				       "stands for other interfaces; choose another name",
				       ifname);
	memcpy(port->ifname, ifname, strlen(ifname) + 1);
	return 0;
}
