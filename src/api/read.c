/* SPDX-License-Identifier: ISC */
#include "api/read.h"
#include "base/escape.h"

/*
 * Reading stops at the first parameter that has the wrong type, which goes into @bad, or at the
 * first value that will not do, which goes into @err. null is as good as absent.
 */
static bool bad_parameter(struct api_reader *reader, const char *name)
{
	reader->bad = name;
	return false;
}

bool api_known_keys(struct api_reader *reader, json_t *object, const char *const *names,
		    size_t n_names)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		size_t i = 0;

		while (i < n_names && !streq(key, names[i]))
			i++;
		if (i == n_names)
			return bad_parameter(reader, key);
	}
	return true;
}

/* Names may come escaped; the call is ours, so its string can hold what jansson refuses. */
static int decode(json_t *value)
{
	_cleanup_free_ char *text = NULL;

	if (!strchr(json_string_value(value), '\\'))
		return 0;
	text = strdup(json_string_value(value));
	if (!text)
		return -ENOMEM;
	escape_undo(text);
	return json_string_set_nocheck(value, text);
}

bool api_read_string(struct api_reader *reader, json_t *object, const char *name, bool required,
		     const char **ret)
{
	json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value)) {
		*ret = NULL;
		return required ? bad_parameter(reader, name) : true;
	}
	*ret = json_string_value(value);
	/* json_string_value() ends at an embedded NUL: such a string is not what it seems */
	if (!*ret || strlen(*ret) != json_string_length(value) || decode(value) < 0)
		return bad_parameter(reader, name);
	*ret = json_string_value(value);
	return true;
}

bool api_read_bool(struct api_reader *reader, json_t *object, const char *name, bool *value_inout)
{
	json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value))
		return true;
	if (!json_is_boolean(value))
		return bad_parameter(reader, name);
	*value_inout = json_is_true(value);
	return true;
}

/* A missing or null array is an empty one. */
static bool read_array(struct api_reader *reader, json_t *object, const char *name, json_t **ret)
{
	json_t *value = json_object_get(object, name);

	*ret = json_is_null(value) ? NULL : value;
	if (*ret && !json_is_array(*ret))
		return bad_parameter(reader, name);
	return true;
}

static bool read_address(struct api_reader *reader, json_t *object, struct port_spec *port)
{
	static const char *const keys[] = { "address", "peer" };
	const char *address, *peer;

	if (!json_is_object(object))
		return bad_parameter(reader, "addresses");
	return api_known_keys(reader, object, keys, ARRAY_SIZE(keys)) &&
	       api_read_string(reader, object, "address", true, &address) &&
	       api_read_string(reader, object, "peer", false, &peer) &&
	       port_spec_add_address(port, address, peer, &reader->err) >= 0;
}

static bool read_route(struct api_reader *reader, json_t *value, struct port_spec *port)
{
	if (!json_is_string(value))
		return bad_parameter(reader, "routes");
	return port_spec_add_route(port, json_string_value(value), &reader->err) >= 0;
}

static bool read_port(struct api_reader *reader, json_t *parameters, const char *name,
		      struct port_spec *port)
{
	static const char *const keys[] = { "domain", "interface", "addresses", "routes" };
	json_t *object = json_object_get(parameters, name), *addresses, *routes, *item;
	const char *domain, *ifname;
	size_t i;

	if (!json_is_object(object))
		return bad_parameter(reader, name);
	if (!api_known_keys(reader, object, keys, ARRAY_SIZE(keys)) ||
	    !api_read_string(reader, object, "domain", true, &domain) ||
	    !api_read_string(reader, object, "interface", false, &ifname) ||
	    !read_array(reader, object, "addresses", &addresses) ||
	    !read_array(reader, object, "routes", &routes))
		return false;
	if (domain_parse(domain, &port->domain, &reader->err) < 0)
		return false;
	if (ifname && port_spec_set_ifname(port, ifname, &reader->err) < 0)
		return false;
	json_array_foreach(addresses, i, item) if (!read_address(reader, item, port)) return false;
	json_array_foreach(routes, i, item) if (!read_route(reader, item, port)) return false;
	return true;
}

bool api_read_int(struct api_reader *reader, json_t *object, const char *name, bool required,
		  int64_t *value_inout)
{
	json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value))
		return required ? bad_parameter(reader, name) : true;
	if (!json_is_integer(value))
		return bad_parameter(reader, name);
	*value_inout = json_integer_value(value);
	return true;
}

/* What a call says of the ports it makes, all alike. */
static bool read_common(struct api_reader *reader, json_t *parameters, struct port_spec *port)
{
	int64_t mtu = port->mtu, queues = port->queues;

	return api_read_int(reader, parameters, "mtu", false, &mtu) &&
	       port_spec_set_mtu(port, mtu, &reader->err) >= 0 &&
	       api_read_int(reader, parameters, "queues", false, &queues) &&
	       port_spec_set_queues(port, queues, &reader->err) >= 0 &&
	       api_read_bool(reader, parameters, "offload", &port->offload) &&
	       api_read_bool(reader, parameters, "mpls", &port->mpls);
}

bool api_read_port(struct api_reader *reader, json_t *parameters, struct port_spec *port)
{
	static const char *const keys[] = { "port", "mtu", "offload", "mpls", "queues" };

	return api_known_keys(reader, parameters, keys, ARRAY_SIZE(keys)) &&
	       read_port(reader, parameters, "port", port) && read_common(reader, parameters, port);
}

bool api_read_link(struct api_reader *reader, json_t *parameters, struct link_spec *spec,
		   struct api_pair_options *options)
{
	static const char *const keys[] = { "a",    "b",      "name",    "mtu",  "offload",
					    "mpls", "queues", "replace", "wait", "persist" };
	const char *name;

	return api_known_keys(reader, parameters, keys, ARRAY_SIZE(keys)) &&
	       read_port(reader, parameters, "a", &spec->ports[0]) &&
	       read_port(reader, parameters, "b", &spec->ports[1]) &&
	       read_common(reader, parameters, &spec->ports[0]) &&
	       read_common(reader, parameters, &spec->ports[1]) &&
	       api_read_string(reader, parameters, "name", false, &name) &&
	       (!name || link_spec_set_name(spec, name, &reader->err) >= 0) &&
	       api_read_bool(reader, parameters, "wait", &spec->wait) &&
	       api_read_bool(reader, parameters, "replace", &options->replace) &&
	       api_read_bool(reader, parameters, "persist", &options->persist);
}
