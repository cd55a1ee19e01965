/* SPDX-License-Identifier: ISC */

/* The verbs for ports that are there: destroy, up, down, set, parent, unparent. */

#include <stdio.h>

#include "command.h"
#include "output.h"
#include "view.h"

/* Exactly @n words, or say how it is used. */
static bool parse_words(struct ctl_options *options, int argc, char **argv, const char **words,
			int n, const char *usage)
{
	int given = args_parse(options, NULL, argc, argv, words, n);

	if (given >= 0 && given < n)
		args_usage_error("usage: rportctl %s", usage);
	return given == n;
}

static void print_port(const json_t *port, const char *result)
{
	output_text(COLOR_NONE, "%s/%s: %s", view_text(port, "domain"),
		    view_text(port, "interface"), result);
	output_newline();
}

static bool changed(const json_t *reply)
{
	return view_bool(reply, "changed");
}

/* --- destroy, up, down ------------------------------------------------------------------------ */

static void print_destroyed(const struct ctl_options *options _unused_, const json_t *reply)
{
	output_text(COLOR_NONE, "%s: destroyed", view_text(reply, "port"));
	output_newline();
}

enum ctl_status ctl_destroy(struct ctl_options *options, int argc, char **argv)
{
	const char *port;

	if (!parse_words(options, argc, argv, &port, 1, "destroy PORT"))
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.DestroyPort",
			    json_pack("{s:s}", "port", port), NULL, print_destroyed);
}

static void print_state(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *port = json_object_get(reply, "port");

	const char *state = view_text(port, "state");

	output_text(COLOR_NONE, "%s/%s: ", view_text(port, "domain"), view_text(port, "interface"));
	view_print_state(changed(reply), state,
			 streq(state, "pending") ? view_text(port, "reason") : NULL);
}

static enum ctl_status set_up(struct ctl_options *options, int argc, char **argv, bool up)
{
	const char *port;

	if (!parse_words(options, argc, argv, &port, 1, up ? "up PORT" : "down PORT"))
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.SetUp",
			    json_pack("{s:s, s:b}", "port", port, "up", up), NULL, print_state);
}

enum ctl_status ctl_up(struct ctl_options *options, int argc, char **argv)
{
	return set_up(options, argc, argv, true);
}

enum ctl_status ctl_down(struct ctl_options *options, int argc, char **argv)
{
	return set_up(options, argc, argv, false);
}

/* --- set -------------------------------------------------------------------------------------- */

static void print_mtu(const struct ctl_options *options _unused_, const json_t *reply)
{
	char result[32];
	size_t i;
	json_t *port;

	json_array_foreach(json_object_get(reply, "ports"), i, port)
	{
		snprintf(result, sizeof(result), "mtu %" JSON_INTEGER_FORMAT,
			 view_number(port, "mtu"));
		print_port(port, changed(reply) ? result : "unchanged");
	}
}

enum ctl_status ctl_set(struct ctl_options *options, int argc, char **argv)
{
	const char *words[3];

	if (!parse_words(options, argc, argv, words, 3, "set PORT|LINK mtu N"))
		return STATUS_USAGE;
	if (!streq(words[1], "mtu")) {
		args_usage_error("\"%s\" cannot be set, only mtu can", words[1]);
		return STATUS_USAGE;
	}
	if (args_check_number(words[2]) < 0) {
		args_usage_error("the MTU %s is not a number of bytes", words[2]);
		return STATUS_USAGE;
	}
	return command_call(options, "org.rportd.Manager.SetMtu",
			    json_pack("{s:s, s:I}", "name", words[0], "mtu",
				      (json_int_t)strtol(words[2], NULL, 10)),
			    NULL, print_mtu);
}

/* --- parent, unparent ------------------------------------------------------------------------- */

static void print_parent(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *port = json_object_get(reply, "parent");

	output_text(COLOR_NONE, "%s/%s", view_text(port, "domain"), view_text(port, "interface"));
	output_newline();
}

static void print_link(const struct ctl_options *options _unused_, const json_t *reply)
{
	view_print_link(json_object_get(reply, "link"), changed(reply) ? "created" : "unchanged");
}

enum ctl_status ctl_parent(struct ctl_options *options, int argc, char **argv)
{
	const char *words[2];
	int n;

	n = args_parse(options, NULL, argc, argv, words, ARRAY_SIZE(words));
	if (n == 0)
		args_usage_error("usage: rportctl parent PORT [PARENT]");
	if (n <= 0)
		return STATUS_USAGE;
	if (n == 1)
		return command_call(options, "org.rportd.Manager.GetParent",
				    json_pack("{s:s}", "port", words[0]), NULL, print_parent);
	return command_call(options, "org.rportd.Manager.SetParent",
			    json_pack("{s:s, s:s}", "port", words[0], "parent", words[1]), NULL,
			    print_link);
}

static void print_unparented(const struct ctl_options *options _unused_, const json_t *reply)
{
	print_port(json_object_get(reply, "port"),
		   changed(reply) ? "separated" : "unchanged, it has no parent");
}

enum ctl_status ctl_unparent(struct ctl_options *options, int argc, char **argv)
{
	const char *port;

	if (!parse_words(options, argc, argv, &port, 1, "unparent PORT"))
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.DeleteParent",
			    json_pack("{s:s}", "port", port), NULL, print_unparented);
}
