/* SPDX-License-Identifier: ISC */

/* One call: what it says, which method runs, and the answer. */

#include <malloc.h>

#include "base/log.h"
#include "varlink/call.h"
#include "varlink/program.h"
#include "varlink/server-state.h"
#include "varlink/service.h"

/* --- answering -------------------------------------------------------------------------------- */

/*
 * A list of a thousand links is made of a hundred thousand small pieces, all of which malloc()
 * would keep: more than the links themselves need. So they are given back after a reply of that
 * many bytes, which are a tenth of what the pieces take.
 */
#define LARGE (32 * 1024)

/* Return: how many bytes it is long, or -errno. */
static int connection_send(struct varlink_connection *connection, const json_t *message)
{
	int size, r;

	size = varlink_output_add(&connection->output, message);
	if (size < 0)
		return size;
	r = varlink_output_write(&connection->output, connection->fd);
	if (r < 0)
		return r;
	if (connection->output.waiting > connection->server->options.limits.output)
		return -ENOBUFS;
	return size;
}

void varlink_call_audit(const struct varlink_call *call, const json_t *reply)
{
	const struct varlink_server_options *options = &call->connection->server->options;

	if (call->changes && options->audit)
		options->audit(call, reply, options->userdata);
}

void varlink_call_fail(struct varlink_call *call, int reason)
{
	call->answered = true;
	call->result = reason;
}

int varlink_call_answer(struct varlink_call *call, json_t *message)
{
	int r = 0;

	if (call->answered) {
		log_limited(LOG_ERR, "%s was answered twice", call->method);
		json_decref(message);
		return -EALREADY;
	}
	if (message)
		varlink_call_audit(call, message);
	if (!message)
		r = -ENOMEM;
	else if (!call->oneway)
		r = connection_send(call->connection, message);
	call->answered = true;
	call->result = MIN(r, 0);
	json_decref(message);
	if (r >= LARGE)
		malloc_trim(0);
	return MIN(r, 0);
}

void varlink_reply(struct varlink_call *call, json_t *parameters)
{
	varlink_call_answer(call, parameters ? json_pack("{s:o}", "parameters", parameters) : NULL);
}

void varlink_error(struct varlink_call *call, const char *error, json_t *parameters)
{
	if (!parameters)
		parameters = json_object();
	varlink_call_answer(call, parameters ? json_pack("{s:s, s:o}", "error", error, "parameters",
							 parameters)
					     : NULL);
}

void varlink_error_name(struct varlink_call *call, const char *error, const char *key,
			const char *value)
{
	varlink_call_answer(call,
			    json_pack("{s:s, s:{s:s}}", "error", error, "parameters", key, value));
}

void varlink_error_invalid_parameter(struct varlink_call *call, const char *parameter)
{
	varlink_error_name(call, "org.varlink.service.InvalidParameter", "parameter", parameter);
}

bool varlink_call_may_change(const struct varlink_call *call)
{
	return call->connection->user->class != VARLINK_OTHER;
}

uid_t varlink_call_uid(const struct varlink_call *call)
{
	return call->connection->user->uid;
}

const char *varlink_call_method(const struct varlink_call *call)
{
	const char *dot = strrchr(call->method, '.');

	return dot ? dot + 1 : call->method;
}

void varlink_call_caller(const struct varlink_call *call, struct varlink_caller *ret)
{
	*ret = (struct varlink_caller){ .uid = varlink_call_uid(call),
					.pid = call->connection->pid };
	varlink_read_program(call->connection->fd, ret->pid, ret->program);
}

/* --- calling ---------------------------------------------------------------------------------- */

static const struct varlink_method *interface_find(const struct varlink_interface *interface,
						   const char *name)
{
	for (size_t i = 0; i < interface->n_methods; i++)
		if (streq(interface->methods[i].name, name))
			return &interface->methods[i];
	return NULL;
}

static void call_run(struct varlink_call *call, const struct varlink_interface *interface,
		     const char *name, void *userdata)
{
	const struct varlink_method *method = interface_find(interface, name);

	if (!method) {
		varlink_error_name(call, "org.varlink.service.MethodNotFound", "method",
				   call->method);
		return;
	}
	call->changes = method->changes;
	if (method->changes && !varlink_call_may_change(call)) {
		varlink_error(call, "org.varlink.service.PermissionDenied", NULL);
	} else if (call->upgrade) {
		/* No method here turns the connection into something else. */
		varlink_error_name(call, "org.varlink.service.MethodNotImplemented", "method",
				   call->method);
	} else {
		method->run(call, call->parameters, userdata);
	}
}

static void call_dispatch(struct varlink_call *call)
{
	struct varlink_server *server = call->connection->server;
	const struct {
		const struct varlink_interface *interface;
		void *userdata;
	} table[] = {
		{ &varlink_service_interface, server },
		{ server->options.interface, server->options.userdata },
	};
	const char *dot = strrchr(call->method, '.');
	_cleanup_free_ char *interface = NULL;

	if (!dot) {
		varlink_error_invalid_parameter(call, "method");
		return;
	}
	interface = strndup(call->method, (size_t)(dot - call->method));
	if (!interface) {
		varlink_call_fail(call, -ENOMEM);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!streq(table[i].interface->name, interface))
			continue;
		call_run(call, table[i].interface, dot + 1, table[i].userdata);
		return;
	}
	varlink_error_name(call, "org.varlink.service.InterfaceNotFound", "interface", interface);
}

/* A key that is missing or null is false, as in Varlink's "?bool". */
static int message_flag(const json_t *message, const char *key, bool *ret)
{
	const json_t *value = json_object_get(message, key);

	if (value && !json_is_null(value) && !json_is_boolean(value))
		return -EBADMSG;
	*ret = json_is_true(value);
	return 0;
}

static int message_parse(const json_t *message, struct varlink_call *call)
{
	call->method = json_string_value(json_object_get(message, "method"));
	call->parameters = json_object_get(message, "parameters");
	if (json_is_null(call->parameters))
		call->parameters = NULL;
	if (!call->method || (call->parameters && !json_is_object(call->parameters)))
		return -EBADMSG;
	if (message_flag(message, "more", &call->more) < 0 ||
	    message_flag(message, "oneway", &call->oneway) < 0 ||
	    message_flag(message, "upgrade", &call->upgrade) < 0)
		return -EBADMSG;
	return 0;
}

int varlink_connection_call(struct varlink_connection *connection, json_t *message)
{
	struct varlink_call call = { .connection = connection };
	json_t *empty = NULL;
	int r;

	r = message_parse(message, &call);
	if (r < 0)
		return r;
	if (!call.parameters) {
		call.parameters = empty = json_object();
		if (!empty)
			return -ENOMEM;
	}
	call_dispatch(&call);
	if (!call.answered) {
		log_limited(LOG_ERR, "%s was not answered", call.method);
		call.result = -ENODATA;
	}
	json_decref(empty);
	return call.result;
}
