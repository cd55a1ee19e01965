/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_CHECK_FACTS_H
#define RPORT_PORT_CHECK_FACTS_H

/* What is known of a link, and what stands in the way of its packets: see check.h. */

#include "kernel/lookup.h"
#include "port/port.h"

enum check_severity {
	CHECK_ERROR,   /* packets do not pass */
	CHECK_WARNING, /* some do not, or it is probably not meant */
	CHECK_HINT,    /* worth to know; nothing has to be done */
};

/* One half of the families that are looked at. */
enum check_family {
	CHECK_IPV4,
	CHECK_IPV6,
};
#define CHECK_FAMILIES 2

/*
 * struct check_way - what the kernel says becomes of a packet
 * @asked: the other members are valid
 * @result: 0 or -errno of rtnl_lookup()
 * @answer: of rtnl_lookup(), when the result is 0
 * @ifname: of the interface through which it leaves; "": not known
 * @mtu: of that interface; 0: not known
 */
struct check_way {
	bool asked;
	int result;
	struct route_answer answer;
	char ifname[IFNAMSIZ];
	unsigned int mtu;
};

/*
 * struct check_flow - packets from the domain of one port to an address behind, or of, the other
 * @from: the end where they are sent
 * @to_peer: the destination is an address of the other port; else of a network that is routed into
 *	the port at end @from
 * @to: the destination
 * @network: the network, when @to_peer is false
 * @out: where the sender sends them
 * @in: what the receiver does with them when they come in through its port
 * @back: where the receiver sends the answers
 */
struct check_flow {
	unsigned int from;
	bool to_peer;
	struct ip_address to;
	struct ip_prefix network;
	struct check_way out, in, back;
};

#define CHECK_FLOWS_MAX 16

/* Frames that were lost, by cause, as in the API; and since when they are counted. */
struct check_drops {
	struct flow_counters counters;
	uint64_t interface_dropped;
	uint64_t since; /* seconds of CLOCK_REALTIME; 0: not known */
};

#define CHECK_MANAGER_MAX 32

/*
 * struct check_seen - what is found by looking into the domain of a port
 * @looked: 0; 1: nobody has looked; -errno: that was not possible
 * @lo_down: the loopback interface of the namespace is down
 * @forwards: by family: its packets may be forwarded; -1: not known
 * @strict: the reverse path is checked strictly (rp_filter 1)
 * @local_first: by family: see rtnl_local_comes_first()
 * @leaks: by family: what the VRF has no route for goes by the main table, through this interface
 * @tracks: connections are tracked in the namespace
 * @manager: another program that manages the interface; "": none is known
 */
struct check_seen {
	int looked;
	bool lo_down;
	int forwards[CHECK_FAMILIES];
	bool strict;
	bool local_first[CHECK_FAMILIES];
	char leaks[CHECK_FAMILIES][IFNAMSIZ];
	bool tracks;
	char manager[CHECK_MANAGER_MAX];
};

/*
 * struct check_end - what is known of a port and its domain
 * @port: DOMAIN/IFNAME
 * @spec: borrowed
 * @state: of the port
 * @reason: why it is pending; NULL: it is not
 * @drift: lines, or NULL
 * @ifname: its interface
 * @index: ifindex; 0: it has none
 * @mtu: of the interface
 * @drops: of frames that were sent into it
 * @fastpath: why packets sent here do not take the fast path though they are to; "": they do, or
 *	are not to
 * @seen: found by looking
 */
struct check_end {
	char port[PORT_TEXT_MAX];
	const struct port_spec *spec;
	enum port_state state;
	const char *reason;
	const char *drift;
	char ifname[IFNAMSIZ];
	unsigned int index;
	unsigned int mtu;
	struct check_drops drops;
	char fastpath[128];
	struct check_seen seen;
};

/*
 * struct check_facts - what is known of a link
 * @link: its name
 * @ends: its ports
 * @same_netns: both are in one namespace
 * @twin: the name of another link that joins the same two domains; "": none, or not looked for
 * @engine_error: errno with which io_uring could not start; 0: it did
 * @flows: what was asked about packets
 * @n_flows: how many
 */
struct check_facts {
	char link[LINK_NAME_MAX + 1];
	struct check_end ends[2];
	bool same_netns;
	char twin[LINK_NAME_MAX + 1];
	int engine_error;
	struct check_flow flows[CHECK_FLOWS_MAX];
	unsigned int n_flows;
};

#define CHECK_TEXT_MAX 1024

/*
 * struct check_finding - one thing that stands in the way
 * @id: a word that stays the same over versions
 * @severity: how bad it is
 * @standing: it is told from what the daemon knows anyway: a warning of the link
 * @end: the port it is about, 0 or 1; -1: the link
 * @message: what it is, in one line
 * @remedy: commands that mend it, one a line; "" where no command can
 */
struct check_finding {
	const char *id;
	enum check_severity severity;
	bool standing;
	int end;
	char message[CHECK_TEXT_MAX];
	char remedy[CHECK_TEXT_MAX];
};

#endif
