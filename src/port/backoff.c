/* SPDX-License-Identifier: ISC */
/* Computes when the device of a pending port is tried next; pure. */

#include "port/backoff.h"

#define NO_DOMAIN     (5 * USEC_PER_SEC) /* until a domain is looked for without an event */
#define FAILURE_FIRST (USEC_PER_SEC / 4) /* after a failure, and doubled with each */
#define FAILURE_MAX   (60 * USEC_PER_SEC)
#define LOSSES_FREE   5                   /* losses that have no consequence */
#define LOSSES_QUIET  (60 * USEC_PER_SEC) /* after which they are forgotten */
#define LOSSES_MAX    (30 * USEC_PER_SEC)

/* @first, doubled @times times, but no more than @max. */
static uint64_t doubled(uint64_t first, unsigned int times, uint64_t max)
{
	return times >= 20 ? max : MIN(first << times, max);
}

uint64_t backoff_lost(struct backoff *backoff, uint64_t now)
{
	uint64_t delay = 0;

	if (now - backoff->last_loss > LOSSES_QUIET)
		backoff->recent = 0;
	backoff->losses++;
	backoff->recent++;
	backoff->last_loss = now;
	if (backoff->recent > LOSSES_FREE)
		delay = doubled(USEC_PER_SEC, backoff->recent - LOSSES_FREE - 1, LOSSES_MAX);
	backoff->held_until = now + delay;
	backoff->next = backoff->earliest = now; /* it may be there again already */
	backoff->failures = 0;
	return delay;
}

void backoff_no_domain(struct backoff *backoff, uint64_t now)
{
	backoff->failures = 0;
	backoff->next = now + NO_DOMAIN;
	backoff->earliest = now;
}

void backoff_failed(struct backoff *backoff, uint64_t now, bool made)
{
	backoff->next = now + doubled(FAILURE_FIRST, backoff->failures, FAILURE_MAX);
	backoff->earliest = made ? backoff->next : now + FAILURE_FIRST;
	backoff->failures++;
}

void backoff_succeeded(struct backoff *backoff)
{
	backoff->failures = 0;
}

void backoff_wake(struct backoff *backoff, uint64_t now)
{
	backoff->next = MIN(backoff->next, MAX(backoff->earliest, now));
}

bool backoff_given_up(const struct backoff *backoff, unsigned int max_failures)
{
	return max_failures > 0 && backoff->failures >= max_failures;
}

uint64_t backoff_due(const struct backoff *backoff, unsigned int max_failures)
{
	return backoff_given_up(backoff, max_failures) ? UINT64_MAX
						       : MAX(backoff->next, backoff->held_until);
}
