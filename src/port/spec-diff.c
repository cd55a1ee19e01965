/* SPDX-License-Identifier: ISC */
/* In what two specs of a port differ, in words; pure. */

#include <stdio.h>

#include "port/property.h"
#include "port/spec-diff.h"

#define DIFFERENCE_MAX DOMAIN_TEXT_MAX /* bytes of each side that a message shows */

static bool same_addresses(const struct port_spec *a, const struct port_spec *b)
{
	if (a->n_addresses != b->n_addresses)
		return false;
	for (size_t i = 0; i < a->n_addresses; i++)
		if (!ip_prefix_equal(&a->addresses[i].address, &b->addresses[i].address) ||
		    !ip_address_equal(&a->addresses[i].peer, &b->addresses[i].peer))
			return false;
	return true;
}

static bool same_routes(const struct port_spec *a, const struct port_spec *b)
{
	if (a->n_routes != b->n_routes)
		return false;
	for (size_t i = 0; i < a->n_routes; i++)
		if (!route_equal(&a->routes[i], &b->routes[i]))
			return false;
	return true;
}

/* All addresses of a port, with blanks between, or "none"; cut where @size ends. */
static const char *format_addresses(const struct port_spec *port, char *buf, size_t size)
{
	char address[IP_PREFIX_TEXT_MAX], peer[IP_TEXT_MAX];
	size_t used = 0;

	snprintf(buf, size, "none");
	for (size_t i = 0; i < port->n_addresses && used < size; i++) {
		const struct address_spec *spec = &port->addresses[i];

		ip_address_format(&spec->peer, peer);
		used += (size_t)snprintf(buf + used, size - used, "%s%s%s%s", i > 0 ? " " : "",
					 ip_prefix_format(&spec->address, address),
					 peer[0] ? " peer " : "", peer);
	}
	return buf;
}

static const char *format_routes(const struct port_spec *port, char *buf, size_t size)
{
	char route[ROUTE_TEXT_MAX];
	size_t used = 0;

	snprintf(buf, size, "none");
	for (size_t i = 0; i < port->n_routes && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i > 0 ? ", " : "",
					 route_format(&port->routes[i], route));
	return buf;
}

/* Have they found pid:N to be two processes, one after the other? */
static bool other_process(const struct port_spec *have, const struct port_spec *want)
{
	return have->process && want->process && !process_equal(have->process, want->process);
}

bool port_spec_diff(const struct port_spec *have, const struct port_spec *want, char *ret,
		    size_t size)
{
	const struct property *property = property_differs(have, want, false);
	char x[DIFFERENCE_MAX], y[DIFFERENCE_MAX];

	if (!domain_means(&want->domain, &have->domain))
		snprintf(ret, size, "the domain is %s, not %s", domain_format(&have->domain, x),
			 domain_format(&want->domain, y));
	else if (other_process(have, want))
		snprintf(ret, size, "the domain is that of a process %d that has ended",
			 have->domain.pid);
	else if (want->ifname[0] && !streq(have->ifname, want->ifname))
		snprintf(ret, size, "the interface is %s, not %s", have->ifname, want->ifname);
	else if (property)
		snprintf(ret, size, "%s is %s, not %s", property->name,
			 property_format(property, property_get(have, property->id), x),
			 property_format(property, property_get(want, property->id), y));
	else if (!same_addresses(have, want))
		snprintf(ret, size, "the addresses are %s, not %s",
			 format_addresses(have, x, sizeof(x)),
			 format_addresses(want, y, sizeof(y)));
	else if (!same_routes(have, want))
		snprintf(ret, size, "the routes are %s, not %s", format_routes(have, x, sizeof(x)),
			 format_routes(want, y, sizeof(y)));
	else
		return false;
	return true;
}

const char *port_spec_fixed_difference(const struct port_spec *have, const struct port_spec *want)
{
	const struct property *property = property_differs(have, want, true);

	if (!domain_means(&want->domain, &have->domain) || other_process(have, want))
		return "domain";
	return property ? property->name : NULL;
}
