/* SPDX-License-Identifier: ISC */

/* The command create: make a port. */

#include "command.h"
#include "container.h"
#include "output.h"
#include "property.h"
#include "view.h"

struct create_request {
	const char *name;
	char *domain;
	struct property_values properties;
};

#define OPTION(id_, member_, key_, type_, min_, max_, standard_, fixed_, option_, value_, help_) \
	PROPERTY_OPTION(struct create_request, properties, id_, option_, value_, help_),

static const struct args_option options_table[] = { PORT_PROPERTIES(OPTION) };

static json_t *create_parameters(const struct create_request *request)
{
	json_t *parameters = json_pack("{s:{s:s, s:s*}}", "port", "domain", request->domain,
				       "interface", request->name);

	return property_add(parameters, &request->properties);
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
	enum ctl_status status;
	const char *words[3];
	int n;

	n = args_parse(options, &table, argc, argv, words, ARRAY_SIZE(words));
	if (n < 0)
		return STATUS_USAGE;
	if (n < 2 || !streq(words[n - 2], "in")) {
		command_usage_error(&ctl_command_create, "which port, and where?");
		return STATUS_USAGE;
	}
	request.name = n == 3 ? words[0] : NULL;
	status = container_domains(&words[n - 1], 1, &request.domain);
	if (status != STATUS_DONE)
		return status;
	status = command_call(options, "org.rportd.Manager.CreatePort", create_parameters(&request),
			      NULL, print_created);
	container_domains_free(&request.domain, 1);
	return status;
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
