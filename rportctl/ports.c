/* SPDX-License-Identifier: ISC */

/* The command ports: list ports. */

#include "listing.h"
#include "match.h"

/* clang-format off */
static const struct cell_column columns[] = {
	CELL_LEFT("port", port),
	CELL_LEFT("state", state),
	CELL_LEFT("carrier", carrier),
	CELL_RIGHT("mtu", number, .key = "mtu"),
	CELL_CUT("peer", text, .key = "peer"),
	CELL_CUT("link", text, .key = "link"),
	CELL_RIGHT("packets", statistic, .key = "packets"),
	CELL_RIGHT("bytes", statistic, .key = "bytes"),
	CELL_RIGHT("drops", drops),
	CELL_CUT("domain", text, .key = "domain"),
	CELL_LEFT("interface", text, .key = "interface"),
	CELL_RIGHT("index", number, .key = "index"),
	CELL_RIGHT("losses", number, .key = "losses"),
	CELL_RIGHT("drift", drifts),
	CELL_CUT("addresses", values, .key = "addresses"),
	CELL_CUT("routes", values, .key = "routes"),
	CELL_LEFT("link-local", text, .key = "linkLocal"),
	CELL_LEFT("fast-path", yes_no, .key = "fastpath"),
	CELL_LEFT("offload", yes_no, .key = "offload"),
	CELL_LEFT("mpls", yes_no, .key = "mpls"),
	CELL_RIGHT("queues", number, .key = "queues"),
	CELL_NOTE("note", note),
};
/* clang-format on */

static const char *const states[] = { "up", "down", "pending", "inherited", NULL };

static const struct listing_kind list_ports;

static const struct args_option options_table[] = { LISTING_OPTIONS(&list_ports) };

static const struct listing_kind list_ports = {
	.method = "org.rportd.Manager.ListPorts",
	.key = "ports",
	.columns = columns,
	.n_columns = ARRAY_SIZE(columns),
	.standard = { { "port,state,carrier,mtu,peer,link,note",
			"port,state,carrier,mtu,peer,link" },
		      { "port,state,carrier,mtu,peer,link,packets,bytes,drops",
			"port,state,carrier,mtu,peer,link,packets,bytes,drops" } },
	.states = states,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
	.matches = match_port,
	.nothing = "no ports",
};

static enum ctl_status run_ports(struct ctl_options *options, int argc, char **argv)
{
	return listing_run(&list_ports, options, argc, argv);
}

const struct ctl_command ctl_command_ports = {
	.name = "ports",
	.synopsis = "[PORT|LINK|PATTERN]...",
	.summary = "list ports",
	.details = "The columns of -br are PORT STATE CARRIER MTU PEER LINK, with -s also "
		   "packets,\nbytes and drops.\n" LISTING_DETAILS
		   "Columns: port state carrier mtu peer link packets bytes drops domain\n"
		   "interface index losses drift addresses routes link-local fast-path offload\n"
		   "mpls queues note\n",
	.run = run_ports,
	.options = options_table,
	.n_options = ARRAY_SIZE(options_table),
};
