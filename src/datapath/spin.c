/* SPDX-License-Identifier: ISC */

/* How long a worker polls before it sleeps. No system calls. */

#include "datapath/spin.h"

#define STEPS 8 /* the shortest budget is this part of the longest */

void spin_init(struct spin *spin, unsigned int max_usec)
{
	*spin = (struct spin){ .max = (uint64_t)max_usec * 1000 };
}

void spin_learn(struct spin *spin, uint64_t waited)
{
	uint64_t shortest = spin->max / STEPS;

	if (waited <= spin->max)
		spin->budget = MIN(MAX(spin->budget * 2, shortest), spin->max);
	else
		spin->budget = spin->budget / 2 < shortest ? 0 : spin->budget / 2;
}
