/* SPDX-License-Identifier: ISC */

/* The command down: set a port down. */

#include "port.h"

static enum ctl_status run_down(struct ctl_options *options, int argc, char **argv)
{
	return port_set_up(&ctl_command_down, options, argc, argv, false);
}

const struct ctl_command ctl_command_down = {
	.name = "down",
	.synopsis = "PORT",
	.summary = "set a port down",
	.details = PORT_DETAILS,
	.run = run_down,
};
