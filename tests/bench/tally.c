/* SPDX-License-Identifier: ISC */

/* Which numbered packets have come, and which are missing. */

#include "tally.h"

int tally_init(struct tally *tally, uint64_t count)
{
	uint64_t *seen = calloc(count / 64 + 1, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	*tally = (struct tally){ .count = count, .seen = seen };
	return 0;
}

void tally_exit(struct tally *tally)
{
	free(tally->seen);
	tally->seen = NULL;
}

void tally_add(struct tally *tally, uint64_t number)
{
	uint64_t bit = 1ULL << (number % 64);

	if (number >= tally->count) {
		tally->foreign++;
		return;
	}
	if (tally->seen[number / 64] & bit) {
		tally->duplicated++;
		return;
	}
	tally->seen[number / 64] |= bit;
	tally->received++;
	if (number < tally->next)
		tally->reordered++;
	else
		tally->next = number + 1;
}

uint64_t tally_missing(const struct tally *tally)
{
	return tally->next - tally->received;
}
