/* SPDX-License-Identifier: ISC */

/* The methods about NAME.rport files: Export and Reload; and what Pair does for its "persist". */

#include <stdio.h>

#include "api/files.h"
#include "api/reply.h"
#include "base/escape.h"
#include "base/notify.h"
#include "config/config.h"
#include "manager/reload.h"
#include "manager/table.h"

/* A link as a file would say it; it borrows what its ports hold. */
static struct link_spec borrow_spec(const struct rport_link *link)
{
	struct link_spec spec = { .wait = true };

	memcpy(spec.name, link->name, sizeof(spec.name));
	for (int end = 0; end < 2; end++) {
		spec.ports[end] = link->ports[end]->spec;
		if (spec.ports[end].domain.netns == DOMAIN_NETNS_PID)
			spec.wait = false; /* it would be refused: a process cannot be waited for */
	}
	return spec;
}

int api_persist(struct api *api, struct rport_link *link, struct rport_error *err)
{
	struct link_spec spec = borrow_spec(link);
	int r = config_write(api->config_path, &spec, err);

	if (r >= 0)
		manager_set_configured(api->manager, link, true);
	return r;
}

/* --- Export ----------------------------------------------------------------------------------- */

/* Where config_write() would write it. */
static json_t *file_of(const struct api *api, const struct rport_link *link)
{
	const char *end = strchrnul(api->config_path, ':');
	_cleanup_free_ char *file = NULL;

	if (asprintf(&file, "%.*s/%s.rport", (int)(end - api->config_path), api->config_path,
		     link->name) < 0) {
		file = NULL; /* undefined then */
		return NULL;
	}
	return escape_json(file);
}

void api_method_export(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct rport_link *link = api_named_link(call, parameters, api->manager);
	_cleanup_free_ char *text = NULL;
	struct link_spec spec;

	if (!link)
		return;
	spec = borrow_spec(link);
	text = config_format(&spec);
	varlink_reply(call, text ? json_pack("{s:s, s:o}", "text", text, "file", file_of(api, link))
				 : NULL);
}

/* --- Reload ----------------------------------------------------------------------------------- */

static const char *const result_keys[] = {
	[RELOAD_ADDED] = "added",     [RELOAD_CHANGED] = "changed",
	[RELOAD_REMOVED] = "removed", [RELOAD_UNCHANGED] = "unchanged",
	[RELOAD_FAILED] = "failed",
};

static json_t *result_to_json(enum reload_result result, const char *name, const char *text)
{
	switch (result) {
	case RELOAD_CHANGED:
		return json_pack("{s:s, s:o}", "name", name, "difference", escape_json(text));
	case RELOAD_FAILED:
		return json_pack("{s:s, s:o}", "name", name, "message", escape_json(text));
	case RELOAD_ADDED:
	case RELOAD_REMOVED:
	case RELOAD_UNCHANGED:
		break;
	}
	return json_string(name);
}

static void add_link(enum reload_result result, const char *name, const char *text, void *userdata)
{
	notify_progress();
	json_array_append_new(json_object_get(userdata, result_keys[result]),
			      result_to_json(result, name, text));
}

static void add_problem(enum config_severity severity, const char *file, unsigned int line,
			const char *message, void *userdata)
{
	json_array_append_new(json_object_get(userdata, "problems"),
			      json_pack("{s:o, s:I, s:s, s:o}", "file", escape_json(file), "line",
					(json_int_t)line, "severity",
					severity == CONFIG_ERROR ? "error" : "warning", "message",
					escape_json(message)));
}

static int reload_told(struct api *api, bool dry_run, const struct reload_listener *listener,
		       struct rport_error *err)
{
	int r;

	if (!dry_run)
		notify_reloading();
	r = reload_links(api->manager, api->config_path, dry_run, listener, err);
	if (!dry_run)
		notify_ready();
	return r;
}

void api_method_reload(struct varlink_call *call, json_t *parameters, void *userdata)
{
	static const struct api_field fields[] = { API_OPTIONAL("dryRun", api_field_bool, 0) };
	struct reload_listener listener = { .link = add_link, .problem = add_problem };
	struct api *api = userdata;
	struct rport_error err;
	bool dry_run = false;
	json_t *reply;

	if (!api_read_or_refuse(call, parameters, fields, ARRAY_SIZE(fields), &dry_run))
		return;
	reply = json_pack("{s:[], s:[], s:[], s:[], s:[], s:[]}", "added", "changed", "removed",
			  "unchanged", "failed", "problems");
	listener.userdata = reply;
	if (reload_told(api, dry_run, &listener, &err) < 0) {
		json_decref(reply);
		api_reply_error(call, &err);
		return;
	}
	varlink_reply(call, reply);
}
