/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_NEAREST_H
#define RPORT_BASE_NEAREST_H

/*
 * "did you mean": which of the words that are known is nearest to one that is not. Two words are as
 * far apart as it takes letters to be added, left out, replaced, or exchanged with their neighbour
 * to make one of the other, in either case (optimal string alignment).
 */

#include "base/util.h"

#define NEAREST_MAX 64 /* bytes of a word; no longer one is looked at */

/* A search: nearest_begin(), nearest_offer() for each word that is known, nearest_found(). */
struct nearest {
	const char *word;
	size_t limit; /* no word that is farther is found */
	char best[NEAREST_MAX + 1];
};

/**
 * nearest_begin() - begin a search
 * @nearest: filled
 * @word: the word that is not known; must live as long as @nearest
 */
void nearest_begin(struct nearest *nearest, const char *word);

/**
 * nearest_offer() - look at a word that is known
 * @nearest: of nearest_begin()
 * @known: copied if it is the nearest so far; of several, the first
 */
void nearest_offer(struct nearest *nearest, const char *known);

/**
 * nearest_found() - end a search
 * @nearest: of nearest_begin()
 *
 * Return: the nearest word, in @nearest; NULL when none is near enough to be meant.
 */
const char *nearest_found(const struct nearest *nearest);

#endif
