/* SPDX-License-Identifier: ISC */

/* What most commands do: take some words, make one call, and print what was answered. */

#include <stdio.h>
#include <stdlib.h>

#include "client.h"
#include "command.h"
#include "match.h"
#include "output.h"
#include "suggest.h"

/* The link or port that a call names, and that was not found if it failed so; NULL: none. */
static const char *named_in(const json_t *parameters, const char *error)
{
	const char *port = json_string_value(json_object_get(parameters, "port"));

	if (error && streq(error, "org.rportd.Manager.ParentNotFound"))
		return json_string_value(json_object_get(parameters, "parent"));
	return port ? port : json_string_value(json_object_get(parameters, "name"));
}

enum ctl_status command_call(const struct ctl_options *options, const char *method,
			     json_t *parameters, const char *key, command_print_fn print)
{
	struct client_answer answer;
	json_t *call = json_incref(parameters);
	const json_t *value;

	client_call(options, method, parameters, &answer);
	value = key ? client_member(&answer, key) : answer.parameters;
	if (!value)
		suggest_complain(options, &answer, "", named_in(call, answer.error));
	json_decref(call);
	if (value && !options->quiet) {
		if (options->json)
			output_json(options, value);
		else
			print(options, value);
	}
	client_answer_release(&answer);
	return answer.status;
}

/* Where several links are meant, a message that does not name its own begins with it. */
static void complain_about(const struct ctl_options *options, const char *name,
			   const struct client_answer *answer, bool single)
{
	_cleanup_free_ char *prefix = NULL;

	if (single || strstr(answer->message, name) || asprintf(&prefix, "%s: ", name) < 0)
		prefix = NULL;
	suggest_complain(options, answer, prefix ? prefix : "", name);
}

/* For one link: print the answer as text, and add it to @values. */
static enum ctl_status call_one(const struct ctl_options *options, const struct command_each *each,
				const char *name, bool single, json_t *values)
{
	json_t *parameters = each->parameters ? json_deep_copy(each->parameters) : json_object();
	struct client_answer answer;
	const json_t *value;

	json_object_set_new(parameters, "name", json_string(name));
	client_call(options, each->method, parameters, &answer);
	value = each->key ? client_member(&answer, each->key) : answer.parameters;
	if (!value)
		complain_about(options, name, &answer, single);
	if (value && !options->quiet) {
		if (!options->json && each->separate && json_array_size(values) > 0)
			output_newline();
		if (!options->json)
			each->print(options, value);
		json_array_append(values, (json_t *)(uintptr_t)value);
	}
	client_answer_release(&answer);
	return answer.status;
}

enum ctl_status command_call_each(const struct ctl_options *options,
				  const struct command_each *each, const char *const *words,
				  size_t n, bool all)
{
	bool single = !all && n == 1 && !match_is_pattern(words[0]);
	enum ctl_status status, first;
	json_t *names = match_names(options, words, n, all, &first), *name;
	json_t *values = json_array();
	size_t i;

	json_array_foreach(names, i, name)
	{
		status = call_one(options, each, json_string_value(name), single, values);
		if (first == STATUS_DONE)
			first = status;
	}
	if (options->json && !options->quiet && names && !single)
		output_json(options, values);
	else if (options->json && !options->quiet && json_array_size(values) > 0)
		output_json(options, json_array_get(values, 0));
	json_decref(values);
	json_decref(names);
	return first;
}

int command_usage_error(const struct ctl_command *command, const char *problem)
{
	output_error("%s", problem);
	output_diagnostic("Usage: rportctl %s %s%s", command->name, command->synopsis,
			  command->options ? " [OPTION]..." : "");
	return -EINVAL;
}

json_t *command_number(const char *text)
{
	return text ? json_integer(strtol(text, NULL, 10)) : NULL; /* of "auto": 0 */
}

bool command_words(const struct ctl_command *command, struct ctl_options *options, int argc,
		   char **argv, const char **ret, int n)
{
	int given = args_parse(options, NULL, argc, argv, ret, n);

	if (given >= 0 && given < n)
		command_usage_error(command, "a word is missing");
	return given == n;
}

int command_many_words(struct ctl_options *options, const struct args_table *table, int argc,
		       char **argv, const char ***ret)
{
	const char **words = calloc((size_t)argc + 1, sizeof(*words));
	int n;

	if (!words) {
		output_error("out of memory");
		return -EINVAL;
	}
	n = args_parse(options, table, argc, argv, words, argc);
	if (n < 0)
		free(words);
	else
		*ret = words;
	return n;
}

int command_many_links(const struct ctl_command *command, struct ctl_options *options,
		       const struct args_table *table, const bool *all, int argc, char **argv,
		       const char ***ret)
{
	const char **words;
	int n = command_many_words(options, table, argc, argv, &words);

	if (n < 0)
		return n;
	if ((n == 0) != *all) {
		free(words);
		return *all ? args_usage_error("--all stands for every link: name none besides")
			    : command_usage_error(command, "which link?");
	}
	*ret = words;
	return n;
}

const char *command_link_name(const struct ctl_command *command, struct ctl_options *options,
			      const struct args_table *table, int argc, char **argv)
{
	const char *name;
	int n = args_parse(options, table, argc, argv, &name, 1);

	if (n == 0)
		command_usage_error(command, "which link?");
	return n == 1 ? name : NULL;
}
