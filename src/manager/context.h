/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_CONTEXT_H
#define RPORT_MANAGER_CONTEXT_H

/* The state that the files of the manager share. */

#include "kernel/monitor.h"
#include "kernel/netns-watch.h"
#include "datapath/datapath.h"
#include "manager/options.h"
#include "store/counters.h"

struct manager {
	struct manager_options options;
	struct manager_observer observer;
	sd_event *event;
	struct staging staging;
	struct datapath *datapath;
	struct table table;
	struct counters *counters;
	struct state *state; /* NULL: rportd is ending, and nothing is recorded any more */
	sd_event_source *alive;
	int own_nsid; /* by which the monitor may name our own namespace */
	struct port_asker *asker;
	unsigned int asking; /* round of manager_ask_all() */

	bool restoring;           /* the ports of a former daemon are being taken over */
	struct port_list pending; /* ports without a device; see commit.c */
	unsigned int n_pending;
	struct port_list untold; /* ports that changed since observers were notified */

	struct events *events;     /* events.c */
	struct schedule *schedule; /* schedule.c */
	struct captures *captures; /* captures.c */
};

#endif
