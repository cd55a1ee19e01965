/* SPDX-License-Identifier: ISC */

/* Links as files: the text of one. */

#include <stdio.h>

#include "base/escape.h"
#include "config/config.h"
#include "port/property.h"

static bool mtus_differ(const struct link_spec *spec)
{
	return spec->ports[0].mtu != spec->ports[1].mtu;
}

/* Those that [Link] says for both ports. An MTU that differs is said for each port. */
static bool is_said(const struct link_spec *spec, enum property_id id)
{
	return property_get(&spec->ports[0], id) != property_standard(id) &&
	       !(id == PROPERTY_MTU && mtus_differ(spec));
}

static void format_link(FILE *out, const struct link_spec *spec)
{
	char text[PROPERTY_TEXT_MAX];
	bool empty = spec->wait;

	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		empty &= !is_said(spec, id);
	if (empty)
		return;
	fputs("[Link]\n", out);
	if (!spec->wait)
		fputs("OnMissing=fail\n", out);
	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		if (is_said(spec, id))
			fprintf(out, "%s=%s\n", properties[id].key,
				property_format_key(&properties[id],
						    property_get(&spec->ports[0], id), text));
	fputs("\n", out);
}

static void format_port(FILE *out, const char *section, const struct port_spec *port, bool with_mtu)
{
	char domain[DOMAIN_TEXT_MAX], text[ROUTE_TEXT_MAX];
	char escaped[ESCAPED_SIZE(DOMAIN_TEXT_MAX)];

	domain_format(&port->domain, domain);
	escape_into(escaped, sizeof(escaped), domain, ESCAPE_BACKSLASH);
	/* no blank after '=': a name may begin with ';' */
	fprintf(out, "[%s]\nDomain=%s\n", section, escaped);
	if (port->ifname[0]) {
		escape_into(escaped, sizeof(escaped), port->ifname, ESCAPE_BACKSLASH);
		fprintf(out, "Name=%s\n", escaped);
	}
	if (with_mtu)
		fprintf(out, "MTU=%u\n", port->mtu);
	for (size_t i = 0; i < port->n_addresses; i++) {
		const struct address_spec *spec = &port->addresses[i];

		fprintf(out, "Address=%s\n", ip_prefix_format(&spec->address, text));
		if (spec->peer.family != AF_UNSPEC)
			fprintf(out, "PeerAddress=%s\n", ip_address_format(&spec->peer, text));
	}
	for (size_t i = 0; i < port->n_routes; i++)
		fprintf(out, "Route=%s\n", route_format(&port->routes[i], text));
}

char *config_format(const struct link_spec *spec)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	format_link(out, spec);
	format_port(out, "A", &spec->ports[0], mtus_differ(spec));
	fputs("\n", out);
	format_port(out, "B", &spec->ports[1], mtus_differ(spec));
	failed = ferror(out);
	failed |= fclose(out) != 0;
	if (failed)
		free(steal_ptr(text));
	return text;
}
