/* SPDX-License-Identifier: ISC */
#include "command.h"
#include "output.h"
#include "view.h"

static void print_text(const struct ctl_options *options _unused_, const json_t *reply)
{
	const char *text = json_string_value(json_object_get(reply, "text"));

	if (text)
		output_document(text);
}

enum ctl_status ctl_export(struct ctl_options *options, int argc, char **argv)
{
	const char *name;

	name = command_link_name(options, NULL, argc, argv, "export LINK");
	if (!name)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.Export", json_pack("{s:s}", "name", name),
			    NULL, print_text);
}
