/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_BACKOFF_H
#define RPORT_PORT_BACKOFF_H

/*
 * When a port without a device is tried the next time. Pure: the time is an argument. Times are
 * microseconds of CLOCK_MONOTONIC.
 *
 * A device that is lost again and again is held back, longer each time, so that two who fight about
 * an interface do not keep rportd, and the log, busy. So are tries that fail though the domain is
 * there; these can be given up after a number of them.
 */

#include "base/util.h"

/*
 * struct backoff - of one port; zeroed: it was never lost, and is due
 * @losses: how often its device was lost
 * @recent: of these, in short order
 * @last_loss: when
 * @held_until: because of these
 * @failures: tries in a row that failed although the domain exists
 * @next: when it is tried, whatever happens
 * @earliest: when it is tried if something happens that it may have waited for
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
 * backoff_lost() - the device was lost
 * @backoff: of the port, which is due at once unless it was lost too often
 * @now: the time
 *
 * Return: for how long the port is held back, in microseconds.
 */
uint64_t backoff_lost(struct backoff *backoff, uint64_t now);

/**
 * backoff_no_domain() - a try failed because the domain does not exist
 * @backoff: of the port; it is tried when something comes, and now and then
 * @now: the time
 */
void backoff_no_domain(struct backoff *backoff, uint64_t now);

/**
 * backoff_failed() - a try failed although the domain exists
 * @backoff: of the port; it is tried later each time
 * @now: the time
 * @made: an interface was made, and is gone again. Its events must not bring the next try forward
 */
void backoff_failed(struct backoff *backoff, uint64_t now, bool made);

/**
 * backoff_succeeded() - the port has a device
 * @backoff: of the port; its losses stay
 */
void backoff_succeeded(struct backoff *backoff);

/**
 * backoff_wake() - something came or went that the port may have waited for
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
