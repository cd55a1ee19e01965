/* SPDX-License-Identifier: ISC */
#include "command.h"
#include "output.h"
#include "unpair.h"
#include "view.h"

struct unpair_request {
	bool persist;
};

const struct args_option ctl_unpair_options[] = {
	{
		.name = "--persist",
		.help = "remove its file, too, so that it stays away",
		.apply = args_set,
		.offset = offsetof(struct unpair_request, persist),
	},
};
const size_t ctl_unpair_n_options = ARRAY_SIZE(ctl_unpair_options);

static void print_removed(const struct ctl_options *options _unused_, const json_t *reply)
{
	output_text(COLOR_NONE, "%s: removed%s", view_text(reply, "name"),
		    view_bool(reply, "configured")
			    ? " (its file is kept and brings it back at the next reload; "
			      "--persist removes it, too)"
			    : "");
	output_newline();
}

enum ctl_status ctl_unpair(struct ctl_options *options, int argc, char **argv)
{
	struct unpair_request request = { 0 };
	const struct args_table table = { ctl_unpair_options, ctl_unpair_n_options, &request };
	const char *name;

	name = command_link_name(options, &table, argc, argv, "unpair LINK|IFNAME");
	if (!name)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.Unpair",
			    json_pack("{s:s, s:o*}", "name", name, "persist",
				      request.persist ? json_true() : NULL),
			    NULL, print_removed);
}
