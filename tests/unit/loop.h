/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_LOOP_H
#define RPORT_TEST_LOOP_H

/*
 * The manager over the kernel in memory: what users and others do to it, and what must be true
 * afterwards.
 *
 *	loop_daemon.c	begins and ends the daemon
 *	loop_verbs.c	what users ask for, by chance
 *	loop_others.c	what others do to namespaces, VRFs and interfaces, by chance
 *	loop_check.c	what must be true of ports and links
 *	loop_left.c	what must be left, and what must not
 *	loop_tables.c	each reason to be pending, each loss, each drift
 *	loop_failures.c	each call of each verb fails
 */

#include "fake_kernel.h"
#include "manager/ask.h"
#include "manager/manager.h"
#include "manager/pair.h"
#include "manager/parents.h"
#include "manager/ports.h"
#include "manager/status.h"

#define LOOP_MAX_PORTS 48
#define LOOP_MAX_LINKS 20

/*
 * struct loop - the daemon
 * @manager: NULL: it does not run
 * @trace: print what is done; above 1, what is told, too
 * @excused: a call failed by chance since the last time that all was put back: what was not put
 *	back because of that is drift, though nobody else did anything
 * @restored: it has taken over all that a former one left
 * @waits_since: when the first daemon began that had not, microseconds
 * @descriptors: that are open without any port
 */
struct loop {
	struct manager *manager;
	struct state *state;
	unsigned int trace;
	bool excused;
	bool restored;
	uint64_t waits_since;
	unsigned int descriptors;
};

extern struct loop loop;

/* --- loop_daemon.c --- */

/** loop_open() - frees the numbers of descriptors that a daemon is passed */
void loop_open(void);

/** loop_begin() - boot, and start the daemon */
void loop_begin(uint64_t seed);

/** loop_end() - end the daemon for good; nothing may be left of it */
void loop_end(void);

void loop_start(void);
void loop_stop(void);

/** loop_trace() - print what is done now, if that was asked for */
void loop_trace(const char *fmt, ...) _printf_(1, 2);

/* --- loop_verbs.c --- */

/** loop_verb() - something that a user may ask for */
void loop_verb(void);

/** loop_reconcile() - a user asks for all to be put back. Return: how many ports failed */
unsigned int loop_reconcile(void);

/* --- loop_others.c --- */

/** loop_others() - something that somebody else may do */
void loop_others(void);

/**
 * loop_forget_bounces() - that interfaces went down and up again is not going to be told: what they
 * lost by it is not put back by itself
 */
void loop_forget_bounces(void);

/** loop_world() - some namespaces and VRFs */
void loop_world(void);

/* --- loop_check.c --- */

/** loop_check() - what is true at any time: of the table, links, the data path, descriptors */
void loop_check(void);

/** loop_quiet() - let everything be told and all timers run; then all must be as it should be */
void loop_quiet(void);

/** loop_check_at_rest() - what is true once nothing waits to be told or done */
void loop_check_at_rest(void);

void loop_observe(void);

/* --- loop_left.c --- */

struct loop_count {
	unsigned int ports, links, present, pending, inherited, queues, processes, alone, paths;
};

/** loop_check_left() - devices, the descriptor store and the records are those of @count */
void loop_check_left(const struct loop_count *count);

/* --- loop_failures.c, loop_tables.c --- */

struct TCase *loop_failures_case(void);
struct TCase *loop_tables_case(void);

#endif
