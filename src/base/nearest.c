/* SPDX-License-Identifier: ISC */

/* "did you mean". */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static bool exchanged(const char *a, const char *b)
{
	return same(a[0], b[1]) && same(a[1], b[0]);
}

/* Row @i of the table has the distances of the first i letters of @a to each beginning of @b. */
static size_t distance(const char *a, const char *b)
{
	size_t table[3][NEAREST_MAX + 1];
	size_t length = strlen(b), i = 0;

	for (size_t j = 0; j <= length; j++)
		table[0][j] = j;
	while (a[i]) {
		const size_t *above = table[i % 3], *before = table[(i + 2) % 3];
		size_t *row = table[(i + 1) % 3];

		row[0] = ++i;
		for (size_t j = 1; j <= length; j++) {
			row[j] = MIN(MIN(above[j], row[j - 1]) + 1,
				     above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && exchanged(a + i - 2, b + j - 2))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
	}
	return table[i % 3][length];
}

void nearest_begin(struct nearest *nearest, const char *word)
{
	size_t length = strlen(word);

	*nearest = (struct nearest){ .word = word };
	/* a third of the word may be wrong */
	if (length > 0 && length <= NEAREST_MAX)
		nearest->limit = (length + 2) / 3 + 1;
}

void nearest_offer(struct nearest *nearest, const char *known)
{
	size_t length = strlen(known), d;

	if (nearest->limit == 0 || length > NEAREST_MAX)
		return;
	d = distance(nearest->word, known);
	/* nothing in common is nothing meant */
	if (d >= nearest->limit || d >= MAX(length, strlen(nearest->word)))
		return;
	nearest->limit = d;
	snprintf(nearest->best, sizeof(nearest->best), "%s", known);
}

const char *nearest_found(const struct nearest *nearest)
{
	return *nearest->best ? nearest->best : NULL;
}
