/* SPDX-License-Identifier: ISC */

/* The command help, and what --help prints. */

#include <stdio.h>

#include "base/wrap.h"
#include "commands.h"
#include "help.h"

#define COLUMN 30 /* where explanations begin */
#define WIDTH  80

/* "  WORDS", and from COLUMN on what they do, in the next line if there is no room in this one. */
static void print_item(const char *words, const char *help)
{
	int column = printf("  %s", words);

	if (column + 2 > COLUMN) {
		putchar('\n');
		column = 0;
	}
	column += printf("%*s", COLUMN - column, "");
	wrap_print(help, COLUMN, column, WIDTH);
}

static void print_options(const struct args_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct args_option *option = &options[i];
		char words[64];

		snprintf(words, sizeof(words), "%s%s%s%s%s", option->alias ? option->alias : "",
			 option->alias ? ", " : "", option->name, option->value ? " " : "",
			 option->value ? option->value : "");
		print_item(words, option->help);
	}
}

void help_print_overview(void)
{
	puts("Usage: rportctl [OPTION]... [COMMAND [ARGUMENT]...]\n\n"
	     "Links at layer 3 between Linux network namespaces and VRFs. Without a COMMAND,\n"
	     "a summary.\n\n"
	     "Commands:");
	for (size_t i = 0; i < ctl_n_commands; i++) {
		char words[128];

		snprintf(words, sizeof(words), "%s%s%s", ctl_commands[i]->name,
			 *ctl_commands[i]->synopsis ? " " : "", ctl_commands[i]->synopsis);
		print_item(words, ctl_commands[i]->summary);
	}
	puts("\nOptions, before or after the command:");
	print_options(args_common, args_n_common);
	puts("\nExit status: 0 done or unchanged, 1 wrong usage, 2 refused, 3 not found,\n"
	     "4 no daemon, 5 not permitted.");
}

void help_print_command(const struct ctl_command *command)
{
	printf("Usage: rportctl %s%s%s%s\n\n", command->name, *command->synopsis ? " " : "",
	       command->synopsis, command->options ? " [OPTION]..." : "");
	if (*command->details)
		wrap_print(command->details, 0, 0, WIDTH);
	if (command->options) {
		puts("Options:");
		print_options(command->options, command->n_options);
		putchar('\n');
	}
	puts("\"rportctl help\" lists the options that every command takes.");
}

static enum ctl_status run_help(struct ctl_options *options, int argc, char **argv)
{
	const struct ctl_command *command;
	const char *name;
	int n;

	n = args_parse(options, NULL, argc, argv, &name, 1);
	if (n < 0)
		return STATUS_USAGE;
	if (n == 0) {
		help_print_overview();
		return STATUS_DONE;
	}
	command = ctl_command_find_or_complain(name);
	if (!command)
		return STATUS_USAGE;
	help_print_command(command);
	return STATUS_DONE;
}

const struct ctl_command ctl_command_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.summary = "this, or the help of a command",
	.details = "",
	.run = run_help,
};
