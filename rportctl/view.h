/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_VIEW_H
#define RPORTCTL_VIEW_H

/* How links, as they come from the daemon, are read and looked at. Missing keys do no harm. */

#include <jansson.h>

#include "output.h"

/**
 * view_text() - a string of an object, or "-" when it has none or an empty one
 */
const char *view_text(const json_t *object, const char *key);

/**
 * view_number() - an integer of an object, or 0
 */
json_int_t view_number(const json_t *object, const char *key);

/**
 * view_add_port() - the next cell of a table: DOMAIN/IFNAME, as commands take it
 */
void view_add_port(struct output_table *table, const json_t *port);

/**
 * view_state_color() - good for "up", bad for the rest
 */
enum output_color view_state_color(const char *state);

/**
 * view_drops() - all frames that were lost on the way from @port to its peer, whatever the cause
 */
json_int_t view_drops(const json_t *port);

#endif
