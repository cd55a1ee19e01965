/* SPDX-License-Identifier: ISC */
#include "api/write.h"
#include "api/api-private.h"
#include "base/escape.h"
#include "config/config.h"
#include "api/description.h"
#include "manager/pair.h"

/* --- errors ----------------------------------------------------------------------------------- */

static const char *error_name(enum rport_error_kind kind)
{
	switch (kind) {
	case RPORT_ERR_SYSTEM:
		return API_INTERFACE ".SystemError";
	case RPORT_ERR_INVALID:
		return API_INTERFACE ".InvalidArgument";
	case RPORT_ERR_LINK_NOT_FOUND:
		return API_INTERFACE ".LinkNotFound";
	case RPORT_ERR_PORT_NOT_FOUND:
		return API_INTERFACE ".PortNotFound";
	case RPORT_ERR_DOMAIN_NOT_FOUND:
		return API_INTERFACE ".DomainNotFound";
	case RPORT_ERR_AMBIGUOUS:
		return API_INTERFACE ".NameAmbiguous";
	case RPORT_ERR_LINK_EXISTS:
		return API_INTERFACE ".LinkExists";
	case RPORT_ERR_PORT_EXISTS:
		return API_INTERFACE ".PortExists";
	case RPORT_ERR_INTERFACE_EXISTS:
		return API_INTERFACE ".InterfaceExists";
	case RPORT_ERR_PARENT_NOT_FOUND:
		return API_INTERFACE ".ParentNotFound";
	case RPORT_ERR_PARENT_IS_SELF:
		return API_INTERFACE ".ParentIsSelf";
	case RPORT_ERR_NOT_RPORT:
		return API_INTERFACE ".NotAPort";
	case RPORT_ERR_PORT_BUSY:
		return API_INTERFACE ".PortBusy";
	case RPORT_ERR_PORTS_DIFFER:
		return API_INTERFACE ".PortsDiffer";
	case RPORT_ERR_NO_PARENT:
		return API_INTERFACE ".NoParent";
	case RPORT_ERR_LIMIT:
		return API_INTERFACE ".LimitReached";
	}
	return API_INTERFACE ".SystemError";
}

void api_reply_error(struct varlink_call *call, const struct rport_error *err)
{
	varlink_error(call, error_name(err->kind),
		      json_pack("{s:o, s:i}", "message", escape_json(err->message), "errno",
				err->errnum));
}

void api_refuse(struct varlink_call *call, const struct api_reader *reader)
{
	if (reader->bad)
		varlink_error_invalid_parameter(call, reader->bad);
	else
		api_reply_error(call, &reader->err);
}

static struct manager *manager_of(void *userdata)
{
	struct api *api = userdata;

	return api->manager;
}

/* --- links ------------------------------------------------------------------------------------ */

static const char *result_name(enum pair_result result)
{
	switch (result) {
	case PAIR_CREATED:
		return "created";
	case PAIR_REPLACED:
		return "replaced";
	case PAIR_CHANGED:
		return "changed";
	case PAIR_UNCHANGED:
		break;
	}
	return "unchanged";
}

/* The file of a link is part of it: without, a link that was made for it is not kept. */
static int persist(struct api *api, enum pair_result result, struct rport_link *link,
		   struct rport_error *err)
{
	int r = api_persist(api, link, err);

	if (r >= 0)
		return r;
	if (result == PAIR_CREATED)
		manager_destroy_link(api->manager, link);
	else
		rport_error_prefix(err, "the link is there, but will not be after a restart: ");
	return r;
}

static void method_pair(struct varlink_call *call, json_t *parameters, void *userdata)
{
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	struct api_pair_options options = { 0 };
	struct api_reader reader = { 0 };
	struct api *api = userdata;
	struct rport_link *link;
	enum pair_result result;
	int r = -EINVAL;

	if (api_read_link(&reader, parameters, &spec, &options))
		r = pair_domains(api->manager, &spec, options.replace, &result, &link, &reader.err);
	if (r >= 0 && options.persist)
		r = persist(api, result, link, &reader.err);
	if (r < 0)
		api_refuse(call, &reader);
	else
		varlink_reply(call, json_pack("{s:s, s:o}", "result", result_name(result), "link",
					      api_link_to_json(api->manager, link)));
}

static void method_unpair(struct varlink_call *call, json_t *parameters, void *userdata)
{
	static const char *const keys[] = { "name", "persist" };
	struct api_reader reader = { 0 };
	char name[LINK_NAME_MAX + 1];
	struct api *api = userdata;
	struct rport_link *link;
	bool persist = false;
	bool configured;
	int r = -EINVAL;

	if (api_known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) &&
	    api_read_bool(&reader, parameters, "persist", &persist))
		r = api_find_link(&reader, parameters, api->manager, &link);
	if (r >= 0 && persist)
		r = config_remove(api->config_path, link->name, &reader.err);
	if (r < 0) {
		api_refuse(call, &reader);
		return;
	}
	memcpy(name, link->name, sizeof(name));
	configured = link->configured && !persist;
	manager_destroy_link(api->manager, link);
	manager_update_ports(api->manager);
	varlink_reply(call, json_pack("{s:s, s:b}", "name", name, "configured", configured));
}

int api_find_link(struct api_reader *reader, json_t *parameters, struct manager *manager,
		  struct rport_link **ret)
{
	const char *name;

	if (!api_read_string(reader, parameters, "name", true, &name))
		return -EINVAL;
	return table_find_link(manager_table(manager), name, ret, &reader->err);
}

struct rport_link *api_named_link(struct varlink_call *call, json_t *parameters,
				  struct manager *manager)
{
	static const char *const keys[] = { "name" };
	struct api_reader reader = { 0 };
	struct rport_link *link;

	if (!api_known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) ||
	    api_find_link(&reader, parameters, manager, &link) < 0) {
		api_refuse(call, &reader);
		return NULL;
	}
	return link;
}

static void method_show(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	struct rport_link *link = api_named_link(call, parameters, manager);

	if (!link)
		return;
	if (varlink_call_may_change(call))
		manager_ask_link(manager, link);
	varlink_reply(call, json_pack("{s:o}", "link", api_link_to_json(manager, link)));
}

static void add_restored(const struct port *port, const char *what, void *userdata)
{
	_cleanup_free_ char *text = NULL;
	char name[PORT_TEXT_MAX];

	if (asprintf(&text, "%s: %s", port_format(port, name), what) < 0) {
		text = NULL; /* undefined then */
		return;
	}
	json_array_append_new(userdata, escape_json(text));
}

/* What fails at one end is no reason to leave the other as it is. Return: how many ends failed. */
static int reconcile_ends(struct manager *manager, struct rport_link *link, json_t *restored,
			  struct rport_error *err)
{
	struct rport_error why;
	int failed = 0;

	for (int end = 0; end < 2; end++)
		if (manager_reconcile(manager, link->ports[end], add_restored, restored, &why) <
			    0 &&
		    failed++ == 0)
			*err = why;
	return failed;
}

static void method_reconcile(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	struct rport_link *link = api_named_link(call, parameters, manager);
	struct rport_error err;
	json_t *restored;
	bool changed;

	if (!link)
		return;
	restored = json_array();
	if (reconcile_ends(manager, link, restored, &err) > 0) {
		json_decref(restored);
		api_reply_error(call, &err);
		return;
	}
	changed = json_array_size(restored) > 0;
	varlink_reply(call, json_pack("{s:b, s:o, s:o}", "changed", changed, "restored", restored,
				      "link", api_link_to_json(manager, link)));
}

/* --- ports ------------------------------------------------------------------------------------ */

static void method_create_port(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	struct api_reader reader = { 0 };
	struct port *port;
	int r;

	if (!api_read_port(&reader, parameters, &spec)) {
		api_refuse(call, &reader);
		return;
	}
	r = pair_create_port(manager, &spec, &port, &reader.err);
	if (r < 0) {
		api_refuse(call, &reader);
		return;
	}
	varlink_reply(call, json_pack("{s:s, s:o}", "result", r > 0 ? "created" : "unchanged",
				      "port", api_port_to_json(port)));
}

/*
 * A port by its name, for those who may not change anything: in the table alone. That somebody has
 * an interface of that name, or a namespace, is not for them to know.
 */
static bool read_known_port(struct api_reader *reader, json_t *parameters, struct manager *manager,
			    struct port **ret)
{
	const char *name;

	return api_read_string(reader, parameters, "port", true, &name) &&
	       table_find_port(manager_table(manager), name, ret, &reader->err) >= 0;
}

/* The port that the parameter @key names. */
static bool read_port_name(struct api_reader *reader, json_t *parameters, const char *key,
			   struct manager *manager, struct port **ret)
{
	const char *name;

	return api_read_string(reader, parameters, key, true, &name) &&
	       manager_find_port(manager, name, ret, &reader->err) >= 0;
}

/* Find the port that the one parameter "port" names, or answer the call with what is wrong. */
static struct port *named_port(struct varlink_call *call, json_t *parameters,
			       struct manager *manager)
{
	static const char *const keys[] = { "port" };
	struct api_reader reader = { 0 };
	struct port *port;

	if (api_known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) &&
	    (varlink_call_may_change(call)
		     ? read_port_name(&reader, parameters, "port", manager, &port)
		     : read_known_port(&reader, parameters, manager, &port)))
		return port;
	api_refuse(call, &reader);
	return NULL;
}

static void method_destroy_port(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	struct port *port = named_port(call, parameters, manager);
	char name[PORT_TEXT_MAX];

	if (!port)
		return;
	port_format(port, name);
	manager_destroy_port(manager, port);
	varlink_reply(call, json_pack("{s:o}", "port", escape_json(name)));
}

static void reply_changed(struct varlink_call *call, bool changed, const char *key, json_t *value)
{
	varlink_reply(call, json_pack("{s:b, s:o}", "changed", changed, key, value));
}

static void method_set_up(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	static const char *const keys[] = { "port", "up" };
	struct api_reader reader = { 0 };
	struct port *port;
	bool up = false;
	int r = -EINVAL;

	if (json_is_null(json_object_get(parameters, "up")) || !json_object_get(parameters, "up"))
		reader.bad = "up";
	else if (api_known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) &&
		 read_port_name(&reader, parameters, "port", manager, &port) &&
		 api_read_bool(&reader, parameters, "up", &up))
		r = manager_set_up(manager, port, up, &reader.err);
	if (r < 0)
		api_refuse(call, &reader);
	else
		reply_changed(call, r > 0, "port", api_port_to_json(port));
}

/* The port of that name, or both ports of the link of that name. */
static int ports_of(struct manager *manager, const char *name, struct port *ret[static 2],
		    struct rport_error *err)
{
	struct rport_link *link = table_link_by_name(manager_table(manager), name);
	int r;

	if (!link) {
		r = manager_find_port(manager, name, &ret[0], err);
		return r < 0 ? r : 1;
	}
	ret[0] = link->ports[0];
	ret[1] = link->ports[1];
	return 2;
}

static void method_set_mtu(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	static const char *const keys[] = { "name", "mtu" };
	struct api_reader reader = { 0 };
	struct port *ports[2];
	int n = 0, r = -EINVAL;
	const char *name;
	json_t *array;
	int64_t mtu;

	if (api_known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) &&
	    api_read_string(&reader, parameters, "name", true, &name) &&
	    api_read_int(&reader, parameters, "mtu", true, &mtu)) {
		n = ports_of(manager, name, ports, &reader.err);
		r = n < 0 ? n : manager_set_mtu(manager, ports, (size_t)n, mtu, &reader.err);
	}
	if (r < 0) {
		api_refuse(call, &reader);
		return;
	}
	array = json_array();
	for (int i = 0; i < n; i++)
		json_array_append_new(array, api_port_to_json(ports[i]));
	reply_changed(call, r > 0, "ports", array);
}

static void method_set_parent(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	static const char *const keys[] = { "port", "parent" };
	struct port *port, *parent;
	struct api_reader reader = { 0 };
	int r = -EINVAL;

	if (api_known_keys(&reader, parameters, keys, ARRAY_SIZE(keys)) &&
	    read_port_name(&reader, parameters, "port", manager, &port)) {
		if (read_port_name(&reader, parameters, "parent", manager, &parent)) {
			r = manager_set_parent(manager, port, parent, NULL, &reader.err);
		} else if (!reader.bad && reader.err.kind == RPORT_ERR_PORT_NOT_FOUND) {
			/* rport(4): no such interface as the parent is EINVAL */
			reader.err.kind = RPORT_ERR_PARENT_NOT_FOUND;
			reader.err.errnum = EINVAL;
			rport_error_prefix(&reader.err, "cannot set the parent: ");
		}
	}
	if (r < 0)
		api_refuse(call, &reader);
	else
		reply_changed(call, r > 0, "link", api_link_to_json(manager, port->link));
}

static void method_get_parent(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	struct port *port = named_port(call, parameters, manager);
	struct rport_error err;
	struct port *parent;

	if (!port)
		return;
	if (manager_get_parent(port, &parent, &err) < 0)
		api_reply_error(call, &err);
	else
		varlink_reply(call, json_pack("{s:o}", "parent", api_port_to_json(parent)));
}

static void method_delete_parent(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct manager *manager = manager_of(userdata);
	struct port *port = named_port(call, parameters, manager);
	int r;

	if (!port)
		return;
	r = manager_delete_parent(manager, port);
	reply_changed(call, r > 0, "port", api_port_to_json(port));
}

static const struct varlink_method methods[] = {
	{ .name = "Pair", .run = method_pair, .changes = true },
	{ .name = "Unpair", .run = method_unpair, .changes = true },
	{ .name = "Reconcile", .run = method_reconcile, .changes = true },
	{ .name = "Export", .run = api_method_export },
	{ .name = "Reload", .run = api_method_reload, .changes = true },
	{ .name = "Monitor", .run = api_method_monitor },
	{ .name = "List", .run = api_method_list },
	{ .name = "Show", .run = method_show },
	{ .name = "CreatePort", .run = method_create_port, .changes = true },
	{ .name = "DestroyPort", .run = method_destroy_port, .changes = true },
	{ .name = "SetUp", .run = method_set_up, .changes = true },
	{ .name = "SetMtu", .run = method_set_mtu, .changes = true },
	{ .name = "SetParent", .run = method_set_parent, .changes = true },
	{ .name = "GetParent", .run = method_get_parent },
	{ .name = "DeleteParent", .run = method_delete_parent, .changes = true },
	{ .name = "ListPorts", .run = api_method_list_ports },
};

const struct varlink_interface api_interface = {
	.name = API_INTERFACE,
	.description = interface_description,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};

int api_new(struct manager *manager, const char *config_path, struct api **ret)
{
	struct api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return -ENOMEM;
	api->manager = manager;
	api->config_path = config_path;
	r = api_monitor_new(manager, &api->monitor);
	if (r < 0) {
		free(api);
		return r;
	}
	*ret = api;
	return 0;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	api_monitor_free(api->monitor);
	free(api);
}
