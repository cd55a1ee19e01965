/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BENCH_TALLY_H
#define RPORT_BENCH_TALLY_H

/* What became of numbered datagrams: which came, which twice, which in the wrong order. */

#include "base/util.h"

struct tally {
	uint64_t count;                          /* numbers that there may be: 0 to count - 1 */
	uint64_t received;                       /* each number once */
	uint64_t duplicated, reordered, foreign; /* foreign: with a number beyond count */
	uint64_t next;                           /* after the highest number seen */
	uint64_t *seen;                          /* a bit each */
};

/**
 * tally_init() - begin with nothing
 * Return: 0 or -ENOMEM.
 */
int tally_init(struct tally *tally, uint64_t count);

/**
 * tally_exit() - give the memory back; takes a zeroed one
 */
void tally_exit(struct tally *tally);

/**
 * tally_add() - a datagram came
 *
 * It is reordered when a higher number came before it; a duplicate is only that.
 */
void tally_add(struct tally *tally, uint64_t number);

/**
 * tally_missing() - how many below the highest number seen have not come (yet)
 */
uint64_t tally_missing(const struct tally *tally);

#endif
