/* SPDX-License-Identifier: ISC */

/* The command up: set a port up. */

#include "port.h"

static enum ctl_status run_up(struct ctl_options *options, int argc, char **argv)
{
	return port_set_up(&ctl_command_up, options, argc, argv, true);
}

const struct ctl_command ctl_command_up = {
	.name = "up",
	.synopsis = "PORT",
	.summary = "set a port up",
	.details = PORT_DETAILS,
	.run = run_up,
};
