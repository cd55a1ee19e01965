/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CANDIDATES_H
#define RPORTCTL_CANDIDATES_H

/*
 * What a word that was begun could become, from what there is: links, ports, domains, files.
 * Candidates that cannot be found out, for example because no daemon answers, are left out
 * silently.
 */

#include <jansson.h>

#include "rportctl.h"

struct candidates {
	const struct ctl_options *options; /* where the daemon is */
	const char *begun;                 /* what a candidate begins with */
	json_t *found; /* an object, in the order of coming: each candidate with a description */
};

/**
 * candidates_add() - add a candidate, if it begins as it should and is not there yet
 * @candidates: what was found so far
 * @text: copied
 * @description: a few words on it, or NULL
 */
void candidates_add(struct candidates *candidates, const char *text, const char *description);

/* The following add what may stand for a word in capitals in the synopsis of a command. */

/**
 * candidates_add_links() - add the names of links, for LINK
 * @candidates: what was found so far
 */
void candidates_add_links(struct candidates *candidates);

/**
 * candidates_add_interfaces() - add the names of interfaces that belong to one link only, for
 * IFNAME
 * @candidates: what was found so far
 */
void candidates_add_interfaces(struct candidates *candidates);

/**
 * candidates_add_ports() - add ports as DOMAIN/IFNAME, for PORT and PARENT
 * @candidates: what was found so far
 */
void candidates_add_ports(struct candidates *candidates);

/**
 * candidates_add_domains() - add namespaces, VRFs and domains of ports, for DOMAIN
 * @candidates: what was found so far
 */
void candidates_add_domains(struct candidates *candidates);

/**
 * candidates_add_prefixes() - add the prefixes of the routes of ports, for PREFIX
 * @candidates: what was found so far
 */
void candidates_add_prefixes(struct candidates *candidates);

/**
 * candidates_add_files() - add files, for PATH; directories end in "/"
 * @candidates: what was found so far
 */
void candidates_add_files(struct candidates *candidates);

#endif
