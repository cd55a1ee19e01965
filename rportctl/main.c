/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "apply.h"
#include "commands.h"
#include "create.h"
#include "output.h"
#include "pair.h"
#include "unpair.h"

static enum ctl_status ctl_help(struct ctl_options *options, int argc, char **argv);

#define IFNAME_DETAILS "An interface's name will do where it belongs to one link only.\n"
#define PORT_DETAILS   "A PORT is IFNAME, where only one port is called so, or DOMAIN/IFNAME.\n"

const struct ctl_command ctl_commands[] = {
	{
		.name = "pair",
		.synopsis = "A B [OPTION...]",
		.summary = "join two domains with a link",
		.details = "A and B are domains: NAME, default, vrf:NAME, netns:NAME, "
			   "netns:NAME/vrf:NAME or pid:N.\n"
			   "The same command again changes nothing.\n"
			   "With --wait the link is pending until its domains are there.\n",
		.run = ctl_pair,
		.options = ctl_pair_options,
		.n_options = &ctl_pair_n_options,
	},
	{
		.name = "unpair",
		.synopsis = "LINK|IFNAME",
		.summary = "remove a link and both its interfaces",
		.details = IFNAME_DETAILS
		"A link that has a file comes back at the next reload, unless --persist "
		"is given.\n",
		.run = ctl_unpair,
		.options = ctl_unpair_options,
		.n_options = &ctl_unpair_n_options,
	},
	{
		.name = "reconcile",
		.synopsis = "LINK|IFNAME",
		.summary = "put back what is not as it was asked for",
		.details = IFNAME_DETAILS "What drifted is shown by \"rportctl show\". A pending "
					  "port is tried again at once.\n",
		.run = ctl_reconcile,
	},
	{
		.name = "apply",
		.synopsis = "[--dry-run]",
		.summary = "make links as their files say, and say what changed",
		.details = "One line for each link: + added, ~ changed, - removed. "
			   "Exit with 2 when a file\n"
			   "could not be followed; what could be done was done.\n",
		.run = ctl_apply,
		.options = ctl_apply_options,
		.n_options = &ctl_apply_n_options,
	},
	{
		.name = "reload",
		.synopsis = "",
		.summary = "make links as their files say, and sum it up",
		.details = "Exit with 2 when a file could not be followed; "
			   "what could be done was done.\n",
		.run = ctl_reload,
	},
	{
		.name = "export",
		.synopsis = "LINK",
		.summary = "print the file that makes a link",
		.details = "With -j, the text and where \"pair --persist\" would write it.\n",
		.run = ctl_export,
	},
	{
		.name = "monitor",
		.synopsis = "",
		.summary = "print what is there, then each change as it comes",
		.details = "With -j, each is an object on one line, also with -p. "
			   "Exit with 4 when rportd ends.\n",
		.run = ctl_monitor,
	},
	{
		.name = "list",
		.synopsis = "",
		.summary = "list all links",
		.details = "The columns of -br are LINK STATE MTU A B, with -s also the packets, "
			   "bytes and drops\n"
			   "from A to B and from B to A.\n",
		.run = ctl_list,
	},
	{
		.name = "show",
		.synopsis = "[LINK|IFNAME]",
		.summary = "show everything about a link, or about all",
		.details = "With -j, one link is an object and all are an array.\n",
		.run = ctl_show,
	},
	{
		.name = "exists",
		.synopsis = "LINK|IFNAME",
		.summary = "is there such a link? Exit with 0 or 3",
		.details = "Nothing is printed.\n",
		.run = ctl_exists,
	},
	{
		.name = "create",
		.synopsis = "[NAME] in DOMAIN",
		.summary = "make a port, down and without a parent",
		.details = "A port without a NAME gets the lowest free rportN.\n",
		.run = ctl_create,
		.options = ctl_create_options,
		.n_options = &ctl_create_n_options,
	},
	{
		.name = "destroy",
		.synopsis = "PORT",
		.summary = "remove a port; one that has a parent is separated first",
		.details = PORT_DETAILS,
		.run = ctl_destroy,
	},
	{
		.name = "up",
		.synopsis = "PORT",
		.summary = "set a port up",
		.details = PORT_DETAILS,
		.run = ctl_up,
	},
	{
		.name = "down",
		.synopsis = "PORT",
		.summary = "set a port down",
		.details = PORT_DETAILS,
		.run = ctl_down,
	},
	{
		.name = "set",
		.synopsis = "PORT|LINK mtu N",
		.summary = "set the MTU of a port, or of both ends of a link",
		.details = PORT_DETAILS,
		.run = ctl_set,
	},
	{
		.name = "parent",
		.synopsis = "PORT [PARENT]",
		.summary = "set the parent of a port, which is its peer; or show it",
		.details = PORT_DETAILS,
		.run = ctl_parent,
	},
	{
		.name = "unparent",
		.synopsis = "PORT",
		.summary = "separate a port from its parent",
		.details = PORT_DETAILS,
		.run = ctl_unparent,
	},
	{
		.name = "ports",
		.synopsis = "",
		.summary = "list all ports",
		.details = "The columns are PORT STATE CARRIER MTU PEER LINK, with -s also "
			   "packets, bytes and drops.\n",
		.run = ctl_ports,
	},
	{
		.name = "version",
		.synopsis = "",
		.summary = "the versions of rportctl and rportd",
		.details = "",
		.run = ctl_version,
	},
	{
		.name = "help",
		.synopsis = "[COMMAND]",
		.summary = "this, or the help of a command",
		.details = "",
		.run = ctl_help,
	},
	{
		.name = "complete",
		.synopsis = "-- WORD...",
		.summary = "what the last WORD could become, for shells",
		.details = "The WORDs are those after \"rportctl\" on a command line, the last one "
			   "as far as it was\n"
			   "typed. One line for each candidate, with a tab before what there is to "
			   "say on it.\n",
		.run = ctl_complete,
	},
};
const size_t ctl_n_commands = ARRAY_SIZE(ctl_commands);

const struct ctl_command *ctl_command_find(const char *name)
{
	for (size_t i = 0; i < ctl_n_commands; i++)
		if (streq(name, ctl_commands[i].name))
			return &ctl_commands[i];
	return NULL;
}

static const struct ctl_command *find_command(const char *name)
{
	const struct ctl_command *command = ctl_command_find(name);

	if (!command)
		output_error("unknown command \"%s\"; see \"rportctl help\"", name);
	return command;
}

static void print_options(const struct args_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct args_option *option = &options[i];
		char words[64];

		snprintf(words, sizeof(words), "%s%s%s%s%s", option->alias ? option->alias : "",
			 option->alias ? ", " : "", option->name, option->value ? " " : "",
			 option->value ? option->value : "");
		printf("  %-26s  %s\n", words, option->help);
	}
}

static void print_overview(void)
{
	puts("Usage: rportctl [OPTION...] COMMAND [ARGUMENT...]\n\n"
	     "Links at layer 3 between Linux network namespaces and VRFs.\n\n"
	     "Commands:");
	for (size_t i = 0; i < ctl_n_commands; i++) {
		char words[64];

		snprintf(words, sizeof(words), "%s %s", ctl_commands[i].name,
			 ctl_commands[i].synopsis);
		printf("  %-26s  %s\n", words, ctl_commands[i].summary);
	}
	puts("\nOptions, before or after the command:");
	print_options(args_common, args_n_common);
	puts("\nExit status: 0 done or unchanged, 1 usage, 2 refused, 3 not found, 4 no daemon,\n"
	     "5 not permitted.");
}

static void print_command_help(const struct ctl_command *command)
{
	printf("Usage: rportctl %s%s%s\n\n%s%s", command->name, *command->synopsis ? " " : "",
	       command->synopsis, command->details, *command->details ? "\n" : "");
	if (command->options) {
		puts("Options:");
		print_options(command->options, *command->n_options);
		putchar('\n');
	}
	puts("\"rportctl help\" lists the options that every command takes.");
}

static enum ctl_status ctl_help(struct ctl_options *options, int argc, char **argv)
{
	const struct ctl_command *command;
	const char *name;
	int n;

	n = args_parse(options, NULL, argc, argv, &name, 1);
	if (n < 0)
		return STATUS_USAGE;
	if (n == 0) {
		print_overview();
		return STATUS_DONE;
	}
	command = find_command(name);
	if (!command)
		return STATUS_USAGE;
	print_command_help(command);
	return STATUS_DONE;
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
	if (asks_for("--help", "-h", argc, argv) || (options->help && command->run != ctl_help)) {
		print_command_help(command);
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
		print_overview();
		return STATUS_DONE;
	}
	if (i == argc) {
		output_error("which command? See \"rportctl help\"");
		return STATUS_USAGE;
	}
	command = find_command(argv[i]);
	if (!command)
		return STATUS_USAGE;
	return run_command(&options, command, argc - i - 1, argv + i + 1);
}

int main(int argc, char **argv)
{
	enum ctl_status status = run(argc, argv);

	if (output_finish() < 0 && status == STATUS_DONE)
		status = STATUS_REFUSED;
	return status;
}
