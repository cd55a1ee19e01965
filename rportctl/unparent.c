/* SPDX-License-Identifier: ISC */

/* The command unparent: separate a port from its parent. */

#include "command.h"
#include "port.h"
#include "view.h"

static void print_unparented(const struct ctl_options *options _unused_, const json_t *reply)
{
	port_print(json_object_get(reply, "port"),
		   view_bool(reply, "changed") ? "separated" : "unchanged, it has no parent");
}

static enum ctl_status run_unparent(struct ctl_options *options, int argc, char **argv)
{
	const char *port;

	if (!command_words(&ctl_command_unparent, options, argc, argv, &port, 1))
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.DeleteParent",
			    json_pack("{s:s}", "port", port), NULL, print_unparented);
}

const struct ctl_command ctl_command_unparent = {
	.name = "unparent",
	.synopsis = "PORT",
	.summary = "separate a port from its parent",
	.details = PORT_DETAILS,
	.run = run_unparent,
};
