/* SPDX-License-Identifier: ISC */

/* The methods about links: Pair, Unpair, UnpairSeveral, Show, Reconcile. */

#include <stdio.h>

#include "api/audit.h"
#include "api/files.h"
#include "api/links.h"
#include "api/reply.h"
#include "api/write.h"
#include "base/escape.h"
#include "config/config.h"
#include "manager/ask.h"
#include "manager/checker.h"
#include "manager/pair.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/status.h"
#include "port/property.h"

/* --- Pair ------------------------------------------------------------------------------------- */

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
static int persist(struct api *api, enum pair_result result, struct rport_link *link, bool names,
		   struct config_written *ret, struct rport_error *err)
{
	int r = api_persist(api, link, names, ret, err);

	if (r >= 0)
		return r;
	if (result == PAIR_CREATED)
		manager_destroy_link(api->manager, link);
	else
		rport_error_prefix(err, "the link is there, but will not be after a restart: ");
	return r;
}

static json_t *pair_reply(const struct pair_outcome *outcome, json_t *steps, json_t *link,
			  const struct config_written *written)
{
	return json_pack("{s:s, s:{s:s?, s:s?}, s:o, s:o, s:o}", "result",
			 result_name(outcome->result), "anew", "a", outcome->anew[0], "b",
			 outcome->anew[1], "steps", steps, "link", link, "persisted",
			 api_written_to_json(written));
}

static void add_step(unsigned int end, const char *text, void *userdata)
{
	char line[PLAN_STEP_TEXT_MAX + 4];

	snprintf(line, sizeof(line), "%c: %s", "ab"[end], text);
	json_array_append_new(userdata, escape_json(line));
}

static void preview(struct varlink_call *call, struct api *api, struct link_spec *spec,
		    bool replace)
{
	struct rport_link *link = NULL;
	json_t *steps = json_array();
	const struct config_written written = { 0 };
	struct pair_outcome outcome = { 0 };
	struct rport_error err;

	if (pair_preview(api->manager, spec, replace, &outcome, add_step, steps, &err) < 0) {
		json_decref(steps);
		api_reply_error(call, &err);
		return;
	}
	link = table_link_by_name(manager_table(api->manager), spec->name);
	varlink_reply(call, pair_reply(&outcome, steps,
				       link ? api_link_to_json(api->manager, link) : json_null(),
				       &written));
}

void api_method_pair(struct varlink_call *call, json_t *parameters, void *userdata)
{
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	struct api_pair_options options = { 0 };
	struct api_reader reader = { 0 };
	struct api *api = userdata;
	struct rport_link *link;
	_cleanup_config_written_ struct config_written written = { 0 };
	struct pair_outcome outcome = { 0 };
	bool names;
	int r;

	property_use_standards(&spec.ports[0]);
	property_use_standards(&spec.ports[1]);
	if (!api_read_link(&reader, parameters, &spec, &options)) {
		api_refuse(call, &reader);
		return;
	}
	if (options.dry_run) {
		api_about_nothing(api);
		preview(call, api, &spec, options.replace);
		return;
	}
	api_about_spec(api, spec.name, spec.ports, 2);
	/* what no file can say is not made first */
	r = options.persist ? config_can_say(&spec, &reader.err) : 0;
	names = spec.ports[0].ifname[0] || spec.ports[1].ifname[0];
	if (r >= 0)
		r = pair_domains(api->manager, &spec, options.replace, &outcome, &link,
				 &reader.err);
	if (r >= 0 && options.persist)
		r = persist(api, outcome.result, link, names, &written, &reader.err);
	if (r < 0) {
		api_refuse(call, &reader);
		return;
	}
	api_about_link(api, link);
	checker_look_at_rules(api->manager, link);
	varlink_reply(call, pair_reply(&outcome, json_array(), api_link_to_json(api->manager, link),
				       &written));
}

/* --- Unpair ----------------------------------------------------------------------------------- */

struct unpair_request {
	const char *name;
	bool persist;
};

static const struct api_field unpair_fields[] = {
	API_OPTIONAL("persist", api_field_bool, offsetof(struct unpair_request, persist)),
	API_REQUIRED("name", api_field_string, offsetof(struct unpair_request, name)),
};

/* The link, which with "persist" may be gone while its file is not: then it is NULL. */
static int find_to_unpair(struct api *api, const struct unpair_request *request,
			  struct rport_link **ret, struct rport_error *err)
{
	struct rport_error why;
	int r = table_find_link(manager_table(api->manager), request->name, ret, err);

	if (r >= 0 && request->persist)
		return config_remove(api->config_path, (*ret)->name, err);
	if (r >= 0 || !request->persist || err->kind != RPORT_ERR_LINK_NOT_FOUND)
		return r;
	if (config_remove(api->config_path, request->name, &why) <= 0)
		return r;
	*ret = NULL;
	return 0;
}

void api_method_unpair(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct unpair_request request = { 0 };
	char name[LINK_NAME_MAX + 1];
	struct api *api = userdata;
	struct rport_error err;
	struct rport_link *link;
	bool configured;

	if (!api_read_or_refuse(call, parameters, unpair_fields, ARRAY_SIZE(unpair_fields),
				&request))
		return;
	if (find_to_unpair(api, &request, &link, &err) < 0) {
		api_reply_error(call, &err);
		return;
	}
	/* config_remove() has taken it, so it is the name of a link */
	snprintf(name, sizeof(name), "%s", link ? link->name : request.name);
	configured = link && link->configured && !request.persist;
	if (link)
		api_about_link(api, link);
	else
		api_about_spec(api, name, NULL, 0);
	if (link)
		manager_destroy_link(api->manager, link);
	varlink_reply(call, json_pack("{s:s, s:b}", "name", name, "configured", configured));
}

/* --- UnpairSeveral ---------------------------------------------------------------------------- */

struct unpair_several_request {
	const char *names[MANAGER_DESTROY_MAX];
	size_t n;
	bool persist;
};

static bool read_names(struct api_reader *reader, const struct api_field *field, json_t *value,
		       void *target)
{
	struct unpair_several_request *request = target;
	json_t *name;
	size_t i;

	if (!json_is_array(value) || json_array_size(value) > ARRAY_SIZE(request->names)) {
		reader->bad = field->name;
		return false;
	}
	json_array_foreach(value, i, name)
	{
		struct api_field one = { .name = field->name };

		if (!api_field_string(reader, &one, name, &request->names[i]))
			return false;
	}
	request->n = json_array_size(value);
	return true;
}

static const struct api_field unpair_several_fields[] = {
	API_OPTIONAL("persist", api_field_bool, offsetof(struct unpair_several_request, persist)),
	API_REQUIRED("names", read_names, 0),
};

static bool is_among(const struct rport_link *link, struct rport_link *const links[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (links[i] == link)
			return true;
	return false;
}

/* Finds the links, and removes their files. Return: how many links; the others go into @other. */
static size_t find_several(struct api *api, const struct unpair_several_request *request,
			   struct rport_link *ret[static MANAGER_DESTROY_MAX], json_t *other)
{
	const struct table *table = manager_table(api->manager);
	struct rport_link *link;
	struct rport_error err;
	size_t n = 0;

	for (size_t i = 0; i < request->n; i++) {
		int r = table_find_link(table, request->names[i], &link, &err);

		if (r >= 0 && is_among(link, ret, n))
			continue;
		if (r >= 0 && request->persist)
			r = config_remove(api->config_path, link->name, &err);
		if (r >= 0)
			ret[n++] = link;
		else
			json_array_append_new(other, escape_json(request->names[i]));
	}
	return n;
}

void api_method_unpair_several(struct varlink_call *call, json_t *parameters, void *userdata)
{
	json_t *removed = json_array(), *other = json_array();
	struct rport_link *links[MANAGER_DESTROY_MAX];
	struct unpair_several_request request = { 0 };
	struct api *api = userdata;
	size_t n = 0;

	if (!api_read_or_refuse(call, parameters, unpair_several_fields,
				ARRAY_SIZE(unpair_several_fields), &request)) {
		json_decref(removed);
		json_decref(other);
		return;
	}
	n = find_several(api, &request, links, other);
	for (size_t i = 0; i < n; i++) {
		api_about_link(api, links[i]);
		json_array_append_new(removed,
				      json_pack("{s:s, s:b}", "name", links[i]->name, "configured",
						links[i]->configured && !request.persist));
	}
	manager_destroy_links(api->manager, links, n);
	varlink_reply(call, json_pack("{s:o, s:o}", "removed", removed, "other", other));
}

/* --- Show ------------------------------------------------------------------------------------- */

void api_method_show(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct rport_link *link = api_named_link(call, parameters, api->manager);

	if (!link)
		return;
	if (varlink_call_may_change(call)) {
		manager_ask_link(api->manager, link);
		checker_look_at_rules(api->manager, link);
	}
	varlink_reply(call, json_pack("{s:o}", "link", api_link_to_json(api->manager, link)));
}

/* --- Reconcile -------------------------------------------------------------------------------- */

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

/*
 * A failure at one end does not keep the other from being put back. Return: how many ends failed.
 */
static int reconcile_ends(struct manager *manager, struct rport_link *link, json_t *restored,
			  struct rport_error *err)
{
	struct rport_error why;
	int failed = 0;

	for (int end = 0; end < 2; end++) {
		if (manager_reconcile(manager, link->ports[end], add_restored, restored, &why) >= 0)
			continue;
		if (failed++ == 0)
			*err = why;
	}
	return failed;
}

void api_method_reconcile(struct varlink_call *call, json_t *parameters, void *userdata)
{
	struct api *api = userdata;
	struct rport_link *link = api_named_link(call, parameters, api->manager);
	struct rport_error err;
	json_t *restored;
	bool changed;

	if (!link)
		return;
	api_about_link(api, link);
	restored = json_array();
	if (reconcile_ends(api->manager, link, restored, &err) > 0) {
		json_decref(restored);
		api_reply_error(call, &err);
		return;
	}
	changed = json_array_size(restored) > 0;
	varlink_reply(call, json_pack("{s:b, s:o, s:o}", "changed", changed, "restored", restored,
				      "link", api_link_to_json(api->manager, link)));
}
