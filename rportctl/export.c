/* SPDX-License-Identifier: ISC */

/* The command export: print the file that makes a link. */

#include "command.h"
#include "output.h"
#include "view.h"

static void print_text(const struct ctl_options *options _unused_, const json_t *reply)
{
	const char *text = json_string_value(json_object_get(reply, "text"));

	if (text)
		output_document(text);
}

static enum ctl_status run_export(struct ctl_options *options, int argc, char **argv)
{
	const char *name;

	name = command_link_name(&ctl_command_export, options, NULL, argc, argv);
	if (!name)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.Export", json_pack("{s:s}", "name", name),
			    NULL, print_text);
}

const struct ctl_command ctl_command_export = {
	.name = "export",
	.synopsis = "LINK",
	.summary = "print the file that makes a link",
	.details = "With -j, the text and where \"pair --persist\" would write it.\n",
	.run = run_export,
};
