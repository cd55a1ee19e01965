/* SPDX-License-Identifier: ISC */

#include "api.h"
#include "interface.h"

#define INTERFACE "org.rportd.Manager"

/* --- errors ----------------------------------------------------------------------------------- */

static const char *error_name(enum rport_error_kind kind)
{
	switch (kind) {
	case RPORT_ERR_SYSTEM:
		return INTERFACE ".SystemError";
	case RPORT_ERR_INVALID:
		return INTERFACE ".InvalidArgument";
	case RPORT_ERR_LINK_NOT_FOUND:
		return INTERFACE ".LinkNotFound";
	case RPORT_ERR_PORT_NOT_FOUND:
		return INTERFACE ".PortNotFound";
	case RPORT_ERR_DOMAIN_NOT_FOUND:
		return INTERFACE ".DomainNotFound";
	case RPORT_ERR_AMBIGUOUS:
		return INTERFACE ".NameAmbiguous";
	case RPORT_ERR_LINK_EXISTS:
		return INTERFACE ".LinkExists";
	case RPORT_ERR_INTERFACE_EXISTS:
		return INTERFACE ".InterfaceExists";
	case RPORT_ERR_BUSY:
		return INTERFACE ".PortBusy";
	case RPORT_ERR_NO_PARENT:
		return INTERFACE ".NoParent";
	case RPORT_ERR_LIMIT:
		return INTERFACE ".LimitReached";
	}
	return INTERFACE ".SystemError";
}

static void reply_error(struct varlink_call *call, const struct rport_error *err)
{
	/* what comes from file names need not be UTF-8, which JSON must be */
	json_t *message = json_string(err->message);
	json_t *parameters;

	if (!message)
		message = json_string("the message about this error is not UTF-8");
	parameters = json_pack("{s:o}", "message", message);
	if (parameters && err->kind == RPORT_ERR_SYSTEM)
		json_object_set_new(parameters, "errno", json_integer(err->errnum));
	varlink_error(call, error_name(err->kind), parameters);
}

/* --- parameters in ---------------------------------------------------------------------------- */

/*
 * Reading stops at the first parameter that has the wrong type, which goes into @bad, or at the
 * first value that will not do, which goes into @err. null is as good as absent.
 */
struct reader {
	const char *bad;
	struct rport_error err;
};

static bool bad_parameter(struct reader *reader, const char *name)
{
	reader->bad = name;
	return false;
}

static bool known_keys(struct reader *reader, json_t *object, const char *const *names,
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

static bool read_string(struct reader *reader, json_t *object, const char *name, bool required,
			const char **ret)
{
	json_t *value = json_object_get(object, name);

	if (!value || json_is_null(value)) {
		*ret = NULL;
		return required ? bad_parameter(reader, name) : true;
	}
	*ret = json_string_value(value);
	/* json_string_value() ends at an embedded NUL: such a string is not what it seems */
	if (!*ret || strlen(*ret) != json_string_length(value))
		return bad_parameter(reader, name);
	return true;
}

static bool read_bool(struct reader *reader, json_t *object, const char *name, bool *value_inout)
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
static bool read_array(struct reader *reader, json_t *object, const char *name, json_t **ret)
{
	json_t *value = json_object_get(object, name);

	*ret = json_is_null(value) ? NULL : value;
	if (*ret && !json_is_array(*ret))
		return bad_parameter(reader, name);
	return true;
}

static bool read_address(struct reader *reader, json_t *object, struct port_spec *port)
{
	static const char *const keys[] = { "address", "peer" };
	const char *address, *peer;

	if (!json_is_object(object))
		return bad_parameter(reader, "addresses");
	return known_keys(reader, object, keys, ARRAY_SIZE(keys)) &&
	       read_string(reader, object, "address", true, &address) &&
	       read_string(reader, object, "peer", false, &peer) &&
	       link_spec_add_address(port, address, peer, &reader->err) >= 0;
}

static bool read_route(struct reader *reader, json_t *value, struct port_spec *port)
{
	if (!json_is_string(value))
		return bad_parameter(reader, "routes");
	return link_spec_add_route(port, json_string_value(value), &reader->err) >= 0;
}

static bool read_port(struct reader *reader, json_t *parameters, const char *name,
		      struct port_spec *port)
{
	static const char *const keys[] = { "domain", "interface", "addresses", "routes" };
	json_t *object = json_object_get(parameters, name), *addresses, *routes, *item;
	const char *domain, *ifname;
	size_t i;

	if (!json_is_object(object))
		return bad_parameter(reader, name);
	if (!known_keys(reader, object, keys, ARRAY_SIZE(keys)) ||
	    !read_string(reader, object, "domain", true, &domain) ||
	    !read_string(reader, object, "interface", false, &ifname) ||
	    !read_array(reader, object, "addresses", &addresses) ||
	    !read_array(reader, object, "routes", &routes))
		return false;
	if (domain_parse(domain, &port->domain, &reader->err) < 0)
		return false;
	if (ifname && link_spec_set_ifname(port, ifname, &reader->err) < 0)
		return false;
	json_array_foreach(addresses, i, item) if (!read_address(reader, item, port)) return false;
	json_array_foreach(routes, i, item) if (!read_route(reader, item, port)) return false;
	return true;
}

static bool read_mtu(struct reader *reader, json_t *parameters, struct link_spec *spec)
{
	json_t *value = json_object_get(parameters, "mtu");

	if (!value || json_is_null(value))
		return true;
	if (!json_is_integer(value))
		return bad_parameter(reader, "mtu");
	return link_spec_set_mtu(spec, json_integer_value(value), &reader->err) >= 0;
}

static bool read_link(struct reader *reader, json_t *parameters, struct link_spec *spec,
		      bool *ret_replace)
{
	static const char *const keys[] = { "a", "b", "name", "mtu", "offload", "replace" };
	const char *name;

	*ret_replace = false;
	return known_keys(reader, parameters, keys, ARRAY_SIZE(keys)) &&
	       read_port(reader, parameters, "a", &spec->ports[0]) &&
	       read_port(reader, parameters, "b", &spec->ports[1]) &&
	       read_string(reader, parameters, "name", false, &name) &&
	       (!name || link_spec_set_name(spec, name, &reader->err) >= 0) &&
	       read_mtu(reader, parameters, spec) &&
	       read_bool(reader, parameters, "offload", &spec->offload) &&
	       read_bool(reader, parameters, "replace", ret_replace);
}

static void refuse(struct varlink_call *call, const struct reader *reader)
{
	if (reader->bad)
		varlink_error_invalid_parameter(call, reader->bad);
	else
		reply_error(call, &reader->err);
}

/* --- replies out ------------------------------------------------------------------------------ */

static json_t *null_or_string(const char *text)
{
	return text[0] ? json_string(text) : json_null();
}

static json_t *addresses_to_json(const struct port_spec *port)
{
	json_t *array = json_array();

	for (size_t i = 0; i < port->n_addresses; i++) {
		char address[IP_PREFIX_TEXT_MAX], peer[IP_TEXT_MAX];

		json_array_append_new(
			array,
			json_pack(
				"{s:s, s:o}", "address",
				ip_prefix_format(&port->addresses[i].address, address), "peer",
				null_or_string(ip_address_format(&port->addresses[i].peer, peer))));
	}
	return array;
}

static json_t *routes_to_json(const struct port_spec *port)
{
	json_t *array = json_array();

	for (size_t i = 0; i < port->n_routes; i++) {
		char text[IP_PREFIX_TEXT_MAX];

		json_array_append_new(array, json_string(ip_prefix_format(&port->routes[i], text)));
	}
	return array;
}

static json_t *offloads_to_json(unsigned int offloads)
{
	const char *names[TUN_OFFLOADS_MAX];
	size_t n = tun_offload_names(offloads, names);
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_string(names[i]));
	return array;
}

static json_t *statistics_to_json(const struct port_status *status)
{
	const struct flow_counters *counters = &status->counters;

	return json_pack("{s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:I}", "packets",
			 (json_int_t)counters->packets, "bytes", (json_int_t)counters->bytes,
			 "drops", "peerDown", (json_int_t)counters->drops[DROP_PEER_DOWN],
			 "noProto", (json_int_t)counters->drops[DROP_NO_PROTO], "noMemory",
			 (json_int_t)counters->drops[DROP_NO_MEMORY], "other",
			 (json_int_t)counters->drops[DROP_OTHER], "interfaceDropped",
			 (json_int_t)status->interface_dropped);
}

static const char *state_name(enum port_state state)
{
	switch (state) {
	case PORT_UP:
		return "up";
	case PORT_DOWN:
		return "down";
	case PORT_GONE:
		break;
	}
	return "gone";
}

static json_t *port_to_json(const struct port *port, const struct port_spec *spec,
			    const struct port_status *status)
{
	char domain[DOMAIN_TEXT_MAX], link_local[IP_TEXT_MAX];

	return json_pack("{s:s, s:s, s:I, s:s, s:b, s:I, s:o, s:o, s:o, s:o, s:o}", "domain",
			 domain_format(&port->domain, domain), "interface", status->ifname, "index",
			 (json_int_t)status->index, "state", state_name(status->state), "carrier",
			 status->carrier, "mtu", (json_int_t)status->mtu, "addresses",
			 addresses_to_json(spec), "routes", routes_to_json(spec), "linkLocal",
			 null_or_string(ip_address_format(&port->link_local, link_local)),
			 "offloads", offloads_to_json(port->tun.offloads), "statistics",
			 statistics_to_json(status));
}

static json_t *link_to_json(struct manager *manager, struct rport_link *link)
{
	struct port_status status[2];
	bool up = true;

	for (int end = 0; end < 2; end++) {
		manager_port_status(manager, &link->ports[end], &status[end]);
		up = up && status[end].state == PORT_UP;
	}
	return json_pack("{s:s, s:s, s:I, s:b, s:s, s:I, s:o, s:o}", "name", link->spec.name,
			 "state", up ? "up" : "degraded", "mtu", (json_int_t)link->spec.mtu,
			 "offload", link->spec.offload, "datapath", manager_datapath(manager),
			 "worker", (json_int_t)shuttle_link_worker(link->shuttle), "a",
			 port_to_json(&link->ports[0], &link->spec.ports[0], &status[0]), "b",
			 port_to_json(&link->ports[1], &link->spec.ports[1], &status[1]));
}

/* --- methods ---------------------------------------------------------------------------------- */

static const char *result_name(enum pair_result result)
{
	switch (result) {
	case PAIR_CREATED:
		return "created";
	case PAIR_REPLACED:
		return "replaced";
	case PAIR_UNCHANGED:
		break;
	}
	return "unchanged";
}

static void method_pair(struct varlink_call *call, json_t *parameters, void *userdata)
{
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	struct manager *manager = userdata;
	struct reader reader = { 0 };
	struct rport_link *link;
	enum pair_result result;
	bool replace;

	if (!read_link(&reader, parameters, &spec, &replace)) {
		refuse(call, &reader);
		return;
	}
	if (manager_pair(manager, &spec, replace, &result, &link, &reader.err) < 0) {
		reply_error(call, &reader.err);
		return;
	}
	varlink_reply(call, json_pack("{s:s, s:o}", "result", result_name(result), "link",
				      link_to_json(manager, link)));
}

/* Find the link that the one parameter "name" names, or answer the call with what is wrong. */
static struct rport_link *named_link(struct varlink_call *call, json_t *parameters,
				     struct manager *manager)
{
	static const char *const keys[] = { "name" };
	struct reader reader = { 0 };
	struct rport_link *link;
	const char *name;

	if (!known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) ||
	    !read_string(&reader, parameters, "name", true, &name) ||
	    manager_find(manager, name, &link, &reader.err) < 0) {
		refuse(call, &reader);
		return NULL;
	}
	return link;
}

static void method_unpair(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct rport_link *link = named_link(call, parameters, userdata);
	json_t *reply;

	if (!link)
		return;
	reply = json_pack("{s:s}", "name", link->spec.name);
	manager_unpair(userdata, link);
	varlink_reply(call, reply);
}

static void method_show(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct rport_link *link = named_link(call, parameters, userdata);

	if (link)
		varlink_reply(call, json_pack("{s:o}", "link", link_to_json(userdata, link)));
}

struct listing {
	struct manager *manager;
	json_t *links;
};

static void list_link(struct rport_link *link, void *userdata)
{
	struct listing *listing = userdata;

	json_array_append_new(listing->links, link_to_json(listing->manager, link));
}

static void method_list(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct listing listing = { .manager = userdata, .links = json_array() };
	struct reader reader = { 0 };

	if (!known_keys(&reader, parameters, NULL, 0)) {
		json_decref(listing.links);
		refuse(call, &reader);
		return;
	}
	manager_foreach(userdata, list_link, &listing);
	varlink_reply(call, json_pack("{s:o}", "links", listing.links));
}

static const struct varlink_method methods[] = {
	{ .name = "Pair", .run = method_pair, .changes = true },
	{ .name = "Unpair", .run = method_unpair, .changes = true },
	{ .name = "List", .run = method_list },
	{ .name = "Show", .run = method_show },
};

const struct varlink_interface api_interface = {
	.name = INTERFACE,
	.description = interface_description,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};
