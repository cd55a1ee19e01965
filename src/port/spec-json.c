/* SPDX-License-Identifier: ISC */
/* The specs of ports, from and to JSON; pure. */
#include "base/escape.h"
#include "port/property.h"
#include "port/spec-json.h"

json_t *spec_json_addresses(const struct port_spec *port)
{
	json_t *array = json_array();

	for (size_t i = 0; i < port->n_addresses; i++) {
		const struct address_spec *spec = &port->addresses[i];
		char address[IP_PREFIX_TEXT_MAX], peer[IP_TEXT_MAX];

		ip_prefix_format(&spec->address, address);
		ip_address_format(&spec->peer, peer);
		json_array_append_new(array, json_pack("{s:s, s:s?}", "address", address, "peer",
						       peer[0] ? peer : NULL));
	}
	return array;
}

json_t *spec_json_routes(const struct port_spec *port)
{
	json_t *array = json_array();

	for (size_t i = 0; i < port->n_routes; i++) {
		char text[ROUTE_TEXT_MAX];

		json_array_append_new(array, json_string(route_format(&port->routes[i], text)));
	}
	return array;
}

json_t *spec_json_write(const struct port_spec *port)
{
	char domain[DOMAIN_TEXT_MAX];
	json_t *object =
		json_pack("{s:o, s:o}", "domain", escape_json(domain_format(&port->domain, domain)),
			  "interface", escape_json(port->ifname));

	if (!object)
		return NULL;
	property_write(port, 0, object);
	json_object_set_new(object, "addresses", spec_json_addresses(port));
	json_object_set_new(object, "routes", spec_json_routes(port));
	return object;
}

static int bad_member(const char *key, struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_INVALID, EINVAL, "%s is missing, or of a wrong type",
			       key);
}

/* Return: the string @key without its escapes, to be freed; NULL: it is missing, or no memory. */
static char *decoded_member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	char *text = value ? strdup(value) : NULL;

	if (text)
		escape_undo(text);
	return text;
}

/* Names are checked as if a user had given them. */
static int read_names(const json_t *object, struct port_spec *ret, struct rport_error *err)
{
	_cleanup_free_ char *domain = decoded_member(object, "domain");
	_cleanup_free_ char *ifname = decoded_member(object, "interface");
	int r;

	if (!domain)
		return bad_member("domain", err);
	r = domain_parse(domain, &ret->domain, err);
	if (r >= 0 && ifname && ifname[0])
		r = port_spec_set_ifname(ret, ifname, err);
	return r;
}

static int read_properties(const json_t *object, struct port_spec *ret, struct rport_error *err)
{
	int r = 0;

	for (enum property_id id = 0; id < N_PROPERTIES && r >= 0; id++) {
		const json_t *value = json_object_get(object, properties[id].name);

		if (properties[id].type == PROPERTY_SWITCH && json_is_boolean(value))
			r = property_set(ret, id, json_is_true(value), err);
		else if (properties[id].type != PROPERTY_SWITCH && json_is_integer(value))
			r = property_set(ret, id, json_integer_value(value), err);
	}
	return r;
}

static int read_lists(const json_t *object, struct port_spec *ret, struct rport_error *err)
{
	const json_t *addresses = json_object_get(object, "addresses");
	const json_t *routes = json_object_get(object, "routes");
	json_t *item;
	size_t i;
	int r = 0;

	json_array_foreach(addresses, i, item)
	{
		const char *address = json_string_value(json_object_get(item, "address"));
		const char *peer = json_string_value(json_object_get(item, "peer"));

		r = address ? port_spec_add_address(ret, address, peer, err)
			    : bad_member("address", err);
		if (r < 0)
			return r;
	}
	json_array_foreach(routes, i, item)
	{
		const char *route = json_string_value(item);

		r = route ? port_spec_add_route(ret, route, err) : bad_member("route", err);
		if (r < 0)
			return r;
	}
	return 0;
}

int spec_json_read(const json_t *object, struct port_spec *ret, struct rport_error *err)
{
	int r;

	r = read_names(object, ret, err);
	if (r >= 0)
		r = read_properties(object, ret, err);
	return r < 0 ? r : read_lists(object, ret, err);
}
