/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_BACKOFF_H
#define RPORT_PORT_BACKOFF_H

/*
 * Computes when the device of a pending port is tried next. Pure: the time is an argument. Times
 * are microseconds of CLOCK_MONOTONIC.
 *
 * A device that is lost repeatedly is made again after a delay, longer each time, so that another
 * process that removes the interface again and again does not keep rportd, and the log, busy. So
 * are tries that fail although the domain exists; these can be given up after a number of them.
 */

#include "base/util.h"

/*
 * struct backoff - of one port; zeroed: its device was never lost, and is due
 * @losses: how often its device was lost
 * @recent: losses without a quiet minute between
 * @last_loss: time of the last loss
 * @held_until: no try before this time, because of @recent
 * @failures: tries in a row that failed although the domain exists
 * @next: time of the next try without an event
 * @earliest: time of the next try after an event that it may have waited for
 */
struct backoff {
	unsigned int losses;
	unsigned int recent;
	uint64_t last_loss;
	uint64_t held_until;
	unsigned int failures;
	uint64_t next;
	uint64_t earliest;
};

/**
 * backoff_lost() - note that the device was lost
 * @backoff: of the port, which is due at once unless it was lost too often
 * @now: the time
 *
 * Return: for how long the port is held back, in microseconds.
 */
uint64_t backoff_lost(struct backoff *backoff, uint64_t now);

/**
 * backoff_no_domain() - note that a try failed because the domain does not exist
 * @backoff: of the port, which is tried when an event wakes it, and after 5 s anyway
 * @now: the time
 */
void backoff_no_domain(struct backoff *backoff, uint64_t now);

/**
 * backoff_failed() - note that a try failed although the domain exists
 * @backoff: of the port; the delay doubles with each failure
 * @now: the time
 * @made: true: an interface was made and removed again. Its own events do not bring the next try
 *	forward
 */
void backoff_failed(struct backoff *backoff, uint64_t now, bool made);

/**
 * backoff_succeeded() - the port has a device
 * @backoff: of the port; its losses stay
 */
void backoff_succeeded(struct backoff *backoff);

/**
 * backoff_wake() - note an event that a pending port may have waited for
 * @backoff: of the port
 * @now: the time
 */
void backoff_wake(struct backoff *backoff, uint64_t now);

/**
 * backoff_given_up() - check whether the port is not tried any more until a user asks for it
 * @backoff: of the port
 * @max_failures: give up after this many failures in a row; 0: never
 *
 * Return: true when it is given up.
 */
bool backoff_given_up(const struct backoff *backoff, unsigned int max_failures);

/**
 * backoff_due() - when the port is tried
 * @backoff: of the port
 * @max_failures: as for backoff_given_up()
 *
 * Return: the time; UINT64_MAX: it is given up.
 */
uint64_t backoff_due(const struct backoff *backoff, unsigned int max_failures);

#endif
