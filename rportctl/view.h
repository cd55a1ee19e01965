/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_VIEW_H
#define RPORTCTL_VIEW_H

/* Reads and prints links and ports as the daemon sends them. Missing members are no error. */

#include <jansson.h>

#include "output.h"

/**
 * view_text() - read a string of an object
 * @object: any value, or NULL
 * @key: of the member
 *
 * Return: the string, borrowed; "-" when there is none, or an empty one.
 */
const char *view_text(const json_t *object, const char *key);

/**
 * view_number() - read an integer of an object
 * @object: any value, or NULL
 * @key: of the member
 *
 * Return: the integer; 0 when there is none.
 */
json_int_t view_number(const json_t *object, const char *key);

/**
 * view_bool() - read a boolean of an object
 * @object: any value, or NULL
 * @key: of the member
 *
 * Return: true when the member is true.
 */
bool view_bool(const json_t *object, const char *key);

/**
 * view_pending_reason() - tell why a link is pending
 * @link: as the daemon describes it
 *
 * Return: the reason of the first of its ports that is pending, or NULL when none is.
 */
const char *view_pending_reason(const json_t *link);

/**
 * view_print_link() - print a line on what became of a link
 * @link: as the daemon describes it
 * @result: what became of it, such as "created"
 *
 * "red-blue: created, rport0 in vrf:red, rport0 in netns:blue", or, while it is pending,
 * "red-blue: created, pending: REASON".
 */
void view_print_link(const json_t *link, const char *result);

/**
 * view_print_persisted() - print which file says a link now, if it was persisted
 * @persisted: the member of the reply; null or NULL: it was not
 *
 * What overrides the file is an error message, since the link will not be what was asked for.
 */
void view_print_persisted(const json_t *persisted);

/**
 * view_print_state() - print the end of a line on what was brought up or down
 * @changed: did the command change it?
 * @state: "up", "down", "degraded" or "pending"
 * @reason: why it is pending, or NULL when it is not
 *
 * "up" or "unchanged", and while it is pending, "pending: REASON" or "unchanged, pending: REASON".
 */
void view_print_state(bool changed, const char *state, const char *reason);

/**
 * view_print_value() - print any member as a piece of a line
 * @value: the member; NULL: there is none
 *
 * A boolean is "yes" or "no", an address has its peer, an array has "; " between its members; "-"
 * stands for null, for nothing, and for an empty array.
 */
void view_print_value(const json_t *value);

/**
 * view_state_color() - tell how a state is marked
 * @state: of a port or a link
 *
 * Return: good for "up", bad for "down" and "degraded"; "pending" is neither.
 */
enum output_color view_state_color(const char *state);

/**
 * view_drops() - add up the frames that were lost on the way from a port to its peer, whatever the
 * cause
 * @port: as the daemon describes it
 *
 * Return: the number of frames.
 */
json_int_t view_drops(const json_t *port);

#endif
