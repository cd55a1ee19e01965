/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_TURN_H
#define RPORT_BASE_TURN_H

/* What a turn of the event loop is spent on: a handler names it, and the loop logs a long turn. */

/**
 * turn_is() - name what the current turn is spent on
 * @what: a static string: "netlink events"
 *
 * To be called by the main thread only.
 */
void turn_is(const char *what);

/**
 * turn_what() - what the current turn is spent on
 *
 * Return: the string of the last turn_is().
 */
const char *turn_what(void);

#endif
