/* SPDX-License-Identifier: ISC */

/* The command ports: list all ports. */

#include "command.h"
#include "output.h"
#include "view.h"

static const char *carrier_word(const json_t *port)
{
	return view_bool(port, "carrier") ? "carrier" : "NO-CARRIER";
}

static void add_port(struct output_table *table, const json_t *port, bool statistics)
{
	const json_t *counters = json_object_get(port, "statistics");
	const char *state = view_text(port, "state");

	view_add_port(table, port);
	output_table_add(table, view_state_color(state), "%s", state);
	output_table_add(table, COLOR_NONE, "%s", carrier_word(port));
	output_table_add_right(table, COLOR_NONE, "%" JSON_INTEGER_FORMAT,
			       view_number(port, "mtu"));
	output_table_add(table, COLOR_NONE, "%s", view_text(port, "peer"));
	output_table_add(table, COLOR_NONE, "%s", view_text(port, "link"));
	if (!statistics)
		return;
	output_table_add_right(table, COLOR_NONE, "%" JSON_INTEGER_FORMAT,
			       view_number(counters, "packets"));
	output_table_add_right(table, COLOR_NONE, "%" JSON_INTEGER_FORMAT,
			       view_number(counters, "bytes"));
	output_table_add_right(table, COLOR_NONE, "%" JSON_INTEGER_FORMAT, view_drops(port));
}

static void print_ports(const struct ctl_options *options, const json_t *ports)
{
	static const char *const titles[] = { "PORT", "STATE",   "CARRIER", "MTU",  "PEER",
					      "LINK", "PACKETS", "BYTES",   "DROPS" };
	struct output_table table;
	size_t i;
	json_t *port;

	output_table_init(&table, options->statistics ? 9 : 6);
	table.brief = options->brief;
	if (!options->brief)
		output_table_titles(&table, titles);
	json_array_foreach(ports, i, port) add_port(&table, port, options->statistics);
	output_table_print(&table);
}

static enum ctl_status run_ports(struct ctl_options *options, int argc, char **argv)
{
	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.ListPorts", json_object(), "ports",
			    print_ports);
}

const struct ctl_command ctl_command_ports = {
	.name = "ports",
	.synopsis = "",
	.summary = "list all ports",
	.details = "The columns are PORT STATE CARRIER MTU PEER LINK, with -s also "
		   "packets, bytes and drops.\n",
	.run = run_ports,
};
