/* SPDX-License-Identifier: ISC */

/* The command set: change a property of a port, or of both ports of a link. */

#include <stdio.h>

#include "command.h"
#include "port.h"
#include "view.h"

static void print_mtu(const struct ctl_options *options _unused_, const json_t *reply)
{
	char result[32];
	size_t i;
	json_t *port;

	json_array_foreach(json_object_get(reply, "ports"), i, port)
	{
		snprintf(result, sizeof(result), "mtu %" JSON_INTEGER_FORMAT,
			 view_number(port, "mtu"));
		port_print(port, view_bool(reply, "changed") ? result : "unchanged");
	}
}

static enum ctl_status run_set(struct ctl_options *options, int argc, char **argv)
{
	const char *words[3];

	if (!command_words(&ctl_command_set, options, argc, argv, words, 3))
		return STATUS_USAGE;
	if (!streq(words[1], "mtu")) {
		args_usage_error("\"%s\" cannot be set, only mtu can", words[1]);
		return STATUS_USAGE;
	}
	if (args_check_number(words[2]) < 0) {
		args_usage_error("the MTU %s is not a number of bytes", words[2]);
		return STATUS_USAGE;
	}
	return command_call(options, "org.rportd.Manager.SetMtu",
			    json_pack("{s:s, s:I}", "name", words[0], "mtu",
				      (json_int_t)strtol(words[2], NULL, 10)),
			    NULL, print_mtu);
}

const struct ctl_command ctl_command_set = {
	.name = "set",
	.synopsis = "PORT|LINK mtu N",
	.summary = "set the MTU of a port, or of both ends of a link",
	.details = PORT_DETAILS,
	.run = run_set,
};
