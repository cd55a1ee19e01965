/* SPDX-License-Identifier: ISC */

/* The command parent: set the parent of a port, or show it. */

#include "command.h"
#include "output.h"
#include "port.h"
#include "view.h"

static void print_parent(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *port = json_object_get(reply, "parent");

	output_text(COLOR_NONE, "%s/%s", view_text(port, "domain"), view_text(port, "interface"));
	output_newline();
}

static void print_link(const struct ctl_options *options _unused_, const json_t *reply)
{
	view_print_link(json_object_get(reply, "link"),
			view_bool(reply, "changed") ? "created" : "unchanged");
}

static enum ctl_status run_parent(struct ctl_options *options, int argc, char **argv)
{
	const char *words[2];
	int n;

	n = args_parse(options, NULL, argc, argv, words, ARRAY_SIZE(words));
	if (n == 0)
		command_usage_error(&ctl_command_parent, "which port?");
	if (n <= 0)
		return STATUS_USAGE;
	if (n == 1)
		return command_call(options, "org.rportd.Manager.GetParent",
				    json_pack("{s:s}", "port", words[0]), NULL, print_parent);
	return command_call(options, "org.rportd.Manager.SetParent",
			    json_pack("{s:s, s:s}", "port", words[0], "parent", words[1]), NULL,
			    print_link);
}

const struct ctl_command ctl_command_parent = {
	.name = "parent",
	.synopsis = "PORT [PARENT]",
	.summary = "set the parent of a port, which is its peer; or show it",
	.details = PORT_DETAILS,
	.run = run_parent,
};
