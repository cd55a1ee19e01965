/* SPDX-License-Identifier: ISC */

/* The command destroy: remove a port. */

#include "command.h"
#include "output.h"
#include "port.h"
#include "view.h"

static void print_destroyed(const struct ctl_options *options _unused_, const json_t *reply)
{
	output_text(COLOR_NONE, "%s: destroyed", view_text(reply, "port"));
	output_newline();
}

static enum ctl_status run_destroy(struct ctl_options *options, int argc, char **argv)
{
	const char *port;

	if (!command_words(&ctl_command_destroy, options, argc, argv, &port, 1))
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.DestroyPort",
			    json_pack("{s:s}", "port", port), NULL, print_destroyed);
}

const struct ctl_command ctl_command_destroy = {
	.name = "destroy",
	.synopsis = "PORT",
	.summary = "remove a port; one that has a parent is separated first",
	.details = PORT_DETAILS,
	.run = run_destroy,
};
