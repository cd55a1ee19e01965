/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_CHECKER_H
#define RPORT_MANAGER_CHECKER_H

/* Has links looked at, for clients who want to know why packets do not pass. */

#include "manager/options.h"
#include "network/network.h"

struct checker;
struct check_job;

/*
 * struct check_result - what was found out; borrowed during the call
 * @facts: for check_run()
 * @probes: what became of the probes
 * @n_probes: how many were sent
 * @after: what was lost of each port's packets once the probes were over
 */
struct check_result {
	const struct check_facts *facts;
	const struct inspect_probe *probes;
	unsigned int n_probes;
	struct check_drops after[2];
};

/*
 * struct check_request - what to look at
 * @link: the link
 * @probe: send probes
 * @trusted: the caller may change something; others get a part of the places only
 * @done: called once, from the event loop
 * @userdata: for @done
 */
struct check_request {
	struct rport_link *link;
	bool probe;
	bool trusted;
	void (*done)(const struct check_result *result, void *userdata);
	void *userdata;
};

/**
 * checker_new() - prepare checks
 * @manager: has the links; must live longer
 * @ret: free it with checker_free()
 *
 * Return: 0 or -ENOMEM.
 */
int checker_new(struct manager *manager, struct checker **ret);

/**
 * checker_free() - forget all jobs, without calling back; no answer may come afterwards
 * @checker: of checker_new(), or NULL
 */
void checker_free(struct checker *checker);

/**
 * checker_begin() - have a link looked at
 * @checker: the checker
 * @request: copied; the link may be removed meanwhile
 * @ret: for checker_forget(), until @done has been called
 *
 * After CHECKER_MSEC without an answer of the kernel @done gets what the daemon knew.
 *
 * Return: 0; -ENOMEM; or -errno of sd_event_add_time(3).
 */
int checker_begin(struct checker *checker, const struct check_request *request,
		  struct check_job **ret);

#define CHECKER_MSEC 4000

/**
 * checker_forget() - do not call back
 * @job: of checker_begin(); invalid afterwards
 */
void checker_forget(struct check_job *job);

/**
 * checker_look_at_rules() - see whether the local table comes before VRFs, where that matters
 * @manager: has it
 * @link: just made, or shown; its local_first is updated
 *
 * It matters to links between a VRF and the main table of one namespace; of others nothing is asked.
 */
void checker_look_at_rules(struct manager *manager, struct rport_link *link);

#endif
