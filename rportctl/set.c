/* SPDX-License-Identifier: ISC */

/* The command set: change a property of a port, or of both ports of a link. */

#include <stdio.h>

#include "command.h"
#include "output.h"
#include "port.h"
#include "view.h"

struct set_request {
	const char *name;
	const char *value;
	bool persist;
};

static const struct args_option options_table[] = {
	{
		.name = "--persist",
		.help = "change the file of the link, too",
		.apply = args_set,
		.offset = offsetof(struct set_request, persist),
	},
};

/* The file of the link says something else now, or not any more. */
static void print_file(const json_t *reply)
{
	const json_t *persisted = json_object_get(reply, "persisted");

	if (json_is_object(persisted)) {
		view_print_persisted(persisted);
	} else if (view_bool(reply, "changed") && view_bool(reply, "configured")) {
		output_text(COLOR_NONE,
			    "its file is as it was, and \"rportctl apply\" undoes this; "
			    "--persist changes it, too");
		output_newline();
	}
}

static void print_ports(const json_t *reply,
			void (*say)(const json_t *port, char *buf, size_t size))
{
	char result[32] = "unchanged";
	size_t i;
	json_t *port;

	json_array_foreach(json_object_get(reply, "ports"), i, port)
	{
		if (view_bool(reply, "changed"))
			say(port, result, sizeof(result));
		port_print(port, result);
	}
	print_file(reply);
}

/* Takes over the reference to @parameters, to which it adds what all of these methods take. */
static enum ctl_status call(struct ctl_options *options, const struct set_request *request,
			    const char *method, json_t *parameters, command_print_fn print)
{
	json_object_set_new(parameters, "name", json_string(request->name));
	if (request->persist)
		json_object_set_new(parameters, "persist", json_true());
	return command_call(options, method, parameters, NULL, print);
}

static void say_mtu(const json_t *port, char *buf, size_t size)
{
	snprintf(buf, size, "mtu %" JSON_INTEGER_FORMAT, view_number(port, "mtu"));
}

static void print_mtu(const struct ctl_options *options _unused_, const json_t *reply)
{
	print_ports(reply, say_mtu);
}

static enum ctl_status set_mtu(struct ctl_options *options, const struct set_request *request)
{
	if (args_check_number(request->value) < 0) {
		args_usage_error("the MTU %s is not a number of bytes", request->value);
		return STATUS_USAGE;
	}
	return call(options, request, "org.rportd.Manager.SetMtu",
		    json_pack("{s:I}", "mtu", (json_int_t)strtol(request->value, NULL, 10)),
		    print_mtu);
}

static void say_fastpath(const json_t *port, char *buf, size_t size)
{
	snprintf(buf, size, "fast-path %s", view_bool(port, "fastpath") ? "on" : "off");
}

static void print_fastpath(const struct ctl_options *options _unused_, const json_t *reply)
{
	print_ports(reply, say_fastpath);
}

static enum ctl_status set_fastpath(struct ctl_options *options, const struct set_request *request)
{
	bool on = streq(request->value, "on");

	if (!on && !streq(request->value, "off")) {
		args_usage_error("fast-path is on or off, not \"%s\"", request->value);
		return STATUS_USAGE;
	}
	return call(options, request, "org.rportd.Manager.SetFastPath",
		    json_pack("{s:b}", "on", on), print_fastpath);
}

static void print_name(const struct ctl_options *options _unused_, const json_t *reply)
{
	const char *result = view_bool(reply, "changed") ? "renamed" : "unchanged";
	const json_t *link = json_object_get(reply, "link");

	if (json_is_object(link)) {
		output_text(COLOR_NONE, "%s: %s", view_text(link, "name"), result);
		output_newline();
	} else {
		port_print(json_object_get(reply, "port"), result);
	}
	print_file(reply);
}

static enum ctl_status set_name(struct ctl_options *options, const struct set_request *request)
{
	return call(options, request, "org.rportd.Manager.SetName",
		    json_pack("{s:s}", "newName", request->value), print_name);
}

/* What can be set: PROPERTY(word, what is put before it in a list, function). */
#define PROPERTIES(PROPERTY)            \
	PROPERTY("mtu", "", set_mtu)    \
	PROPERTY("name", "|", set_name) \
	PROPERTY("fast-path", "|", set_fastpath)

#define LISTED(word, before, set)       before word
#define PROPERTY_ROW(word, before, set) { word, set },

static const struct property {
	const char *name;
	enum ctl_status (*set)(struct ctl_options *options, const struct set_request *request);
} properties[] = { PROPERTIES(PROPERTY_ROW) };

static enum ctl_status run_set(struct ctl_options *options, int argc, char **argv)
{
	struct set_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	const char *words[3];
	int n = args_parse(options, &table, argc, argv, words, ARRAY_SIZE(words));

	if (n >= 0 && n < 3)
		command_usage_error(&ctl_command_set, "a word is missing");
	if (n < 3)
		return STATUS_USAGE;
	request.name = words[0];
	request.value = words[2];
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (streq(words[1], properties[i].name))
			return properties[i].set(options, &request);
	args_usage_error("\"%s\" cannot be set, only " PROPERTIES(LISTED) " can", words[1]);
	return STATUS_USAGE;
}

const struct ctl_command ctl_command_set = {
	.name = "set",
	.synopsis = "PORT|LINK " PROPERTIES(LISTED) " VALUE",
	.summary = "set the MTU of a port or of both ends of a link, a name, or the fast path",
	.details = PORT_DETAILS,
	.run = run_set,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
