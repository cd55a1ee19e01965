/* SPDX-License-Identifier: ISC */

/* The command version: the versions of rportctl and rportd. */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include "commands.h"
#include "client.h"
#include "output.h"
#include "view.h"

static void print_version(const struct ctl_options *options, const char *daemon)
{
	json_t *versions;

	if (options->quiet)
		return;
	if (options->json) {
		/* "s?": null when the daemon did not tell */
		versions = json_pack("{s:s, s:s?}", "rportctl", PACKAGE_VERSION, "rportd", daemon);
		output_json(options, versions);
		json_decref(versions);
		return;
	}
	output_text(COLOR_NONE, "rportctl %s", PACKAGE_VERSION);
	output_newline();
	if (daemon) {
		output_text(COLOR_NONE, "rportd %s", daemon);
		output_newline();
	}
}

void ctl_print_version(const struct ctl_options *options)
{
	print_version(options, NULL);
}

static enum ctl_status run_version(struct ctl_options *options, int argc, char **argv)
{
	struct client_answer answer;

	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	client_call(options, "org.varlink.service.GetInfo", json_object(), &answer);
	print_version(options, json_string_value(json_object_get(answer.parameters, "version")));
	if (answer.status != STATUS_DONE)
		output_error("%s", answer.message);
	client_answer_release(&answer);
	return answer.status;
}

const struct ctl_command ctl_command_version = {
	.name = "version",
	.synopsis = "",
	.summary = "the versions of rportctl and rportd",
	.details = "",
	.run = run_version,
};
