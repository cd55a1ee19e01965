/* SPDX-License-Identifier: ISC */

/* The methods about ports: the verbs of rport(4). */

#include "api/audit.h"
#include "api/files.h"
#include "api/ports.h"
#include "api/reply.h"
#include "api/write.h"
#include "base/escape.h"
#include "manager/pair.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/status.h"
#include "port/property.h"

/* --- CreatePort, DestroyPort ------------------------------------------------------------------ */

void api_method_create_port(struct varlink_call *call, json_t *parameters, void *userdata)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	struct api_reader reader = { 0 };
	struct api *api = userdata;
	struct port *port;
	int r = -EINVAL;

	property_use_standards(&spec);
	if (api_read_port(&reader, parameters, &spec)) {
		api_about_spec(api, "", &spec, 1);
		r = pair_create_port(api->manager, &spec, &port, &reader.err);
	}
	if (r < 0) {
		api_refuse(call, &reader);
		return;
	}
	api_about_port(api, port);
	varlink_reply(call, json_pack("{s:s, s:o}", "result", r > 0 ? "created" : "unchanged",
				      "port", api_port_to_json(port)));
}

void api_method_destroy_port(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct port *port = api_named_port(call, parameters, api->manager);
	char name[PORT_TEXT_MAX];

	if (!port)
		return;
	port_format(port, name);
	api_about_port(api, port);
	manager_destroy_port(api->manager, port);
	varlink_reply(call, json_pack("{s:o}", "port", escape_json(name)));
}

/* --- SetUp ------------------------------------------------------------------------------------ */

struct up_request {
	const char *port;
	bool up;
};

static const struct api_field up_fields[] = {
	API_REQUIRED("port", api_field_string, offsetof(struct up_request, port)),
	API_REQUIRED("up", api_field_bool, offsetof(struct up_request, up)),
};

void api_method_set_up(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct up_request request = { 0 };
	struct api *api = userdata;
	struct rport_error err;
	struct port *port;
	int r;

	if (!api_read_or_refuse(call, parameters, up_fields, ARRAY_SIZE(up_fields), &request))
		return;
	r = manager_find_port(api->manager, request.port, &port, &err);
	if (r >= 0) {
		api_about_port(api, port);
		r = manager_set_up(api->manager, port, request.up, &err);
	}
	if (r < 0)
		api_reply_error(call, &err);
	else
		api_reply_changed(call, r > 0, "port", api_port_to_json(port));
}

/* --- what is set, and its file ---------------------------------------------------------------- */

/*
 * Persist what was set of the link that a port belongs to, if that is asked for, and answer. What
 * cannot be persisted is set all the same.
 */
static void reply_set(struct varlink_call *call, struct api *api, struct rport_link *link,
		      bool persist, json_t *reply)
{
	_cleanup_config_written_ struct config_written written = { 0 };
	struct rport_error err;
	int r = 0;

	if (persist && !link)
		r = rport_error_set(&err, RPORT_ERR_INVALID, EINVAL,
				    "a port without a peer has no file");
	else if (persist)
		r = api_persist(api, link, true, &written, &err);
	if (r < 0) {
		json_decref(reply);
		rport_error_prefix(&err, "it is set, but will not be after a restart: ");
		api_reply_error(call, &err);
		return;
	}
	json_object_set_new(reply, "configured", json_boolean(link && link->configured));
	json_object_set_new(reply, "persisted", api_written_to_json(&written));
	varlink_reply(call, reply);
}

static json_t *changed_ports(bool changed, struct port *const ports[], int n)
{
	json_t *array = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(array, api_port_to_json(ports[i]));
	return json_pack("{s:b, s:o}", "changed", changed, "ports", array);
}

/* --- SetMtu ----------------------------------------------------------------------------------- */

struct mtu_request {
	const char *name;
	int64_t mtu;
	bool persist;
};

static const struct api_field mtu_fields[] = {
	API_REQUIRED("name", api_field_string, offsetof(struct mtu_request, name)),
	API_REQUIRED("mtu", api_field_int, offsetof(struct mtu_request, mtu)),
	API_OPTIONAL("persist", api_field_bool, offsetof(struct mtu_request, persist)),
};

/* The port of that name, or both ports of the link of that name. Return: how many, or -errno. */
static int ports_of(struct api *api, const char *name, struct port *ret[static 2],
		    struct rport_error *err)
{
	struct rport_link *link = table_link_by_name(manager_table(api->manager), name);
	int r;

	if (!link) {
		r = manager_find_port(api->manager, name, &ret[0], err);
		if (r < 0)
			return r;
		api_about_port(api, ret[0]);
		return 1;
	}
	api_about_link(api, link);
	ret[0] = link->ports[0];
	ret[1] = link->ports[1];
	return 2;
}

void api_method_set_mtu(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct mtu_request request = { 0 };
	struct api *api = userdata;
	struct rport_error err;
	struct port *ports[2];
	int n, r;

	if (!api_read_or_refuse(call, parameters, mtu_fields, ARRAY_SIZE(mtu_fields), &request))
		return;
	r = n = ports_of(api, request.name, ports, &err);
	if (r >= 0)
		r = manager_set_mtu(api->manager, ports, (size_t)n, request.mtu, &err);
	if (r < 0)
		api_reply_error(call, &err);
	else
		reply_set(call, api, ports[0]->link, request.persist,
			  changed_ports(r > 0, ports, n));
}

/* --- SetFastPath ------------------------------------------------------------------------------ */

struct fastpath_request {
	const char *name;
	bool on;
	bool persist;
};

static const struct api_field fastpath_fields[] = {
	API_REQUIRED("name", api_field_string, offsetof(struct fastpath_request, name)),
	API_REQUIRED("on", api_field_bool, offsetof(struct fastpath_request, on)),
	API_OPTIONAL("persist", api_field_bool, offsetof(struct fastpath_request, persist)),
};

void api_method_set_fastpath(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct fastpath_request request = { 0 };
	struct api *api = userdata;
	struct rport_error err;
	struct port *ports[2];
	int n;

	if (!api_read_or_refuse(call, parameters, fastpath_fields, ARRAY_SIZE(fastpath_fields),
				&request))
		return;
	n = ports_of(api, request.name, ports, &err);
	if (n < 0)
		api_reply_error(call, &err);
	else
		reply_set(call, api, ports[0]->link, request.persist,
			  changed_ports(manager_set_fastpath(api->manager, ports, (size_t)n,
							     request.on),
					ports, n));
}

/* --- SetName ---------------------------------------------------------------------------------- */

struct name_request {
	const char *name;
	const char *new_name;
	bool persist;
};

static const struct api_field name_fields[] = {
	API_REQUIRED("name", api_field_string, offsetof(struct name_request, name)),
	API_REQUIRED("newName", api_field_string, offsetof(struct name_request, new_name)),
	API_OPTIONAL("persist", api_field_bool, offsetof(struct name_request, persist)),
};

void api_method_set_name(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct name_request request = { 0 };
	struct api *api = userdata;
	struct rport_link *link;
	struct port *port = NULL;
	struct rport_error err;
	int r = 0;

	if (!api_read_or_refuse(call, parameters, name_fields, ARRAY_SIZE(name_fields), &request))
		return;
	link = table_link_by_name(manager_table(api->manager), request.name);
	if (!link)
		r = manager_find_port(api->manager, request.name, &port, &err);
	if (link)
		api_about_link(api, link);
	else if (r >= 0)
		api_about_port(api, port);
	if (r >= 0)
		r = link ? manager_rename_link(api->manager, link, request.new_name, &err)
			 : manager_rename_port(api->manager, port, request.new_name, &err);
	if (r < 0) {
		api_reply_error(call, &err);
		return;
	}
	reply_set(call, api, link || !port ? link : port->link, request.persist,
		  json_pack("{s:b, s:o, s:o}", "changed", r > 0, "link",
			    link ? api_link_to_json(api->manager, link) : json_null(), "port",
			    port ? api_port_to_json(port) : json_null()));
}

/* --- SetParent, GetParent, DeleteParent ------------------------------------------------------- */

struct parent_request {
	const char *port;
	const char *parent;
};

static const struct api_field parent_fields[] = {
	API_REQUIRED("port", api_field_string, offsetof(struct parent_request, port)),
	API_REQUIRED("parent", api_field_string, offsetof(struct parent_request, parent)),
};

/* As rport(4) has it, an unknown parent is EINVAL. */
static int find_parent(struct manager *manager, const char *name, struct port **ret,
		       struct rport_error *err)
{
	int r = manager_find_port(manager, name, ret, err);

	if (r >= 0 || err->kind != RPORT_ERR_PORT_NOT_FOUND)
		return r;
	err->kind = RPORT_ERR_PARENT_NOT_FOUND;
	err->errnum = EINVAL;
	rport_error_prefix(err, "cannot set the parent: ");
	return -EINVAL;
}

void api_method_set_parent(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct parent_request request = { 0 };
	struct port *port, *parent;
	struct api *api = userdata;
	struct rport_error err;
	int r;

	if (!api_read_or_refuse(call, parameters, parent_fields, ARRAY_SIZE(parent_fields),
				&request))
		return;
	r = manager_find_port(api->manager, request.port, &port, &err);
	if (r >= 0)
		r = find_parent(api->manager, request.parent, &parent, &err);
	if (r >= 0) {
		api_about_ports(api, port, parent);
		r = manager_set_parent(api->manager, port, parent, NULL, &err);
	}
	if (r < 0) {
		api_reply_error(call, &err);
		return;
	}
	api_about_link(api, port->link);
	api_reply_changed(call, r > 0, "link", api_link_to_json(api->manager, port->link));
}

void api_method_get_parent(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct port *port = api_named_port(call, parameters, api->manager);
	struct rport_error err;
	struct port *parent;

	if (!port)
		return;
	if (manager_get_parent(port, &parent, &err) < 0)
		api_reply_error(call, &err);
	else
		varlink_reply(call, json_pack("{s:o}", "parent", api_port_to_json(parent)));
}

void api_method_delete_parent(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct port *port = api_named_port(call, parameters, api->manager);
	int r;

	if (!port)
		return;
	api_about_port(api, port);
	r = manager_delete_parent(api->manager, port);
	api_reply_changed(call, r > 0, "port", api_port_to_json(port));
}
