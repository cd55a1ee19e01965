/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_OPTIONS_H
#define RPORT_MANAGER_OPTIONS_H

/* How the manager is started, and who is told what it does. */

#include "datapath/fastpath.h"
#include "manager/table.h"
#include "store/fdstore.h"

struct manager;

struct manager_options {
	unsigned int workers;
	unsigned int busy_poll;  /* microseconds */
	const char *datapath;    /* see datapath_options */
	struct starter *starter; /* borrowed; starts rportd-data and rportd-net */
	unsigned int data_role;  /* of that, in the starter's table */
	unsigned int net_role;   /* likewise, of rportd-net */
	unsigned int max_links;
	unsigned int max_ports;
	unsigned int
		max_retries;   /* of a port whose domain is there, until it is given up; 0: never */
	bool unwatched_queues; /* see struct staging */
	enum fastpath_policy fastpath;
	struct state *state; /* borrowed: the state that passes from daemon to daemon */
	struct state_handover handover;
};

/* How often the loop has acted since the start. */
struct manager_counts {
	uint64_t attempts; /* to make the interface of a port, or to take it over */
	uint64_t failures; /* of these */
	uint64_t losses;   /* of interfaces */
};

/* Functions that are notified of changes of ports and links, at the end of a verb or of a burst. */
struct manager_observer {
	void (*port)(const struct port *port, bool removed, void *userdata);
	void (*link)(const struct rport_link *link, bool removed, void *userdata);
	void *userdata;
};

#endif
