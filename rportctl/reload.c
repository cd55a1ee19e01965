/* SPDX-License-Identifier: ISC */

/* The command reload: make links as their files say, and sum it up. */

#include "files.h"
#include "output.h"
#include "view.h"

/* "added: red-blue lan-vpn"; nothing when there are none. Members are names, or have one. */
static void print_names(const char *title, const json_t *members)
{
	size_t i;
	json_t *member;

	if (json_array_size(members) == 0)
		return;
	output_text(COLOR_NONE, "%s:", title);
	json_array_foreach(members, i, member)
	{
		const char *name = json_string_value(member);

		output_text(COLOR_NONE, " %s", name ? name : view_text(member, "name"));
	}
	output_newline();
}

static void print_reloaded(const struct ctl_options *options _unused_, const json_t *reply)
{
	print_names("added", json_object_get(reply, "added"));
	print_names("changed", json_object_get(reply, "changed"));
	print_names("removed", json_object_get(reply, "removed"));
	output_text(COLOR_NONE, "unchanged: %zu",
		    json_array_size(json_object_get(reply, "unchanged")));
	output_newline();
}

static enum ctl_status run_reload(struct ctl_options *options, int argc, char **argv)
{
	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	return reload_files(options, false, print_reloaded);
}

const struct ctl_command ctl_command_reload = {
	.name = "reload",
	.synopsis = "",
	.summary = "make links as their files say, and sum it up",
	.details = "Exit with 2 when a file could not be followed; "
		   "what could be done was done.\n",
	.run = run_reload,
};
