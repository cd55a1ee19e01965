/* SPDX-License-Identifier: ISC */

/* The methods about NAME.rport files: DeleteFile, Export and Reload; and what others do to "persist". */

#include <stdio.h>

#include "api/audit.h"
#include "api/files.h"
#include "api/reply.h"
#include "base/escape.h"
#include "config/config.h"
#include "manager/parents.h"
#include "manager/reload.h"
#include "manager/status.h"
#include "manager/table.h"

/* A link as a file would say it; it borrows the strings and arrays of its ports. */
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

int api_persist(struct api *api, struct rport_link *link, bool names, struct config_written *ret,
		struct rport_error *err)
{
	struct link_spec spec = borrow_spec(link);
	int r = config_write(api->config_path, &spec, names, ret, err);

	if (r >= 0)
		manager_set_file(api->manager, link, ret->file);
	return r;
}

json_t *api_written_to_json(const struct config_written *written)
{
	if (!written->file)
		return json_null();
	return json_pack("{s:o, s:b, s:o}", "file", escape_json(written->file), "changed",
			 written->changed, "overridden",
			 written->overridden ? escape_json(written->overridden) : json_null());
}

/* Where config_write() would write it. */
static json_t *file_of(const struct api *api, const char *name)
{
	const char *end = strchrnul(api->config_path, ':');
	_cleanup_free_ char *file = NULL;

	if (asprintf(&file, "%.*s/%s.rport", (int)(end - api->config_path), api->config_path,
		     name) < 0) {
		file = NULL; /* undefined then */
		return NULL;
	}
	return escape_json(file);
}

/* --- DeleteFile ------------------------------------------------------------------------------- */

void api_method_delete_file(struct varlink_call *call, json_t *parameters, void *userdata)
{
	const char *name = NULL;
	const struct api_field field = API_REQUIRED("name", api_field_string, 0);
	struct api *api = userdata;
	struct rport_error err;
	struct rport_link *link;
	int r;

	if (!api_read_or_refuse(call, parameters, &field, 1, &name))
		return;
	link = table_link_by_name(manager_table(api->manager), name);
	if (link)
		api_about_link(api, link);
	r = config_remove(api->config_path, name, &err);
	if (r == 0)
		r = rport_error_set(&err, RPORT_ERR_LINK_NOT_FOUND, ENOENT,
				    "there is no file %s.rport", name);
	if (r < 0) {
		api_reply_error(call, &err);
		return;
	}
	if (link)
		manager_set_file(api->manager, link, NULL);
	else
		api_about_spec(api, name, NULL, 0);
	varlink_reply(call,
		      json_pack("{s:o, s:b}", "file", file_of(api, name), "linked", link != NULL));
}

/* --- Export ----------------------------------------------------------------------------------- */

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
	varlink_reply(call,
		      text ? json_pack("{s:s, s:o}", "text", text, "file", file_of(api, link->name))
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

/* A call of Reload, until its links are made. */
struct reload_call {
	struct varlink_later *later; /* NULL: the client has gone */
	json_t *reply;
};

static json_t *empty_reply(void)
{
	return json_pack("{s:[], s:[], s:[], s:[], s:[], s:[]}", "added", "changed", "removed",
			 "unchanged", "failed", "problems");
}

static void add_link(enum reload_result result, const char *name, const char *text, void *userdata)
{
	struct reload_call *reload = userdata;

	json_array_append_new(json_object_get(reload->reply, result_keys[result]),
			      result_to_json(result, name, text));
}

static void add_problem(enum config_severity severity, const char *file, unsigned int line,
			const char *message, void *userdata)
{
	struct reload_call *reload = userdata;

	json_array_append_new(json_object_get(reload->reply, "problems"),
			      json_pack("{s:o, s:I, s:s, s:o}", "file", escape_json(file), "line",
					(json_int_t)line, "severity",
					severity == CONFIG_ERROR ? "error" : "warning", "message",
					escape_json(message)));
}

static void tell_progress(const struct reload_progress *progress, void *userdata)
{
	struct reload_call *reload = userdata;
	json_t *reply;

	if (!reload->later)
		return;
	reply = empty_reply();
	json_object_set_new(reply, "progress",
			    json_pack("{s:I, s:I, s:b}", "done", (json_int_t)progress->done,
				      "total", (json_int_t)progress->total, "waiting",
				      progress->waiting));
	varlink_later_interim(reload->later, reply);
}

static void reload_done(const struct rport_error *err, void *userdata)
{
	struct reload_call *reload = userdata;

	if (reload->later && err)
		api_reply_error_later(reload->later, err);
	else if (reload->later)
		varlink_later_reply(reload->later, json_incref(reload->reply));
	json_decref(reload->reply);
	free(reload);
}

/* What was begun goes on. */
static void client_left(void *userdata)
{
	struct reload_call *reload = userdata;

	reload->later = NULL;
}

static struct reload_call *request_reload(struct api *api, bool dry_run)
{
	struct reload_call *reload = calloc(1, sizeof(*reload));
	const struct reload_listener listener = { .link = add_link,
						  .problem = add_problem,
						  .progress = tell_progress,
						  .done = reload_done,
						  .userdata = reload };

	if (!reload)
		return NULL;
	reload->reply = empty_reply();
	if (reload->reply && reloader_request(api->reloader, dry_run, &listener) >= 0)
		return reload;
	json_decref(reload->reply);
	free(reload);
	return NULL;
}

void api_method_reload(struct varlink_call *call, json_t *parameters, void *userdata)
{
	static const struct api_field fields[] = { API_OPTIONAL("dryRun", api_field_bool, 0) };
	struct reload_call *reload;
	struct api *api = userdata;
	bool dry_run = false;

	if (!api_read_or_refuse(call, parameters, fields, ARRAY_SIZE(fields), &dry_run))
		return;
	if (dry_run)
		api_about_nothing(api);
	reload = request_reload(api, dry_run);
	if (reload)
		reload->later = varlink_later_new(call, client_left, reload);
	else
		varlink_reply(call, NULL);
}
