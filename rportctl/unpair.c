/* SPDX-License-Identifier: ISC */

/* The command unpair: remove links. */

#include <stdlib.h>

#include "client.h"
#include "command.h"
#include "match.h"
#include "output.h"
#include "view.h"

struct unpair_request {
	bool persist;
};

static const struct args_option options_table[] = {
	{
		.name = "--persist",
		.help = "remove its file, too, so that it stays away",
		.apply = args_set,
		.offset = offsetof(struct unpair_request, persist),
	},
};

static void print_removed(const struct ctl_options *options _unused_, const json_t *reply)
{
	output_text(COLOR_NONE, "%s: removed%s", view_text(reply, "name"),
		    view_bool(reply, "configured")
			    ? " (its file is kept and brings it back at the next reload; "
			      "--persist removes it, too)"
			    : "");
	output_newline();
}

#define CALL_MAX 32 /* names in a call of UnpairSeveral */

/* What is left to do when several links are removed. */
struct unpairing {
	const struct ctl_options *options;
	bool persist;
	json_t *removed; /* for JSON */
	enum ctl_status status;
};

static json_t *parameters_of(const struct unpairing *unpairing, const char *key, json_t *value)
{
	return json_pack("{s:o, s:o*}", key, value, "persist",
			 unpairing->persist ? json_true() : NULL);
}

static void note(struct unpairing *unpairing, enum ctl_status status)
{
	if (unpairing->status == STATUS_DONE)
		unpairing->status = status;
}

static void add_removed(struct unpairing *unpairing, json_t *removed)
{
	if (!unpairing->options->json && !unpairing->options->quiet)
		print_removed(unpairing->options, removed);
	json_array_append(unpairing->removed, removed);
}

/* One that was refused among others: to say why. */
static void unpair_one(struct unpairing *unpairing, const json_t *name)
{
	struct client_answer answer;

	client_call_or_complain(
		unpairing->options, "org.rportd.Manager.Unpair",
		parameters_of(unpairing, "name", json_copy((json_t *)(uintptr_t)name)), &answer);
	if (answer.status == STATUS_DONE)
		add_removed(unpairing, answer.parameters);
	note(unpairing, answer.status);
	client_answer_release(&answer);
}

/* @names: at most CALL_MAX; the reference is taken over. Return: whether to go on. */
static bool unpair_some(struct unpairing *unpairing, json_t *names)
{
	struct client_answer answer;
	enum ctl_status status;
	json_t *value;
	size_t i;

	status = client_call_or_complain(unpairing->options, "org.rportd.Manager.UnpairSeveral",
					 parameters_of(unpairing, "names", names), &answer);
	note(unpairing, status);
	json_array_foreach(json_object_get(answer.parameters, "removed"), i, value)
		add_removed(unpairing, value);
	json_array_foreach(json_object_get(answer.parameters, "other"), i, value)
		unpair_one(unpairing, value);
	client_answer_release(&answer);
	return status == STATUS_DONE;
}

static void unpair_names(struct unpairing *unpairing, const json_t *names)
{
	json_t *some = json_array(), *name;
	bool going_on = true;
	size_t i;

	json_array_foreach(names, i, name)
	{
		json_array_append(some, name);
		if (json_array_size(some) < CALL_MAX && i + 1 < json_array_size(names))
			continue;
		going_on = going_on && unpair_some(unpairing, json_incref(some));
		json_decref(some);
		some = json_array();
	}
	json_decref(some);
}

static enum ctl_status unpair_several(const struct ctl_options *options, bool persist,
				      const char *const *words, size_t n)
{
	struct unpairing unpairing = {
		.options = options,
		.persist = persist,
		.removed = json_array(),
	};
	json_t *names = match_names(options, words, n, false, &unpairing.status);

	unpair_names(&unpairing, names);
	if (names && options->json && !options->quiet)
		output_json(options, unpairing.removed);
	json_decref(unpairing.removed);
	json_decref(names);
	return unpairing.status;
}

static enum ctl_status run_unpair(struct ctl_options *options, int argc, char **argv)
{
	struct unpair_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };
	static const bool all = false;
	enum ctl_status status;
	const char **words;
	int n;

	n = command_many_links(&ctl_command_unpair, options, &table, &all, argc, argv, &words);
	if (n < 0)
		return STATUS_USAGE;
	if (n == 1 && !match_is_pattern(words[0]))
		status = command_call(options, "org.rportd.Manager.Unpair",
				      json_pack("{s:s, s:o*}", "name", words[0], "persist",
						request.persist ? json_true() : NULL),
				      NULL, print_removed);
	else
		status = unpair_several(options, request.persist, words, (size_t)n);
	free(words);
	return status;
}

const struct ctl_command ctl_command_unpair = {
	.name = "unpair",
	.synopsis = "LINK|IFNAME|PATTERN...",
	.summary = "remove links and their interfaces",
	.details = IFNAME_DETAILS PATTERN_DETAILS
	"Many together take hardly longer than one. A link that has a file comes back at the next "
	"reload, unless --persist "
	"is given.\n",
	.run = run_unpair,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
