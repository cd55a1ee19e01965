/* SPDX-License-Identifier: ISC */
#include "client.h"
#include "command.h"
#include "output.h"

enum ctl_status command_call(const struct ctl_options *options, const char *method,
			     json_t *parameters, const char *key, command_print_fn print)
{
	struct client_answer answer;
	const json_t *value;

	if (key) {
		value = client_call_for(options, method, parameters, key, &answer);
	} else {
		client_call_or_complain(options, method, parameters, &answer);
		value = answer.parameters;
	}
	if (value && !options->quiet) {
		if (options->json)
			output_json(options, value);
		else
			print(options, value);
	}
	client_answer_release(&answer);
	return answer.status;
}

json_t *command_number(const char *text)
{
	return text ? json_integer(strtol(text, NULL, 10)) : NULL; /* "auto" is none, so 0 */
}

const char *command_link_name(struct ctl_options *options, const struct args_table *table, int argc,
			      char **argv, const char *usage)
{
	const char *name;
	int n = args_parse(options, table, argc, argv, &name, 1);

	if (n == 0)
		args_usage_error("which link? rportctl %s", usage);
	return n == 1 ? name : NULL;
}
