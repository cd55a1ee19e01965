/* SPDX-License-Identifier: ISC */

/* The command apply: make links as their files say, and say what changed. */

#include "files.h"
#include "output.h"
#include "view.h"

struct apply_request {
	bool dry_run;
};

static const struct args_option options_table[] = {
	{
		.name = "--dry-run",
		.help = "only say what would be done",
		.apply = args_set,
		.offset = offsetof(struct apply_request, dry_run),
	},
};

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
	if (n == 0 && !reload_has_faults(reply)) {
		output_text(COLOR_NONE, "nothing to do");
		output_newline();
	}
}

static enum ctl_status run_apply(struct ctl_options *options, int argc, char **argv)
{
	struct apply_request request = { 0 };
	const struct args_table table = { options_table, ARRAY_SIZE(options_table), &request };

	if (args_parse(options, &table, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	return reload_files(options, request.dry_run, print_applied);
}

const struct ctl_command ctl_command_apply = {
	.name = "apply",
	.synopsis = "",
	.summary = "make links as their files say, and say what changed",
	.details = "One line for each link: + added, ~ changed, - removed. "
		   "Exit with 2 when a file\n"
		   "could not be followed; what could be done was done.\n",
	.run = run_apply,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
