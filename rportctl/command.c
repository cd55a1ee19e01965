/* SPDX-License-Identifier: ISC */

/* What most commands do: take some words, make one call, and print what was answered. */

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

bool command_words(const struct ctl_command *command, struct ctl_options *options, int argc,
		   char **argv, const char **ret, int n)
{
	int given = args_parse(options, NULL, argc, argv, ret, n);

	if (given >= 0 && given < n)
		args_usage_error("usage: rportctl %s %s", command->name, command->synopsis);
	return given == n;
}

const char *command_link_name(const struct ctl_command *command, struct ctl_options *options,
			      const struct args_table *table, int argc, char **argv)
{
	const char *name;
	int n = args_parse(options, table, argc, argv, &name, 1);

	if (n == 0)
		args_usage_error("which link? rportctl %s %s", command->name, command->synopsis);
	return n == 1 ? name : NULL;
}
