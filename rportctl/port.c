/* SPDX-License-Identifier: ISC */

/* What the commands about ports share. */

#include "command.h"
#include "output.h"
#include "port.h"
#include "view.h"

void port_print(const json_t *port, const char *result)
{
	output_text(COLOR_NONE, "%s/%s: %s", view_text(port, "domain"),
		    view_text(port, "interface"), result);
	output_newline();
}

static void print_state(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *port = json_object_get(reply, "port");

	const char *state = view_text(port, "state");

	output_text(COLOR_NONE, "%s/%s: ", view_text(port, "domain"), view_text(port, "interface"));
	view_print_state(view_bool(reply, "changed"), state,
			 streq(state, "pending") ? view_text(port, "reason") : NULL);
}

enum ctl_status port_set_up(const struct ctl_command *command, struct ctl_options *options,
			    int argc, char **argv, bool up)
{
	const char *port;

	if (!command_words(command, options, argc, argv, &port, 1))
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.SetUp",
			    json_pack("{s:s, s:b}", "port", port, "up", up), NULL, print_state);
}
