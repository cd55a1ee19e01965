/* SPDX-License-Identifier: ISC */
#ifndef RPORT_NETWORK_WIRE_H
#define RPORT_NETWORK_WIRE_H

/*
 * The protocol between rportd (client.c, calls.c) and rportd-net (serve.c, act.c): messages of
 * network/message.h on three sockets for calls (one for what rportd waits for, one for queries that may
 * be late, one for checks), and one socket for events.
 *
 * rportd-net keeps nothing between two calls but places. Each call that is about a port carries the
 * descriptors of its queues: they say which interface it is, whatever else the message says.
 */

#include "kernel/monitor.h"
#include "kernel/netns.h"
#include "kernel/packet-sockets.h"
#include "datapath/fastpath-shared.h"
#include "port/inspect.h"
#include "port/port.h"

/*
 * Calls. After "->" is what the reply has, beside its header and, if it failed, a struct
 * rport_error.
 */
enum network_call {
	NETWORK_RESOLVE, /* network_resolve, fd of its process -> network_found, fd of its process */
	NETWORK_RELEASE, /* uint32_t: of network_found; no reply */
	NETWORK_EXISTS,  /* network_name, of no place: rportd's own namespace -> */
	/* uint32_t: the place; uint32_t: not if the name is taken; port -> state, fds of its queues */
	NETWORK_MAKE,
	NETWORK_ADOPT,          /* uint32_t: the place; port, fds of its queues -> state */
	NETWORK_DERIVE,         /* fds of its queues -> spec, alias */
	NETWORK_LOOK,           /* port -> why it is lost, state */
	NETWORK_LOST_NAME,      /* port -> why it is lost, or "" */
	NETWORK_APPLY,          /* network_apply, port, the former spec -> state */
	NETWORK_OBSERVE,        /* network_want, port, the wanted spec -> seen */
	NETWORK_ASK,            /* network_ask, ports -> network_answer and seen for each */
	NETWORK_CARRIER,        /* port, which is to have the other one -> */
	NETWORK_ALIAS,          /* port -> */
	NETWORK_REMOVE,         /* uint32_t: how many; ports -> */
	NETWORK_REMOVE_DEVICES, /* fds -> */
	NETWORK_REMOVE_UNNAMED, /* struct domain, fds -> */
	NETWORK_LAY,         /* network_lay, ports, fds of counts -> network_laid, fds of counts */
	NETWORK_CLEAR,       /* uint32_t: how many; as NETWORK_LAY for each -> likewise */
	NETWORK_COUNTS,      /* fds of counts -> a struct fastpath_count for each */
	NETWORK_CAPTURES,    /* port -> struct packet_sockets */
	NETWORK_SWEEP,       /* -> */
	NETWORK_LOCAL_FIRST, /* port -> network_local_first */
	NETWORK_CHECK,       /* network_check, the ports that are there -> struct inspect_result */
	N_NETWORK_CALLS,
};

struct network_request {
	uint32_t call;
	uint32_t serial;
};

/* @result: what the function returned; if negative, -errno */
struct network_reply {
	uint32_t serial;
	int32_t result;
};

/* The first message, on the first socket, with the other three; its reply is network_ready. */
struct network_setup {
	uint32_t queues_forced; /* see struct staging */
};

struct network_ready {
	int32_t own_nsid;    /* of rportd's own namespace */
	int32_t watch_error; /* -errno: names are not watched; 0 */
	uint32_t nowait;     /* see struct staging */
};

/* @pid: of the process that is meant, whose descriptor comes with it; 0: not known yet */
struct network_resolve {
	struct domain domain;
	pid_t pid;
};

/*
 * struct network_found - a domain that was found
 * @place: its number, until NETWORK_RELEASE
 * @pid: of its process, whose descriptor comes with it; 0: it has none, or not a new one
 * @nsid: of its namespace; negative: it has none
 */
struct network_found {
	uint32_t place;
	struct domain domain;
	struct netns_id netns;
	int32_t nsid;
	pid_t pid;
};

/* @place: of network_found, or 0 */
struct network_name {
	uint32_t place;
	char name[IFNAMSIZ];
};

enum network_verb {
	NETWORK_BRING_UP,
	NETWORK_GIVE_BACK,
	NETWORK_TAKE_DOWN,
	NETWORK_CHANGE,
	NETWORK_PUT_BACK,
	NETWORK_SET_MTU,
	N_NETWORK_VERBS,
};

/* What these are to functions of port/port.h that have the name of the verb. */
struct network_apply {
	uint32_t verb;
	uint32_t scope;
	uint32_t again;
	uint32_t mtu;
};

/*
 * struct network_want - a struct port_want
 * @given: a spec follows after that of the port, which is the former one then
 */
struct network_want {
	uint32_t scope;
	uint32_t admin;
	uint32_t given;
	struct ip_address link_local;
	struct ip_address given_link_local;
};

/* @deadline: CLOCK_MONOTONIC, microseconds; as in port_ask() */
struct network_ask {
	uint64_t deadline;
	uint32_t n;
	uint32_t observe;
};

/* A struct port_answer; after it, if that was observed, what was seen. */
struct network_answer {
	int32_t result;
	int32_t observed;
	struct rtnl_dev dev;
};

struct network_lay {
	uint32_t want[2];
	uint32_t keep;
	uint32_t known;
	uint32_t on[2];
};

/* @passed: what programs counted that are gone now */
struct network_laid {
	uint32_t known;
	uint32_t on[2];
	struct fastpath_count passed[2];
};

struct network_local_first {
	uint32_t first[CHECK_FAMILIES];
};

/* @present: by end: its port follows; @own: it is in the namespace of rportd */
struct network_check {
	uint32_t present[2];
	uint32_t own[2];
	uint32_t probe;
};

#define NETWORK_TEXT_MAX 128 /* why a device is lost */

/* --- events ----------------------------------------------------------------------------------- */

enum network_event_type {
	NETWORK_DEVICE,   /* see struct monitor_handler */
	NETWORK_SETTINGS, /* likewise, as the next three */
	NETWORK_QUEUEING,
	NETWORK_GONE,
	NETWORK_LOST,
	NETWORK_NAME,         /* a name of a namespace may have come or gone */
	NETWORK_NAMES_MISSED, /* others may have, too */
	NETWORK_NAMES,        /* these were all, for now */
	NETWORK_DRAINED,      /* all events were sent that there were before NETWORK_DRAIN */
	NETWORK_ALIVE,        /* to NETWORK_PING */
};

/*
 * struct network_event - an event
 * @where: of NETWORK_GONE: the namespace that knows the other one
 * @device: of NETWORK_DEVICE; its nsid and index of others
 * @name: of NETWORK_NAME
 */
struct network_event {
	uint32_t type;
	int32_t where;
	union {
		struct monitor_event device;
		char name[NAME_MAX + 1];
		uint32_t serial; /* of NETWORK_DRAINED and NETWORK_ALIVE */
	};
};

#define NETWORK_EVENTS_MAX 64 /* in one message */

/* What rportd sends on the socket for events. */
enum network_control_type {
	NETWORK_DRAIN,
	NETWORK_PING,
	NETWORK_ABANDON, /* the call is not waited for any more: let another thread serve */
};

struct network_control {
	uint32_t type;
	uint32_t channel; /* of NETWORK_ABANDON: 0 or 1 */
	uint32_t serial;  /* likewise, of the request */
};

#endif
