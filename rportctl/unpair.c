/* SPDX-License-Identifier: ISC */

/* The command unpair: remove a link. */

#include "command.h"
#include "output.h"
#include "view.h"

struct unpair_request {
	bool persist;
};

static const struct args_option options_table[] = {
	{
		.name = "--persist",
		.help = "remove its file, too, so that it stays away",
		.apply = args_set,
		.offset = offsetof(struct unpair_request, persist),
	},
};

static void print_removed(const struct ctl_options *options _unused_, const json_t *reply)
{
	output_text(COLOR_NONE, "%s: removed%s", view_text(reply, "name"),
		    view_bool(reply, "configured")
			    ? " (its file is kept and brings it back at the next reload; "
			      "--persist removes it, too)"
			    : "");
	output_newline();
}

static enum ctl_status run_unpair(struct ctl_options *options, int argc, char **argv)
{
	struct unpair_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	const char *name;

	name = command_link_name(&ctl_command_unpair, options, &table, argc, argv);
	if (!name)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.Unpair",
			    json_pack("{s:s, s:o*}", "name", name, "persist",
				      request.persist ? json_true() : NULL),
			    NULL, print_removed);
}

const struct ctl_command ctl_command_unpair = {
	.name = "unpair",
	.synopsis = "LINK|IFNAME",
	.summary = "remove a link and both its interfaces",
	.details = IFNAME_DETAILS
	"A link that has a file comes back at the next reload, unless --persist "
	"is given.\n",
	.run = run_unpair,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
