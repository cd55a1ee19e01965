/* SPDX-License-Identifier: ISC */

/* The command list: list links. */

#include "list.h"
#include "match.h"

#define COUNTERS(title, end_)                                                       \
	CELL_RIGHT(title "-packets", statistic, .end = end_, .key = "packets"),     \
		CELL_RIGHT(title "-bytes", statistic, .end = end_, .key = "bytes"), \
		CELL_RIGHT(title "-drops", drops, .end = end_)

/* clang-format off */
static const struct cell_column columns[] = {
	CELL_LEFT("link", name, .key = "name"),
	CELL_LEFT("state", state),
	CELL_RIGHT("mtu", number, .key = "mtu"),
	CELL_CUT("a", port, .end = "a"),
	CELL_CUT("b", port, .end = "b"),
	CELL_CUT("from", port, .ways = true),
	CELL_CUT("to", to, .ways = true),
	CELL_RIGHT("packets", statistic, .ways = true, .key = "packets"),
	CELL_RIGHT("bytes", statistic, .ways = true, .key = "bytes"),
	CELL_RIGHT("drops", drops, .ways = true),
	COUNTERS("a", "a"),
	COUNTERS("b", "b"),
	CELL_RIGHT("drift", drifts),
	CELL_RIGHT("warnings", count, .key = "warnings"),
	CELL_LEFT("configured", yes_no, .key = "configured"),
	CELL_CUT("file", text, .key = "file"),
	CELL_LEFT("datapath", text, .key = "datapath"),
	CELL_LEFT("fast-path", yes_no, .key = "fastpath"),
	CELL_LEFT("offload", yes_no, .key = "offload"),
	CELL_LEFT("mpls", yes_no, .key = "mpls"),
	CELL_RIGHT("queues", number, .key = "queues"),
	CELL_LEFT("workers", values, .key = "workers"),
	CELL_NOTE("note", note),
};
/* clang-format on */

static const char *const states[] = { "up", "degraded", "pending", "inherited", NULL };

static const struct args_option options_table[] = { LISTING_OPTIONS(&list_links) };

const struct listing_kind list_links = {
	.method = "org.rportd.Manager.List",
	.key = "links",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.standard = { { "link,state,mtu,a,b,note", "link,state,mtu,a,b" },
		      { "link,state,mtu,from,to,packets,bytes,drops",
			"link,state,mtu,a,b,a-packets,a-bytes,a-drops,b-packets,b-bytes,b-"
			"drops" } },
	.states = states,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
	.matches = match_link,
	.nothing = "no links",
};

static enum ctl_status run_list(struct ctl_options *options, int argc, char **argv)
{
	return listing_run(&list_links, options, argc, argv);
}

const struct ctl_command ctl_command_list = {
	.name = "list",
	.synopsis = "[LINK|IFNAME|PATTERN]...",
	.summary = "list links",
	.details = "The columns of -br are LINK STATE MTU A B, with -s also the packets, "
		   "bytes and\ndrops from A to B and from B to A.\n" LISTING_DETAILS
		   "Columns: link state mtu a b from to packets bytes drops a-packets a-bytes\n"
		   "a-drops b-packets b-bytes b-drops drift warnings configured file\n"
		   "datapath fast-path offload mpls queues workers note\n",
	.run = run_list,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
