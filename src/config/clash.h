/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_CLASH_H
#define RPORT_CONFIG_CLASH_H

/*
 * Files that are right by themselves, but not together: they want the same interface name in the
 * same domain, or are the same link twice.
 */

#include "config/config.h"

struct config_clashes;

/**
 * config_clashes_new() - begin without any file
 *
 * Return: what config_clashes_free() frees; NULL when out of memory.
 */
struct config_clashes *config_clashes_new(void);

/**
 * config_clashes_add() - compare a link with those that were added before, and add it
 * @clashes: of config_clashes_new(); NULL does no harm
 * @link: of a file, not bad
 * @problem: called for each clash, with the file of this link, and the other one in the message: an
 *	error for an interface that cannot be made, a warning for a link between the same domains with
 *	the same address
 * @userdata: for @problem
 *
 * A domain that is only a name may be a namespace or a VRF: it is compared with both.
 */
void config_clashes_add(struct config_clashes *clashes, const struct config_link *link,
			config_problem_fn problem, void *userdata);

/**
 * config_clashes_free() - forget all files; takes NULL
 * @clashes: of config_clashes_new(), or NULL
 */
void config_clashes_free(struct config_clashes *clashes);

#endif
