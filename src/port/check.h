/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_CHECK_H
#define RPORT_PORT_CHECK_H

/* Tells why packets do not pass a link, or suffer, from what is known of it. Pure. */

#include "port/check-facts.h"

/**
 * check_run() - find what stands in the way of packets
 * @facts: what is known; facts of which nothing is known give no findings
 * @found: called with each finding, errors first
 * @userdata: for @found
 *
 * Of one kind there is one finding for each end at most.
 */
void check_run(const struct check_facts *facts,
	       void (*found)(const struct check_finding *finding, void *userdata), void *userdata);

/**
 * check_severity_name() - name a severity
 * @severity: any
 *
 * Return: "error", "warning" or "hint".
 */
const char *check_severity_name(enum check_severity severity);

#endif
