/* SPDX-License-Identifier: ISC */

/* The command status: a summary, which rportctl without a command prints, too. */

#include "client.h"
#include "command.h"
#include "output.h"
#include "view.h"

#define KEY_WIDTH 12

/* What is counted of links and ports, by state; the others have no state of their own. */
static const char *const states[] = { "up", "degraded", "down", "pending", "inherited" };

static bool has_drift(const json_t *object)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");

	return a ? has_drift(a) || has_drift(b)
		 : json_array_size(json_object_get(object, "drift")) > 0;
}

static void count(json_t *counts, const char *key)
{
	json_object_set_new(counts, key, json_integer(view_number(counts, key) + 1));
}

/* { "total": 3, "up": 2, "pending": 1, ..., "drift": 0 } */
static json_t *count_all(const json_t *objects)
{
	json_t *counts = json_pack("{s:I}", "total", (json_int_t)json_array_size(objects));
	size_t i;
	json_t *object;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		json_object_set_new(counts, states[i], json_integer(0));
	json_object_set_new(counts, "drift", json_integer(0));
	json_object_set_new(counts, "warnings", json_integer(0));
	json_array_foreach(objects, i, object)
	{
		const char *state = view_text(object, "state");

		if (json_object_get(counts, state))
			count(counts, state);
		if (has_drift(object))
			count(counts, "drift");
		if (json_array_size(json_object_get(object, "warnings")) > 0)
			count(counts, "warnings");
	}
	return counts;
}

/* The array @key of what @method answers, counted; NULL after having said why not. */
static json_t *ask(const struct ctl_options *options, const char *method, const char *key,
		   enum ctl_status *ret_status)
{
	struct client_answer answer;
	const json_t *objects = client_call_for(options, method, json_object(), key, &answer);
	json_t *counts = objects ? count_all(objects) : NULL;

	*ret_status = answer.status;
	client_answer_release(&answer);
	return counts;
}

static enum ctl_status summarize(const struct ctl_options *options, json_t *summary)
{
	struct client_answer answer;
	enum ctl_status status;
	json_t *counts;

	client_call_or_complain(options, "org.varlink.service.GetInfo", json_object(), &answer);
	status = answer.status;
	json_object_set_new(summary, "rportd",
			    json_string(view_text(answer.parameters, "version")));
	client_answer_release(&answer);
	if (status != STATUS_DONE)
		return status;
	counts = ask(options, "org.rportd.Manager.List", "links", &status);
	json_object_set_new(summary, "links", counts);
	if (status != STATUS_DONE)
		return status;
	counts = ask(options, "org.rportd.Manager.ListPorts", "ports", &status);
	json_object_set_new(summary, "ports", counts);
	return status;
}

/* "links       3: 2 up, 1 pending" */
static void print_counts(const char *key, const json_t *counts)
{
	const char *separator = ": ";

	output_text(COLOR_NONE, "%-*s%" JSON_INTEGER_FORMAT, KEY_WIDTH, key,
		    view_number(counts, "total"));
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		json_int_t n = view_number(counts, states[i]);

		if (n == 0)
			continue;
		output_text(COLOR_NONE, "%s%" JSON_INTEGER_FORMAT " ", separator, n);
		output_text(view_state_color(states[i]), "%s", states[i]);
		separator = ", ";
	}
	output_newline();
}

/* Only what there is. */
static void print_fault(const json_t *links, const char *key, const char *where)
{
	json_int_t n = view_number(links, key);

	if (n == 0)
		return;
	output_text(COLOR_NONE, "%-*s", KEY_WIDTH, key);
	output_text(COLOR_BAD, "%" JSON_INTEGER_FORMAT " link%s", n, PLURAL(n));
	output_text(COLOR_NONE, "; see \"%s\"", where);
	output_newline();
}

static void print_summary(const json_t *summary)
{
	const json_t *links = json_object_get(summary, "links");

	output_text(COLOR_NONE, "%-*s%s", KEY_WIDTH, "rportd", view_text(summary, "rportd"));
	output_newline();
	print_counts("links", links);
	print_counts("ports", json_object_get(summary, "ports"));
	print_fault(links, "drift", "rportctl list --drift");
	print_fault(links, "warnings", "rportctl list");
	output_newline();
	output_text(COLOR_NONE, "\"rportctl list\" shows the links, \"rportctl help\" what "
				"can be said.");
	output_newline();
}

static enum ctl_status run_status(struct ctl_options *options, int argc, char **argv)
{
	json_t *summary;
	enum ctl_status status;

	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	summary = json_object();
	status = summarize(options, summary);
	if (status == STATUS_DONE && !options->quiet) {
		if (options->json)
			output_json(options, summary);
		else
			print_summary(summary);
	}
	json_decref(summary);
	return status;
}

const struct ctl_command ctl_command_status = {
	.name = "status",
	.synopsis = "",
	.summary = "a summary, as without any command",
	.details = "The version of rportd, links and ports by state, drift and warnings.\n",
	.run = run_status,
};
