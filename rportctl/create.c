/* SPDX-License-Identifier: ISC */

/* The command create: make a port. */

#include "command.h"
#include "output.h"
#include "view.h"

struct create_request {
	const char *name;
	const char *domain;
	const char *mtu;
	const char *queues;
	bool no_offload;
	bool mpls;
};

#define CREATE(name_, value_, apply_, field, help_)                             \
	{                                                                       \
		.name = name_, .value = value_, .help = help_, .apply = apply_, \
		.offset = offsetof(struct create_request, field)                \
	}

static const struct args_option options_table[] = {
	CREATE("--mtu", "N", args_number, mtu, "1280 to 32768 bytes; else 32768"),
	CREATE("--no-offload", NULL, args_set, no_offload,
	       "compute checksums and cut segments before the link"),
	CREATE("--mpls", NULL, args_set, mpls, "let MPLS cross, too"),
	CREATE("--queues", "N|auto", args_number_or_auto, queues,
	       "1 to 8, or one for each CPU: spread connections over so many; else 1"),
};

static json_t *create_parameters(const struct create_request *request)
{
	json_t *mtu = command_number(request->mtu), *queues = command_number(request->queues);
	json_t *offload = request->no_offload ? json_false() : NULL;
	json_t *mpls = request->mpls ? json_true() : NULL;

	return json_pack("{s:{s:s, s:s*}, s:o*, s:o*, s:o*, s:o*}", "port", "domain",
			 request->domain, "interface", request->name, "mtu", mtu, "queues", queues,
			 "offload", offload, "mpls", mpls);
}

static void print_created(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *port = json_object_get(reply, "port");

	output_text(COLOR_NONE, "%s/%s: %s", view_text(port, "domain"),
		    view_text(port, "interface"), view_text(reply, "result"));
	output_newline();
}

/* "create [NAME] in DOMAIN" */
static enum ctl_status run_create(struct ctl_options *options, int argc, char **argv)
{
	struct create_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	const char *words[3];
	int n;

	n = args_parse(options, &table, argc, argv, words, ARRAY_SIZE(words));
	if (n < 0)
		return STATUS_USAGE;
	if (n < 2 || !streq(words[n - 2], "in")) {
		args_usage_error("which port, and where? rportctl create [NAME] in DOMAIN");
		return STATUS_USAGE;
	}
	request.name = n == 3 ? words[0] : NULL;
	request.domain = words[n - 1];
	return command_call(options, "org.rportd.Manager.CreatePort", create_parameters(&request),
			    NULL, print_created);
}

const struct ctl_command ctl_command_create = {
	.name = "create",
	.synopsis = "[NAME] in DOMAIN",
	.summary = "make a port, down and without a parent",
	.details = "A port without a NAME gets the lowest free rportN.\n",
	.run = run_create,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
