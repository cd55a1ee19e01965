/* SPDX-License-Identifier: ISC */

/* The command reconcile: put back what others have changed of a link. */

#include <stdlib.h>

#include "command.h"
#include "output.h"
#include "view.h"

struct reconcile_request {
	bool all;
};

static const struct args_option options_table[] = {
	{
		.name = "--all",
		.help = "rather than those that are named, all links",
		.apply = args_set,
		.offset = offsetof(struct reconcile_request, all),
	},
};

static void print_restored(const char *name, const json_t *restored)
{
	size_t i;
	json_t *text;

	json_array_foreach(restored, i, text)
	{
		output_text(COLOR_NONE, "%s: put back: %s", name, json_string_value(text));
		output_newline();
	}
}

static void print_reconciled(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *link = json_object_get(reply, "link");
	const json_t *restored = json_object_get(reply, "restored");

	if (json_array_size(restored) > 0) {
		print_restored(view_text(link, "name"), restored);
		return;
	}
	/* Nothing to put back. Yet what was pending may have come up, or is still waited for. */
	output_text(COLOR_NONE, "%s: ", view_text(link, "name"));
	view_print_state(view_bool(reply, "changed"), view_text(link, "state"),
			 view_pending_reason(link));
}

static enum ctl_status run_reconcile(struct ctl_options *options, int argc, char **argv)
{
	static const struct command_each reconcile = {
		.method = "org.rportd.Manager.Reconcile",
		.print = print_reconciled,
	};
	struct reconcile_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	enum ctl_status status;
	const char **names;
	int n;

	n = command_many_links(&ctl_command_reconcile, options, &table, &request.all, argc, argv,
			       &names);
	if (n < 0)
		return STATUS_USAGE;
	status = command_call_each(options, &reconcile, names, (size_t)n, request.all);
	free(names);
	return status;
}

const struct ctl_command ctl_command_reconcile = {
	.name = "reconcile",
	.synopsis = "LINK|IFNAME|PATTERN...",
	.summary = "put back what is not as it was asked for",
	.details = IFNAME_DETAILS PATTERN_DETAILS
	"What drifted is shown by \"rportctl show\". A pending "
	"port is tried again at once.\n",
	.run = run_reconcile,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
