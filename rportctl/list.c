/* SPDX-License-Identifier: ISC */

/* The command list: list all links. */

#include "command.h"
#include "output.h"
#include "view.h"

static void add_number(struct output_table *table, json_int_t number)
{
	output_table_add_right(table, COLOR_NONE, "%" JSON_INTEGER_FORMAT, number);
}

static void add_counters(struct output_table *table, const json_t *port)
{
	const json_t *statistics = json_object_get(port, "statistics");

	add_number(table, view_number(statistics, "packets"));
	add_number(table, view_number(statistics, "bytes"));
	add_number(table, view_drops(port));
}

static void add_link(struct output_table *table, const json_t *link)
{
	const char *state = view_text(link, "state");

	output_table_add(table, COLOR_STRONG, "%s", view_text(link, "name"));
	output_table_add(table, view_state_color(state), "%s", state);
	add_number(table, view_number(link, "mtu"));
}

/* LINK STATE MTU A B: for people with a header, for scripts without, and the same columns. */
static void list_plain(const json_t *links, bool brief)
{
	static const char *const titles[] = { "LINK", "STATE", "MTU", "A", "B" };
	struct output_table table;
	size_t i;
	json_t *link;

	output_table_init(&table, ARRAY_SIZE(titles));
	table.brief = brief;
	if (!brief)
		output_table_titles(&table, titles);
	json_array_foreach(links, i, link)
	{
		add_link(&table, link);
		view_add_port(&table, json_object_get(link, "a"));
		view_add_port(&table, json_object_get(link, "b"));
	}
	output_table_print(&table);
}

static void add_direction(struct output_table *table, const json_t *from, const json_t *to)
{
	view_add_port(table, from);
	view_add_port(table, to);
	add_counters(table, from);
}

/* Two rows for each link, one for each direction. */
static void list_statistics(const json_t *links)
{
	static const char *const titles[] = { "LINK", "STATE",   "MTU",   "FROM",
					      "TO",   "PACKETS", "BYTES", "DROPS" };
	struct output_table table;
	size_t i;
	json_t *link;

	output_table_init(&table, ARRAY_SIZE(titles));
	output_table_titles(&table, titles);
	json_array_foreach(links, i, link)
	{
		const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");

		add_link(&table, link);
		add_direction(&table, a, b);
		for (int empty = 0; empty < 3; empty++)
			output_table_add(&table, COLOR_NONE, "%s", "");
		add_direction(&table, b, a);
	}
	output_table_print(&table);
}

/* One line for each link also here: LINK STATE MTU A B, then packets, bytes and drops of each. */
static void list_brief_statistics(const json_t *links)
{
	struct output_table table;
	size_t i;
	json_t *link;

	output_table_init(&table, 11);
	table.brief = true;
	json_array_foreach(links, i, link)
	{
		const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");

		add_link(&table, link);
		view_add_port(&table, a);
		view_add_port(&table, b);
		add_counters(&table, a);
		add_counters(&table, b);
	}
	output_table_print(&table);
}

static void list_text(const struct ctl_options *options, const json_t *links)
{
	if (options->statistics && options->brief)
		list_brief_statistics(links);
	else if (options->statistics)
		list_statistics(links);
	else
		list_plain(links, options->brief);
}

static enum ctl_status run_list(struct ctl_options *options, int argc, char **argv)
{
	if (args_parse(options, NULL, argc, argv, NULL, 0) < 0)
		return STATUS_USAGE;
	return command_call(options, "org.rportd.Manager.List", json_object(), "links", list_text);
}

const struct ctl_command ctl_command_list = {
	.name = "list",
	.synopsis = "",
	.summary = "list all links",
	.details = "The columns of -br are LINK STATE MTU A B, with -s also the packets, "
		   "bytes and drops\n"
		   "from A to B and from B to A.\n",
	.run = run_list,
};
