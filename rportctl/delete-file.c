/* SPDX-License-Identifier: ISC */

/* The command delete-file: remove the file of a link, and leave the link. */

#include "command.h"
#include "output.h"
#include "view.h"

static void print_deleted(const struct ctl_options *options _unused_, const json_t *reply)
{
	output_text(COLOR_NONE, "%s: removed%s", view_text(reply, "file"),
		    view_bool(reply, "linked") ? "; the link stays until rportd ends" : "");
	output_newline();
}

static enum ctl_status run_delete_file(struct ctl_options *options, int argc, char **argv)
{
	const char *name = command_link_name(&ctl_command_delete_file, options, NULL, argc, argv);

	if (!name)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.DeleteFile",
			    json_pack("{s:s}", "name", name), NULL, print_deleted);
}

const struct ctl_command ctl_command_delete_file = {
	.name = "delete-file",
	.synopsis = "LINK",
	.summary = "remove the file of a link, not the link",
	.details = "It does not matter what the file says, nor whether there is such a link.\n",
	.run = run_delete_file,
};
