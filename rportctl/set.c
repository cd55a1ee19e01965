/* SPDX-License-Identifier: ISC */

/* The command set: change a property of a port, or of both ports of a link. */

#include <stdio.h>

#include "command.h"
#include "port.h"
#include "view.h"

static void print_mtu(const struct ctl_options *options _unused_, const json_t *reply)
{
	char result[32];
	size_t i;
	json_t *port;

	json_array_foreach(json_object_get(reply, "ports"), i, port)
	{
		snprintf(result, sizeof(result), "mtu %" JSON_INTEGER_FORMAT,
			 view_number(port, "mtu"));
		port_print(port, view_bool(reply, "changed") ? result : "unchanged");
	}
}

static enum ctl_status set_mtu(struct ctl_options *options, const char *name, const char *value)
{
	if (args_check_number(value) < 0) {
		args_usage_error("the MTU %s is not a number of bytes", value);
		return STATUS_USAGE;
	}
	return command_call(options, "org.rportd.Manager.SetMtu",
			    json_pack("{s:s, s:I}", "name", name, "mtu",
				      (json_int_t)strtol(value, NULL, 10)),
			    NULL, print_mtu);
}

static void print_fastpath(const struct ctl_options *options _unused_, const json_t *reply)
{
	size_t i;
	json_t *port;

	json_array_foreach(json_object_get(reply, "ports"), i, port)
	{
		const char *result = view_bool(port, "fastpath") ? "fast-path on" : "fast-path off";

		port_print(port, view_bool(reply, "changed") ? result : "unchanged");
	}
}

static enum ctl_status set_fastpath(struct ctl_options *options, const char *name,
				    const char *value)
{
	bool on = streq(value, "on");

	if (!on && !streq(value, "off")) {
		args_usage_error("fast-path is on or off, not \"%s\"", value);
		return STATUS_USAGE;
	}
	return command_call(options, "org.rportd.Manager.SetFastPath",
			    json_pack("{s:s, s:b}", "name", name, "on", on), NULL, print_fastpath);
}

static void print_name(const struct ctl_options *options _unused_, const json_t *reply)
{
	const char *result = view_bool(reply, "changed") ? "renamed" : "unchanged";
	const json_t *link = json_object_get(reply, "link");

	if (json_is_object(link))
		printf("%s: %s\n", view_text(link, "name"), result);
	else
		port_print(json_object_get(reply, "port"), result);
}

static enum ctl_status set_name(struct ctl_options *options, const char *name, const char *value)
{
	return command_call(options, "org.rportd.Manager.SetName",
			    json_pack("{s:s, s:s}", "name", name, "newName", value), NULL,
			    print_name);
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
	enum ctl_status (*set)(struct ctl_options *options, const char *name, const char *value);
} properties[] = { PROPERTIES(PROPERTY_ROW) };

static enum ctl_status run_set(struct ctl_options *options, int argc, char **argv)
{
	const char *words[3];

	if (!command_words(&ctl_command_set, options, argc, argv, words, 3))
		return STATUS_USAGE;
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (streq(words[1], properties[i].name))
			return properties[i].set(options, words[0], words[2]);
	args_usage_error("\"%s\" cannot be set, only " PROPERTIES(LISTED) " can", words[1]);
	return STATUS_USAGE;
}

const struct ctl_command ctl_command_set = {
	.name = "set",
	.synopsis = "PORT|LINK " PROPERTIES(LISTED) " VALUE",
	.summary = "set the MTU of a port or of both ends of a link, a name, or the fast path",
	.details = PORT_DETAILS,
	.run = run_set,
};
