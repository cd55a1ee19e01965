/* SPDX-License-Identifier: ISC */

/* apply and reload: have the files read again. They differ in what they say of it. */

#include "apply.h"
#include "client.h"
#include "command.h"
#include "output.h"
#include "view.h"

struct apply_request {
	bool dry_run;
};

const struct args_option ctl_apply_options[] = {
	{
		.name = "--dry-run",
		.help = "only say what would be done",
		.apply = args_set,
		.offset = offsetof(struct apply_request, dry_run),
	},
};
const size_t ctl_apply_n_options = ARRAY_SIZE(ctl_apply_options);

/* --- what is wrong ---------------------------------------------------------------------------- */

static bool is_error(const json_t *problem)
{
	return streq(view_text(problem, "severity"), "error");
}

/* Something in the files is not as they say now. A warning is no fault: it changes nothing. */
static bool has_faults(const json_t *reply)
{
	size_t i;
	json_t *problem;

	json_array_foreach(json_object_get(reply, "problems"), i, problem)
	{
		if (is_error(problem))
			return true;
	}
	return json_array_size(json_object_get(reply, "failed")) > 0;
}

/* As compilers do, so that editors find the place. */
static void print_problem(const json_t *problem)
{
	const char *file = view_text(problem, "file"), *message = view_text(problem, "message");
	const char *severity = is_error(problem) ? "error" : "warning";
	json_int_t line = view_number(problem, "line");

	if (line > 0)
		output_diagnostic("%s:%" JSON_INTEGER_FORMAT ": %s: %s", file, line, severity,
				  message);
	else
		output_diagnostic("%s: %s: %s", file, severity, message);
}

static void print_faults(const struct ctl_options *options, const json_t *reply)
{
	size_t i;
	json_t *problem, *failure;

	json_array_foreach(json_object_get(reply, "problems"), i, problem)
	{
		if (is_error(problem) || !options->quiet)
			print_problem(problem);
	}
	json_array_foreach(json_object_get(reply, "failed"), i, failure)
		output_error("%s: %s", view_text(failure, "name"), view_text(failure, "message"));
}

/* For a person who waits; what it has come to is in the last reply. */
static void print_progress(const json_t *parameters, void *userdata)
{
	const bool *quiet = userdata;
	const json_t *progress = json_object_get(parameters, "progress");

	if (!*quiet && progress)
		output_progress("%s%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " links",
				json_is_true(json_object_get(progress, "waiting"))
					? "waiting for another reload: "
					: "",
				view_number(progress, "done"), view_number(progress, "total"));
}

static enum ctl_status reload(const struct ctl_options *options, bool dry_run,
			      command_print_fn print)
{
	struct client_answer answer;
	bool quiet = options->quiet;

	client_call_progress(options, "org.rportd.Manager.Reload",
			     json_pack("{s:o*}", "dryRun", dry_run ? json_true() : NULL),
			     print_progress, &quiet, &answer);
	output_progress_end();
	if (answer.status != STATUS_DONE) {
		output_error("%s", answer.message);
	} else {
		if (options->json && !options->quiet)
			output_json(options, answer.parameters);
		else if (!options->quiet)
			print(options, answer.parameters);
		print_faults(options, answer.parameters);
		/* What could be done was done: the status says that it is not all. */
		if (has_faults(answer.parameters))
			answer.status = STATUS_REFUSED;
	}
	client_answer_release(&answer);
	return answer.status;
}

/* --- apply ------------------------------------------------------------------------------------ */

static void print_lines(enum output_color color, const char *sign, const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
	{
		output_text(color, "%s %s", sign, json_string_value(name));
		output_newline();
	}
}

static void print_changes(const json_t *changes)
{
	size_t i;
	json_t *change;

	json_array_foreach(changes, i, change)
	{
		output_text(COLOR_NONE, "~ %s: %s", view_text(change, "name"),
			    view_text(change, "difference"));
		output_newline();
	}
}

/* One line for each link that is not as it was. */
static void print_applied(const struct ctl_options *options _unused_, const json_t *reply)
{
	const json_t *added = json_object_get(reply, "added");
	const json_t *changed = json_object_get(reply, "changed");
	const json_t *removed = json_object_get(reply, "removed");
	size_t n = json_array_size(added) + json_array_size(changed) + json_array_size(removed);

	print_lines(COLOR_GOOD, "+", added);
	print_changes(changed);
	print_lines(COLOR_BAD, "-", removed);
	if (n == 0 && !has_faults(reply)) {
		output_text(COLOR_NONE, "nothing to do");
		output_newline();
	}
}

enum ctl_status ctl_apply(struct ctl_options *options, int argc, char **argv)
{
	struct apply_request request = { 0 };
	const struct args_table table = { ctl_apply_options, ctl_apply_n_options, &request };

	if (args_parse(options, &table, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	return reload(options, request.dry_run, print_applied);
}

/* --- reload ----------------------------------------------------------------------------------- */

/* "added: red-blue lan-vpn"; nothing when there are none. Members are names, or have one. */
static void print_names(const char *title, const json_t *members)
{
	size_t i;
	json_t *member;

	if (json_array_size(members) == 0)
		return;
	output_text(COLOR_NONE, "%s:", title);
	json_array_foreach(members, i, member)
	{
		const char *name = json_string_value(member);

		output_text(COLOR_NONE, " %s", name ? name : view_text(member, "name"));
	}
	output_newline();
}

static void print_reloaded(const struct ctl_options *options _unused_, const json_t *reply)
{
	print_names("added", json_object_get(reply, "added"));
	print_names("changed", json_object_get(reply, "changed"));
	print_names("removed", json_object_get(reply, "removed"));
	output_text(COLOR_NONE, "unchanged: %zu",
		    json_array_size(json_object_get(reply, "unchanged")));
	output_newline();
}

enum ctl_status ctl_reload(struct ctl_options *options, int argc, char **argv)
{
	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	return reload(options, false, print_reloaded);
}
