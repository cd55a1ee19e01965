/* SPDX-License-Identifier: ISC */

/* The command reconcile: put back what others have changed of a link. */

#include "command.h"
#include "output.h"
#include "view.h"

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
	const char *name;

	name = command_link_name(&ctl_command_reconcile, options, NULL, argc, argv);
	if (!name)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.Reconcile",
			    json_pack("{s:s}", "name", name), NULL, print_reconciled);
}

const struct ctl_command ctl_command_reconcile = {
	.name = "reconcile",
	.synopsis = "LINK|IFNAME",
	.summary = "put back what is not as it was asked for",
	.details = IFNAME_DETAILS "What drifted is shown by \"rportctl show\". A pending "
				  "port is tried again at once.\n",
	.run = run_reconcile,
};
