/* SPDX-License-Identifier: ISC */

/* What the commands apply and reload share: have rportd read the files again. */

#include "client.h"
#include "files.h"
#include "output.h"
#include "view.h"

static bool is_error(const json_t *problem)
{
	return streq(view_text(problem, "severity"), "error");
}

bool reload_has_faults(const json_t *reply)
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
		output_progress("%s%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " link%s",
				json_is_true(json_object_get(progress, "waiting"))
					? "waiting for another reload: "
					: "",
				view_number(progress, "done"), view_number(progress, "total"),
				PLURAL(view_number(progress, "total")));
}

enum ctl_status reload_files(const struct ctl_options *options, bool dry_run,
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
		if (reload_has_faults(answer.parameters))
			answer.status = STATUS_REFUSED;
	}
	client_answer_release(&answer);
	return answer.status;
}
