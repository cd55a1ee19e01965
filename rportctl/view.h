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
 * view_bool() - is that member true?
 */
bool view_bool(const json_t *object, const char *key);

/**
 * view_pending_reason() - why a link is pending
 *
 * Return: the reason of the first of its ports that is pending, or NULL when none is.
 */
const char *view_pending_reason(const json_t *link);

/**
 * view_print_link() - a line on what became of a link: "red-blue: created, rport0 in vrf:red,
 * rport0 in netns:blue", or, while there is more to say, "red-blue: created, pending: REASON"
 */
void view_print_link(const json_t *link, const char *result);

/**
 * view_print_state() - the end of a line on what was brought up or down: "up" or "unchanged", and
 * as long as it is pending, "pending: REASON" or "unchanged, pending: REASON"
 * @reason: why it is pending, or NULL when it is not
 */
void view_print_state(bool changed, const char *state, const char *reason);

/**
 * view_print_value() - any member, as a piece of a line: a switch as "yes" or "no", an address with
 * its peer, an array with "; " between, and "-" for null, for nothing, and for an array of nothing
 */
void view_print_value(const json_t *value);

/**
 * view_add_port() - the next cell of a table: DOMAIN/IFNAME, as commands take it
 */
void view_add_port(struct output_table *table, const json_t *port);

/**
 * view_state_color() - good for "up", bad for "down" and "degraded"; "pending" is neither
 */
enum output_color view_state_color(const char *state);

/**
 * view_drops() - all frames that were lost on the way from @port to its peer, whatever the cause
 */
json_int_t view_drops(const json_t *port);

#endif
