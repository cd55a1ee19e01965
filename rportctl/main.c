/* SPDX-License-Identifier: ISC */

/* The command line of rportctl: the list of commands, and which one is run. */

#include <locale.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "commands.h"
#include "help.h"
#include "output.h"

#define ROW(name) &ctl_command_##name,

const struct ctl_command *const ctl_commands[] = { CTL_COMMANDS(ROW) };
const size_t ctl_n_commands = ARRAY_SIZE(ctl_commands);

const struct ctl_command *ctl_command_find(const char *name)
{
	for (size_t i = 0; i < ctl_n_commands; i++)
		if (streq(name, ctl_commands[i]->name))
			return ctl_commands[i];
	return NULL;
}

const struct ctl_command *ctl_command_find_or_complain(const char *name)
{
	const struct ctl_command *command = ctl_command_find(name);
	struct nearest nearest;
	const char *meant;

	if (command)
		return command;
	nearest_begin(&nearest, name);
	for (size_t i = 0; i < ctl_n_commands; i++)
		nearest_offer(&nearest, ctl_commands[i]->name);
	meant = nearest_found(&nearest);
	output_error("unknown command \"%s\"%s%s%s; \"rportctl help\" lists them", name,
		     meant ? " (did you mean " : "", meant ? meant : "", meant ? "?)" : "");
	return NULL;
}

/*
 * "rportctl pair --help" helps at once, whatever is missing yet on the line. No value of an option
 * begins with "-", so the word can be nothing else.
 */
static bool asks_for(const char *name, const char *alias, int argc, char **argv)
{
	for (int i = 0; i < argc && !streq(argv[i], "--"); i++)
		if (streq(argv[i], name) || streq(argv[i], alias))
			return true;
	return false;
}

static enum ctl_status run_command(struct ctl_options *options, const struct ctl_command *command,
				   int argc, char **argv)
{
	if (asks_for("--help", "-h", argc, argv) ||
	    (options->help && command != &ctl_command_help)) {
		help_print_command(command);
		return STATUS_DONE;
	}
	if (asks_for("--version", "-V", argc, argv)) {
		ctl_print_version(options);
		return STATUS_DONE;
	}
	return command->run(options, argc, argv);
}

static enum ctl_status run(int argc, char **argv)
{
	struct ctl_options options = { 0 };
	const struct ctl_command *command;
	int i = args_parse_leading(&options, argc, argv);

	if (i < 0)
		return STATUS_USAGE;
	if (options.version) {
		ctl_print_version(&options);
		return STATUS_DONE;
	}
	if (i == argc && options.help) {
		help_print_overview();
		return STATUS_DONE;
	}
	if (i == argc)
		return ctl_command_status.run(&options, 0, NULL);
	command = ctl_command_find_or_complain(argv[i]);
	if (!command)
		return STATUS_USAGE;
	options.command = command->name;
	return run_command(&options, command, argc - i - 1, argv + i + 1);
}

/* How wide a character is, the C library knows in a locale of UTF-8 only. */
static void set_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv)
{
	enum ctl_status status;

	set_locale();
	status = run(argc, argv);

	if (output_finish() < 0 && status == STATUS_DONE)
		status = STATUS_REFUSED;
	return status;
}
