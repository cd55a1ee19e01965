/* SPDX-License-Identifier: ISC */

/* What methods answer alike: errors, and parameters that name a link or a port. */

#include <stdio.h>

#include "api/reply.h"
#include "base/escape.h"
#include "manager/status.h"

#define ERROR_NAME_MAX 80

static const char *error_name(const struct rport_error *err, char buf[static ERROR_NAME_MAX])
{
	snprintf(buf, ERROR_NAME_MAX, API_INTERFACE ".%s", rport_error_name(err->kind));
	return buf;
}

static json_t *error_parameters(const struct rport_error *err)
{
	return json_pack("{s:o, s:i}", "message", escape_json(err->message), "errno", err->errnum);
}

void api_reply_error(struct varlink_call *call, const struct rport_error *err)
{
	char name[ERROR_NAME_MAX];

	varlink_error(call, error_name(err, name), error_parameters(err));
}

void api_reply_error_later(struct varlink_later *later, const struct rport_error *err)
{
	char name[ERROR_NAME_MAX];

	varlink_later_error(later, error_name(err, name), error_parameters(err));
}

void api_refuse(struct varlink_call *call, const struct api_reader *reader)
{
	if (reader->bad)
		varlink_error_invalid_parameter(call, reader->bad);
	else
		api_reply_error(call, &reader->err);
}

bool api_read_or_refuse(struct varlink_call *call, json_t *parameters,
			const struct api_field *fields, size_t n_fields, void *target)
{
	struct api_reader reader = { 0 };

	if (api_read_fields(&reader, parameters, fields, n_fields, target))
		return true;
	api_refuse(call, &reader);
	return false;
}

struct rport_link *api_named_link(struct varlink_call *call, json_t *parameters,
				  struct manager *manager)
{
	static const struct api_field fields[] = { API_REQUIRED("name", api_field_string, 0) };
	struct rport_link *link;
	struct rport_error err;
	const char *name;

	if (!api_read_or_refuse(call, parameters, fields, ARRAY_SIZE(fields), &name))
		return NULL;
	if (table_find_link(manager_table(manager), name, &link, &err) < 0) {
		api_reply_error(call, &err);
		return NULL;
	}
	return link;
}

struct port *api_named_port(struct varlink_call *call, json_t *parameters, struct manager *manager)
{
	static const struct api_field fields[] = { API_REQUIRED("port", api_field_string, 0) };
	struct rport_error err;
	struct port *port;
	const char *name;
	int r;

	if (!api_read_or_refuse(call, parameters, fields, ARRAY_SIZE(fields), &name))
		return NULL;
	if (varlink_call_may_change(call))
		r = manager_find_port(manager, name, &port, &err);
	else
		r = table_find_port(manager_table(manager), name, &port, &err);
	if (r < 0) {
		api_reply_error(call, &err);
		return NULL;
	}
	return port;
}

void api_reply_changed(struct varlink_call *call, bool changed, const char *key, json_t *value)
{
	varlink_reply(call, json_pack("{s:b, s:o}", "changed", changed, key, value));
}
