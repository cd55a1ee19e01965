/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CANDIDATES_H
#define RPORTCTL_CANDIDATES_H

/*
 * What a word that was begun could become, from what there is: links, ports, domains, files. What
 * cannot be found out, because no daemon answers for example, is left out without a word.
 */

#include <jansson.h>

#include "rportctl.h"

struct candidates {
	const struct ctl_options *options; /* where the daemon is */
	const char *begun;                 /* what a candidate begins with */
	json_t *found; /* an object, in the order of coming: each candidate with a description */
};

/**
 * candidates_add() - add @text, if it begins as it should and is not there yet
 * @description: a few words on it, or NULL
 */
void candidates_add(struct candidates *candidates, const char *text, const char *description);

/* These add what may stand for a word in capitals in the synopsis of a command. */
void candidates_add_links(struct candidates *candidates);
void candidates_add_interfaces(struct candidates *candidates); /* that belong to one link only */
void candidates_add_ports(struct candidates *candidates);
void candidates_add_domains(struct candidates *candidates);
void candidates_add_prefixes(struct candidates *candidates);
void candidates_add_files(struct candidates *candidates); /* directories end in "/" */

#endif
