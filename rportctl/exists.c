/* SPDX-License-Identifier: ISC */

/* The command exists: is there a link of a name? */

#include "client.h"
#include "command.h"
#include "output.h"

static enum ctl_status run_exists(struct ctl_options *options, int argc, char **argv)
{
	struct client_answer answer;
	const char *name;

	name = command_link_name(&ctl_command_exists, options, NULL, argc, argv);
	if (!name)
		return STATUS_USAGE;
	client_call(options, "org.rportd.Manager.Show", json_pack("{s:s}", "name", name), &answer);
	/* That there is none is an answer; that there was no answer is a failure. */
	if (answer.status != STATUS_DONE && answer.status != STATUS_NOT_FOUND)
		output_error("%s", answer.message);
	client_answer_release(&answer);
	return answer.status;
}

const struct ctl_command ctl_command_exists = {
	.name = "exists",
	.synopsis = "LINK|IFNAME",
	.summary = "is there such a link? Exit with 0 or 3",
	.details = "Nothing is printed.\n",
	.run = run_exists,
};
