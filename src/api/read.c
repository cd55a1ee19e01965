/* SPDX-License-Identifier: ISC */

/* The parameters of a call, from JSON to what the manager takes. */

#include "api/read.h"
#include "base/escape.h"
#include "port/property.h"

/* --- fields ----------------------------------------------------------------------------------- */

static bool bad_parameter(struct api_reader *reader, const char *name)
{
	reader->bad = name;
	return false;
}

static bool knows_all(struct api_reader *reader, json_t *object, const struct api_field *fields,
		      size_t n_fields)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		size_t i = 0;

		while (i < n_fields && !streq(key, fields[i].name))
			i++;
		if (i == n_fields)
			return bad_parameter(reader, key);
	}
	return true;
}

bool api_read_fields(struct api_reader *reader, json_t *object, const struct api_field *fields,
		     size_t n_fields, void *target)
{
	if (!knows_all(reader, object, fields, n_fields))
		return false;
	for (size_t i = 0; i < n_fields; i++) {
		const struct api_field *field = &fields[i];
		json_t *value = json_object_get(object, field->name);

		if (value && !json_is_null(value)) {
			if (!field->read(reader, field, value, target))
				return false;
		} else if (field->required) {
			return bad_parameter(reader, field->name);
		}
	}
	return true;
}

static void *field_in(const struct api_field *field, void *target)
{
	return (char *)target + field->offset;
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

/* Return: the string, which @value keeps, or NULL after bad_parameter(). */
static const char *take_string(struct api_reader *reader, const struct api_field *field,
			       json_t *value)
{
	const char *text = json_string_value(value);

	/* json_string_value() ends at an embedded NUL: such a string is not what it seems */
	if (!text || strlen(text) != json_string_length(value) || decode(value) < 0) {
		bad_parameter(reader, field->name);
		return NULL;
	}
	return json_string_value(value);
}

bool api_field_string(struct api_reader *reader, const struct api_field *field, json_t *value,
		      void *target)
{
	const char *text = take_string(reader, field, value);

	if (text)
		*(const char **)field_in(field, target) = text;
	return text;
}

bool api_field_bool(struct api_reader *reader, const struct api_field *field, json_t *value,
		    void *target)
{
	if (!json_is_boolean(value))
		return bad_parameter(reader, field->name);
	*(bool *)field_in(field, target) = json_is_true(value);
	return true;
}

bool api_field_int(struct api_reader *reader, const struct api_field *field, json_t *value,
		   void *target)
{
	if (!json_is_integer(value))
		return bad_parameter(reader, field->name);
	*(int64_t *)field_in(field, target) = json_integer_value(value);
	return true;
}

/* --- PortParameters --------------------------------------------------------------------------- */

struct address {
	const char *address, *peer;
};

static const struct api_field address_fields[] = {
	API_REQUIRED("address", api_field_string, offsetof(struct address, address)),
	API_OPTIONAL("peer", api_field_string, offsetof(struct address, peer)),
};

/* An array, of which @read_item takes each member as its own field. */
static bool read_array(struct api_reader *reader, const struct api_field *field, json_t *value,
		       void *target,
		       bool (*read_item)(struct api_reader *reader, const struct api_field *field,
					 json_t *item, struct port_spec *port))
{
	json_t *item;
	size_t i;

	if (!json_is_array(value))
		return bad_parameter(reader, field->name);
	json_array_foreach(value, i, item)
	{
		if (!read_item(reader, field, item, target))
			return false;
	}
	return true;
}

static bool read_address(struct api_reader *reader, const struct api_field *field, json_t *item,
			 struct port_spec *port)
{
	struct address address = { 0 };

	if (!json_is_object(item))
		return bad_parameter(reader, field->name);
	return api_read_fields(reader, item, address_fields, ARRAY_SIZE(address_fields),
			       &address) &&
	       port_spec_add_address(port, address.address, address.peer, &reader->err) >= 0;
}

static bool read_addresses(struct api_reader *reader, const struct api_field *field, json_t *value,
			   void *target)
{
	return read_array(reader, field, value, target, read_address);
}

static bool read_route(struct api_reader *reader, const struct api_field *field, json_t *item,
		       struct port_spec *port)
{
	if (!json_is_string(item))
		return bad_parameter(reader, field->name);
	return port_spec_add_route(port, json_string_value(item), &reader->err) >= 0;
}

static bool read_routes(struct api_reader *reader, const struct api_field *field, json_t *value,
			void *target)
{
	return read_array(reader, field, value, target, read_route);
}

static bool read_domain(struct api_reader *reader, const struct api_field *field, json_t *value,
			void *target)
{
	struct port_spec *port = target;
	const char *text = take_string(reader, field, value);

	return text && domain_parse(text, &port->domain, &reader->err) >= 0;
}

static bool read_interface(struct api_reader *reader, const struct api_field *field, json_t *value,
			   void *target)
{
	const char *text = take_string(reader, field, value);

	return text && port_spec_set_ifname(target, text, &reader->err) >= 0;
}

/* Their target is a struct port_spec. */
static const struct api_field port_fields[] = {
	API_REQUIRED("domain", read_domain, 0),
	API_OPTIONAL("interface", read_interface, 0),
	API_OPTIONAL("addresses", read_addresses, 0),
	API_OPTIONAL("routes", read_routes, 0),
};

static bool read_port(struct api_reader *reader, const struct api_field *field, json_t *value,
		      void *target)
{
	if (!json_is_object(value))
		return bad_parameter(reader, field->name);
	return api_read_fields(reader, value, port_fields, ARRAY_SIZE(port_fields),
			       field_in(field, target));
}

/* --- CreatePort and Pair ---------------------------------------------------------------------- */

/* What a call says of the ports it makes, all alike. */
struct common {
	int64_t values[N_PROPERTIES];
};

static struct common common_defaults(const struct port_spec *port)
{
	struct common common;

	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		common.values[id] = property_get(port, id);
	return common;
}

static bool set_common(struct api_reader *reader, const struct common *common,
		       struct port_spec *port)
{
	for (enum property_id id = 0; id < N_PROPERTIES; id++)
		if (property_set(port, id, common->values[id], &reader->err) < 0)
			return false;
	return true;
}

static bool read_property(struct api_reader *reader, const struct api_field *field, json_t *value,
			  void *target)
{
	bool on;

	if (property_by_name(field->name)->type != PROPERTY_SWITCH)
		return api_field_int(reader, field, value, target);
	if (!api_field_bool(reader, &(struct api_field){ .name = field->name }, value, &on))
		return false;
	*(int64_t *)field_in(field, target) = on;
	return true;
}

struct port_request {
	struct port_spec port;
	struct common common;
};

#define PORT_FIELD(id_, member_, ...)         \
	API_OPTIONAL(#member_, read_property, \
		     offsetof(struct port_request, common.values[PROPERTY_##id_])),

/* clang-format off */
static const struct api_field create_fields[] = {
	API_REQUIRED("port", read_port, offsetof(struct port_request, port)),
	PORT_PROPERTIES(PORT_FIELD)
};
/* clang-format on */

bool api_read_port(struct api_reader *reader, json_t *parameters, struct port_spec *ret)
{
	struct port_request request = { .port = *ret, .common = common_defaults(ret) };
	bool done = api_read_fields(reader, parameters, create_fields, ARRAY_SIZE(create_fields),
				    &request);

	*ret = request.port; /* with what was allocated before a failure */
	return done && set_common(reader, &request.common, ret);
}

struct link_request {
	struct link_spec link;
	struct common common;
	const char *name;
	struct api_pair_options options;
};

#define LINK_FIELD(id_, member_, ...)         \
	API_OPTIONAL(#member_, read_property, \
		     offsetof(struct link_request, common.values[PROPERTY_##id_])),

static const struct api_field pair_fields[] = {
	API_REQUIRED("a", read_port, offsetof(struct link_request, link.ports[0])),
	API_REQUIRED("b", read_port, offsetof(struct link_request, link.ports[1])),
	/* clang-format off */
	PORT_PROPERTIES(LINK_FIELD)
	/* clang-format on */
	API_OPTIONAL("name", api_field_string, offsetof(struct link_request, name)),
	API_OPTIONAL("wait", api_field_bool, offsetof(struct link_request, link.wait)),
	API_OPTIONAL("replace", api_field_bool, offsetof(struct link_request, options.replace)),
	API_OPTIONAL("persist", api_field_bool, offsetof(struct link_request, options.persist)),
	API_OPTIONAL("dryRun", api_field_bool, offsetof(struct link_request, options.dry_run)),
};

bool api_read_link(struct api_reader *reader, json_t *parameters, struct link_spec *ret,
		   struct api_pair_options *ret_options)
{
	struct link_request request = { .link = *ret, .common = common_defaults(&ret->ports[0]) };
	bool done =
		api_read_fields(reader, parameters, pair_fields, ARRAY_SIZE(pair_fields), &request);

	*ret = request.link; /* with what was allocated before a failure */
	*ret_options = request.options;
	return done && set_common(reader, &request.common, &ret->ports[0]) &&
	       set_common(reader, &request.common, &ret->ports[1]) &&
	       (!request.name || link_spec_set_name(ret, request.name, &reader->err) >= 0);
}
