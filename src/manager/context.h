/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_CONTEXT_H
#define RPORT_MANAGER_CONTEXT_H

/* The state that the files of the manager share. */

#include "datapath/datapath.h"
#include "manager/options.h"
#include "network/network.h"
#include "store/counters.h"

/* Ports in a state without a device; see commit.c */
struct waiting_ports {
	struct port_list list;
	unsigned int n;
};

struct manager {
	struct manager_counts counts;
	struct manager_options options;
	struct manager_observer observer;
	sd_event *event;
	struct network *network;
	struct datapath *datapath;
	struct table table;
	struct counters *counters;
	struct state *state; /* NULL: rportd is ending, and nothing is recorded any more */
	sd_event_source *alive;
	int own_nsid;        /* by which the monitor may name our own namespace */
	unsigned int asking; /* round of manager_ask_all() */

	struct waiting_ports pending, inherited;
	struct port_list untold; /* ports that changed since observers were notified */

	struct restore *restore;   /* restore.c; NULL: all was taken over */
	struct events *events;     /* events.c */
	struct schedule *schedule; /* schedule.c */
	struct captures *captures; /* captures.c */
};

#endif
