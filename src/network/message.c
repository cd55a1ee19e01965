/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Whoever writes a message may be in the hands of an intruder. So what is read is copied out of the
 * message once, and checked before it is used: texts have an end, numbers are in their range, lists
 * are no longer than a spec can have, and a bool is 0 or 1 (any other value is undefined behaviour).
 * A message that fails a check is broken as a whole: it gives zeros from then on, and the caller
 * looks at @broken once, at its end.
 */

#include "network/message.h"

_Static_assert(PACKET_FDS_MAX >= 2 * TUN_QUEUES_MAX + 2, "a link fits into one message");

void message_begin(struct message *message)
{
	message->size = message->at = 0;
	message->n_fds = message->fds_at = 0;
	message->broken = false;
}

/* --- bytes and descriptors -------------------------------------------------------------------- */

void message_put(struct message *message, const void *data, size_t size)
{
	if (message->broken || size > sizeof(message->data) - message->size) {
		message->broken = true;
		return;
	}
	if (size > 0)
		memcpy(message->data + message->size, data, size);
	message->size += size;
}

void message_get(struct message *message, void *ret, size_t size)
{
	if (message->broken || size > message->size - message->at) {
		message->broken = true;
		memset(ret, 0, size);
		return;
	}
	if (size > 0)
		memcpy(ret, message->data + message->at, size);
	message->at += size;
}

void message_put_fd(struct message *message, int fd)
{
	if (message->n_fds < PACKET_FDS_MAX)
		message->fds[message->n_fds++] = fd;
	else
		message->broken = true;
}

int message_take_fd(struct message *message)
{
	if (!message->broken && message->fds_at < message->n_fds)
		return message->fds[message->fds_at++];
	message->broken = true;
	return -1;
}

void message_close_fds(struct message *message)
{
	while (message->fds_at < message->n_fds)
		safe_close(message->fds[message->fds_at++]);
}

/* --- checks ----------------------------------------------------------------------------------- */

bool message_text_valid(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* As a byte: to read another value as a bool is undefined. */
static bool is_bool(const bool *value)
{
	return *(const unsigned char *)value <= 1;
}

bool message_domain_valid(const struct domain *domain)
{
	return (unsigned int)domain->netns <= DOMAIN_NETNS_PID &&
	       message_text_valid(domain->name, sizeof(domain->name)) &&
	       message_text_valid(domain->vrf, sizeof(domain->vrf)) &&
	       (!domain->name[0] || netns_name_valid(domain->name) ||
		netns_path_valid(domain->name)) &&
	       (!domain->vrf[0] || ifname_valid(domain->vrf));
}

static bool is_address(const struct ip_address *address)
{
	return address->family == AF_UNSPEC || address->family == AF_INET ||
	       address->family == AF_INET6;
}

static bool is_prefix(const struct ip_prefix *prefix)
{
	return is_address(&prefix->address) && prefix->address.family != AF_UNSPEC &&
	       prefix->length <= ip_address_bits(prefix->address.family);
}

static bool is_route(const struct route_spec *route)
{
	return is_prefix(&route->to) && is_address(&route->via) && is_address(&route->src);
}

static bool are_addresses(const struct address_spec *addresses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_prefix(&addresses[i].address) || !is_address(&addresses[i].peer))
			return false;
	return true;
}

static bool are_routes(const struct route_spec *routes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_route(&routes[i]))
			return false;
	return true;
}

static bool is_ifname(const char *name)
{
	return message_text_valid(name, IFNAMSIZ) && (!name[0] || ifname_valid(name));
}

static bool is_device(const struct port_device *device)
{
	return message_text_valid(device->ifname, sizeof(device->ifname)) &&
	       message_text_valid(device->alias, sizeof(device->alias)) &&
	       is_address(&device->link_local) && is_bool(&device->no_ipv6) &&
	       is_bool(&device->carrier) && is_bool(&device->captured) &&
	       is_bool(&device->shaped) && is_bool(&device->elsewhere) && is_bool(&device->bounced);
}

/* @member: a bool or an unsigned int, not read as such before it is checked */
static bool is_in_range(const void *member, size_t size, unsigned int max)
{
	unsigned int number = *(const unsigned char *)member;

	if (size == sizeof(number))
		memcpy(&number, member, size);
	return number <= max;
}

static bool is_spec(const struct port_spec *spec)
{
#define IS_IN_RANGE(id, member, key, type, min, max, ...) \
	&&is_in_range(&spec->member, sizeof(spec->member), max)
	return message_domain_valid(&spec->domain) && is_ifname(spec->ifname) &&
	       spec->n_addresses <= SPEC_ADDRESSES_MAX &&
	       spec->n_routes <= SPEC_ROUTES_MAX PORT_PROPERTIES(IS_IN_RANGE);
}

static bool is_tun(const struct tun *tun)
{
	return tun->n_queues <= TUN_QUEUES_MAX && tun->header <= FLOW_HEADER_MAX &&
	       is_bool(&tun->family_header);
}

/* --- lists ------------------------------------------------------------------------------------ */

static void put_list(struct message *message, const void *list, size_t n, size_t size)
{
	message_put(message, list, n * size);
}

/* Return: for free(3); NULL for an empty list, and of a message that is broken. */
static void *get_list(struct message *message, size_t n, size_t max, size_t size)
{
	void *list;

	if (n > max)
		message->broken = true;
	if (message->broken || n == 0)
		return NULL;
	list = calloc(n, size);
	if (!list) {
		message->broken = true;
		return NULL;
	}
	message_get(message, list, n * size);
	return list;
}

/* --- specs ------------------------------------------------------------------------------------ */

void message_put_spec(struct message *message, const struct port_spec *spec)
{
	struct port_spec plain = *spec;

	plain.process = NULL;
	plain.addresses = NULL;
	plain.routes = NULL;
	message_put_value(message, plain);
	put_list(message, spec->addresses, spec->n_addresses, sizeof(*spec->addresses));
	put_list(message, spec->routes, spec->n_routes, sizeof(*spec->routes));
}

void message_get_spec(struct message *message, struct port_spec *ret)
{
	struct port_spec spec;

	message_get_value(message, &spec);
	if (!is_spec(&spec))
		message->broken = true;
	if (message->broken)
		spec = (struct port_spec){ 0 };
	spec.process = NULL;
	spec.addresses =
		get_list(message, spec.n_addresses, SPEC_ADDRESSES_MAX, sizeof(*spec.addresses));
	spec.routes = get_list(message, spec.n_routes, SPEC_ROUTES_MAX, sizeof(*spec.routes));
	if (message->broken || !are_addresses(spec.addresses, spec.n_addresses) ||
	    !are_routes(spec.routes, spec.n_routes)) {
		message->broken = true;
		port_spec_release(&spec);
		spec = (struct port_spec){ 0 };
	}
	*ret = spec;
}

/* --- ports ------------------------------------------------------------------------------------ */

/*
 * struct fixed - the part of a port that always has the same size, but for its spec
 * @tun: without its descriptors
 */
struct fixed {
	struct port_device device;
	struct tun tun;
	uint32_t admin, end, present, up;
};

static struct fixed fixed_of(const struct port *port)
{
	struct fixed fixed = {
		.device = port->device,
		.tun = port->tun,
		.admin = port->admin,
		.end = port->end,
		.present = port->peering.present,
		.up = port->peering.up,
	};

	memset(fixed.tun.queues, 0, sizeof(fixed.tun.queues));
	return fixed;
}

static void get_fixed(struct message *message, struct fixed *ret)
{
	message_get_value(message, ret);
	if (!is_device(&ret->device) || !is_tun(&ret->tun) || ret->admin > PORT_ADMIN_DOWN ||
	    ret->end > 1)
		message->broken = true;
	if (message->broken)
		*ret = (struct fixed){ 0 };
}

void message_put_port(struct message *message, const struct port *port)
{
	struct fixed fixed = fixed_of(port);

	message_put_value(message, fixed);
	message_put_spec(message, &port->spec);
	for (unsigned int i = 0; i < port->tun.n_queues; i++)
		message_put_fd(message, port->tun.queues[i]);
}

void message_put_bare_port(struct message *message, const struct port *port)
{
	struct port bare = *port;

	bare.spec.n_addresses = bare.spec.n_routes = 0;
	message_put_port(message, &bare);
}

void message_get_port(struct message *message, struct port *ret)
{
	struct port port = { 0 };
	struct fixed fixed;
	unsigned int n;

	get_fixed(message, &fixed);
	message_get_spec(message, &port.spec);
	n = fixed.tun.n_queues;
	port.device = fixed.device;
	port.admin = fixed.admin;
	port.end = fixed.end;
	port.tun = fixed.tun;
	port.tun.n_queues = 0;
	while (port.tun.n_queues < n && !message->broken) {
		int fd = message_take_fd(message);

		if (fd >= 0)
			port.tun.queues[port.tun.n_queues++] = fd;
	}
	/* what has no descriptor is no device */
	port.peering.present = fixed.present && port.tun.n_queues > 0;
	port.peering.up = port.peering.present && fixed.up;
	*ret = port;
}

void message_release_port(struct port *port)
{
	tun_close(&port->tun);
	port_spec_release(&port->spec);
	free(port->drift);
	*port = (struct port){ 0 };
}

void message_put_state(struct message *message, const struct port *port)
{
	struct fixed fixed = fixed_of(port);

	message_put_value(message, fixed);
	message_put_value(message, port->spec.domain);
	message_put_value(message, port->spec.ifname);
}

void message_get_state(struct message *message, struct port *port)
{
	char ifname[IFNAMSIZ];
	struct domain domain;
	struct fixed fixed;

	get_fixed(message, &fixed);
	message_get_value(message, &domain);
	message_get_value(message, &ifname);
	if (!message_domain_valid(&domain) || !is_ifname(ifname))
		message->broken = true;
	if (message->broken)
		return;
	port->device = fixed.device;
	port->peering.present = fixed.present;
	port->peering.up = fixed.up;
	port->tun.header = fixed.tun.header;
	port->tun.family_header = fixed.tun.family_header;
	port->tun.offloads = fixed.tun.offloads;
	port->spec.domain = domain;
	memcpy(port->spec.ifname, ifname, IFNAMSIZ);
}

/* --- what was observed ------------------------------------------------------------------------ */

void message_put_seen(struct message *message, const struct port_seen *seen)
{
	struct port_seen plain = *seen;

	plain.addresses = NULL;
	plain.routes = NULL;
	plain.rivals = NULL;
	message_put_value(message, plain);
	put_list(message, seen->addresses, seen->n_addresses, sizeof(*seen->addresses));
	put_list(message, seen->routes, seen->n_routes, sizeof(*seen->routes));
	put_list(message, seen->rivals, seen->n_rivals, sizeof(*seen->rivals));
}

static bool is_seen(const struct port_seen *seen)
{
	return is_bool(&seen->elsewhere) && is_bool(&seen->in_vrf) && is_bool(&seen->up) &&
	       is_bool(&seen->no_ipv6) && is_bool(&seen->has_link_local) &&
	       is_bool(&seen->has_given_link_local) &&
	       message_text_valid(seen->name, sizeof(seen->name)) &&
	       message_text_valid(seen->master, sizeof(seen->master));
}

static bool are_rivals(const struct route_rival *rivals, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_route(&rivals[i].route) ||
		    !message_text_valid(rivals[i].ifname, sizeof(rivals[i].ifname)))
			return false;
	return true;
}

/* Twice as many: of the spec, and of the former one. */
void message_get_seen(struct message *message, struct port_seen *ret)
{
	struct port_seen seen;

	message_get_value(message, &seen);
	if (!is_seen(&seen))
		message->broken = true;
	if (message->broken)
		seen = (struct port_seen){ 0 };
	seen.addresses = get_list(message, seen.n_addresses, 2 * SPEC_ADDRESSES_MAX,
				  sizeof(*seen.addresses));
	seen.routes = get_list(message, seen.n_routes, 2 * SPEC_ROUTES_MAX, sizeof(*seen.routes));
	seen.rivals = get_list(message, seen.n_rivals, SPEC_ROUTES_MAX, sizeof(*seen.rivals));
	if (message->broken || !are_addresses(seen.addresses, seen.n_addresses) ||
	    !are_routes(seen.routes, seen.n_routes) || !are_rivals(seen.rivals, seen.n_rivals)) {
		message->broken = true;
		port_seen_release(&seen);
		seen = (struct port_seen){ 0 };
	}
	*ret = seen;
}

/* --- checks of links -------------------------------------------------------------------------- */

void message_put_inspected(struct message *message, const struct inspect_result *result)
{
	message_put_value(message, *result);
}

static bool is_check_seen(const struct check_seen *seen)
{
	for (enum check_family family = CHECK_IPV4; family <= CHECK_IPV6; family++)
		if (!is_bool(&seen->local_first[family]) || !is_ifname(seen->leaks[family]))
			return false;
	return is_bool(&seen->lo_down) && is_bool(&seen->strict) && is_bool(&seen->tracks) &&
	       message_text_valid(seen->manager, sizeof(seen->manager));
}

static bool is_way(const struct check_way *way)
{
	return is_bool(&way->asked) && is_address(&way->answer.source) && is_ifname(way->ifname);
}

static bool is_flow(const struct check_flow *flow)
{
	return flow->from <= 1 && is_bool(&flow->to_peer) && is_address(&flow->to) &&
	       (flow->to_peer || is_prefix(&flow->network)) && is_way(&flow->out) &&
	       is_way(&flow->in) && is_way(&flow->back);
}

static bool is_probe(const struct inspect_probe *probe)
{
	return probe->from <= 1 && (unsigned int)probe->family < CHECK_FAMILIES &&
	       is_bool(&probe->result.arrived) && is_bool(&probe->interface_dropped);
}

static bool is_inspected(const struct inspect_result *result)
{
	if (result->n_flows > CHECK_FLOWS_MAX || result->n_probes > INSPECT_PROBES_MAX ||
	    !is_check_seen(&result->ends[0]) || !is_check_seen(&result->ends[1]))
		return false;
	for (unsigned int i = 0; i < result->n_flows; i++)
		if (!is_flow(&result->flows[i]))
			return false;
	for (unsigned int i = 0; i < result->n_probes; i++)
		if (!is_probe(&result->probes[i]))
			return false;
	return true;
}

void message_get_inspected(struct message *message, struct inspect_result *ret)
{
	message_get_value(message, ret);
	if (!is_inspected(ret))
		message->broken = true;
}
