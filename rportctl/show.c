/* SPDX-License-Identifier: ISC */

/* The command show: everything about a link, or about all. */

#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "list.h"
#include "output.h"
#include "pager.h"
#include "view.h"

#define LINK_INDENT 4
#define PORT_INDENT 8
#define KEY_WIDTH   12

static void show_key(int indent, const char *key)
{
	output_text(COLOR_NONE, "%*s%-*s", indent, "", KEY_WIDTH, key);
}

static void show_text(int indent, const char *key, const char *text)
{
	show_key(indent, key);
	output_text(COLOR_NONE, "%s", text);
	output_newline();
}

static void show_number(int indent, const char *key, json_int_t number)
{
	show_key(indent, key);
	output_text(COLOR_NONE, "%" JSON_INTEGER_FORMAT, number);
	output_newline();
}

/* All on one line: "tso4 tso6 csum". */
static void show_words(int indent, const char *key, const json_t *words)
{
	size_t i;
	json_t *word;

	show_key(indent, key);
	json_array_foreach(words, i, word)
		output_text(COLOR_NONE, "%s%s", i > 0 ? " " : "", json_string_value(word));
	output_text(COLOR_NONE, "%s", json_array_size(words) > 0 ? "" : "-");
	output_newline();
}

/* One a line, under each other; the key stands before the first. */
static void show_routes(const json_t *routes)
{
	size_t i;
	json_t *route;

	json_array_foreach(routes, i, route)
		show_text(PORT_INDENT, i == 0 ? "routes" : "", json_string_value(route));
	if (json_array_size(routes) == 0)
		show_text(PORT_INDENT, "routes", "-");
}

static void show_addresses(const json_t *addresses)
{
	size_t i;
	json_t *address;

	json_array_foreach(addresses, i, address)
	{
		show_key(PORT_INDENT, i == 0 ? "addresses" : "");
		view_print_value(address);
		output_newline();
	}
	if (json_array_size(addresses) == 0)
		show_text(PORT_INDENT, "addresses", "-");
}

static void show_state(const json_t *port)
{
	const char *state = view_text(port, "state");

	show_key(PORT_INDENT, "state");
	output_text(view_state_color(state), "%s", state);
	if (streq(state, "pending")) {
		output_text(COLOR_NONE, ": %s", view_text(port, "reason"));
	} else if (!streq(state, "inherited")) {
		bool carrier = view_bool(port, "carrier");

		output_text(COLOR_NONE, ", ");
		output_text(carrier ? COLOR_NONE : COLOR_BAD, carrier ? "carrier" : "NO-CARRIER");
	}
	output_newline();
}

/* What went into this port; the other direction is with the other port. */
static void show_statistics(const json_t *port)
{
	static const struct {
		const char *key, *title;
	} causes[] = {
		{ "peerDown", "peer_down" }, { "noProto", "noproto" }, { "invalid", "invalid" },
		{ "noMemory", "no_memory" }, { "other", "other" },
	};
	const json_t *statistics = json_object_get(port, "statistics");
	const json_t *drops = json_object_get(statistics, "drops");

	show_key(PORT_INDENT, "sent");
	output_text(COLOR_NONE, "%" JSON_INTEGER_FORMAT " packets, %" JSON_INTEGER_FORMAT " bytes",
		    view_number(statistics, "packets"), view_number(statistics, "bytes"));
	output_newline();
	show_key(PORT_INDENT, "dropped");
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		output_text(COLOR_NONE, "%s %" JSON_INTEGER_FORMAT ", ", causes[i].title,
			    view_number(drops, causes[i].key));
	output_text(COLOR_NONE, "interface_dropped %" JSON_INTEGER_FORMAT,
		    view_number(statistics, "interfaceDropped"));
	output_newline();
}

/* What is not as it should be, one a line. */
static void show_faults(int indent, const char *key, const json_t *faults)
{
	size_t i;
	json_t *fault;

	json_array_foreach(faults, i, fault)
	{
		show_key(indent, key);
		output_text(COLOR_BAD, "%s", json_string_value(fault));
		output_newline();
	}
}

static void show_port(const struct ctl_options *options, const char *end, const json_t *port)
{
	output_text(COLOR_NONE, "%*s%s: ", LINK_INDENT, "", end);
	output_text(COLOR_STRONG, "%s", view_text(port, "interface"));
	output_text(COLOR_NONE, " in %s", view_text(port, "domain"));
	output_newline();
	show_state(port);
	show_faults(PORT_INDENT, "drift", json_object_get(port, "drift"));
	if (view_number(port, "losses") > 0)
		show_number(PORT_INDENT, "losses", view_number(port, "losses"));
	show_number(PORT_INDENT, "index", view_number(port, "index"));
	show_number(PORT_INDENT, "mtu", view_number(port, "mtu"));
	show_addresses(json_object_get(port, "addresses"));
	show_routes(json_object_get(port, "routes"));
	show_text(PORT_INDENT, "link-local", view_text(port, "linkLocal"));
	show_words(PORT_INDENT, "offloads", json_object_get(port, "offloads"));
	if (options->statistics)
		show_statistics(port);
}

/* "a->b fast, b->a uring-batch (a capture is running on b)"; only the engine where nobody asked. */
static void show_way(const json_t *link, const char *key, const char *direction)
{
	const json_t *way = json_object_get(json_object_get(link, "ways"), key);
	const char *reason = view_text(way, "reason");

	output_text(COLOR_NONE, "%s %s", direction,
		    view_bool(way, "fast") ? "fast" : view_text(link, "datapath"));
	if (!streq(reason, "-"))
		output_text(COLOR_NONE, " (%s)", reason);
}

/* A link that is pending has no workers. */
static void show_datapath(const json_t *link)
{
	const json_t *workers = json_object_get(link, "workers");
	size_t n = json_array_size(workers), i;
	json_t *worker;

	show_key(LINK_INDENT, "datapath");
	if (view_bool(link, "fastpath")) {
		show_way(link, "aToB", "a->b");
		show_way(link, "bToA", ", b->a");
	} else {
		output_text(COLOR_NONE, "%s", view_text(link, "datapath"));
	}
	if (n > 0)
		output_text(COLOR_NONE, ", worker%s", n > 1 ? "s" : "");
	json_array_foreach(workers, i, worker)
		output_text(COLOR_NONE, " %" JSON_INTEGER_FORMAT, json_integer_value(worker));
	output_newline();
}

static void show_link(const struct ctl_options *options, const json_t *link)
{
	const json_t *a = json_object_get(link, "a"), *b = json_object_get(link, "b");
	const char *state = view_text(link, "state");

	pager_open(options);
	output_text(COLOR_STRONG, "%s", view_text(link, "name"));
	output_text(COLOR_NONE, ": ");
	output_text(view_state_color(state), "%s", state);
	output_newline();
	show_number(LINK_INDENT, "mtu", view_number(link, "mtu"));
	show_text(LINK_INDENT, "offload", view_bool(link, "offload") ? "on" : "off");
	show_datapath(link);
	show_text(LINK_INDENT, "configured", view_bool(link, "configured") ? "yes" : "no");
	if (json_is_string(json_object_get(link, "file")))
		show_text(LINK_INDENT, "file", view_text(link, "file"));
	if (view_bool(link, "mpls"))
		show_text(LINK_INDENT, "mpls", "on");
	if (view_number(link, "queues") > 1)
		show_number(LINK_INDENT, "queues", view_number(link, "queues"));
	show_faults(LINK_INDENT, "warning", json_object_get(link, "warnings"));
	show_port(options, "a", a);
	show_port(options, "b", b);
}

static void show_links(const struct ctl_options *options, const json_t *links)
{
	size_t i;
	json_t *link;

	json_array_foreach(links, i, link)
	{
		if (i > 0)
			output_newline();
		show_link(options, link);
	}
}

static enum ctl_status show_named(const struct ctl_options *options, const char **names, size_t n)
{
	static const struct command_each show = {
		.method = "org.rportd.Manager.Show",
		.key = "link",
		.print = show_link,
		.separate = true,
	};

	return command_call_each(options, &show, names, n, false);
}

static enum ctl_status run_show(struct ctl_options *options, int argc, char **argv)
{
	enum ctl_status status;
	const char **names;
	int n;

	n = command_many_words(options, NULL, argc, argv, &names);
	if (n < 0)
		return STATUS_USAGE;
	if (options->brief && !options->json)
		status = listing_of(&list_links, options, names, (size_t)n);
	else if (n == 0)
		status = command_call(options, "org.rportd.Manager.List", json_object(), "links",
				      show_links);
	else
		status = show_named(options, names, (size_t)n);
	free(names);
	return status;
}

const struct ctl_command ctl_command_show = {
	.name = "show",
	.synopsis = "[LINK|IFNAME|PATTERN]...",
	.summary = "show everything about links, or about all",
	.details = "With -j, one link is an object; several, those of a PATTERN, and all are "
		   "an array.\nWith -br, a line for each, as in list.\n",
	.run = run_show,
};
