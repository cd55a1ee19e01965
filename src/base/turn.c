/* SPDX-License-Identifier: ISC */

/* The main thread alone uses this: a name, no more. */
#include "base/turn.h"

static const char *current = "";

void turn_is(const char *what)
{
	current = what;
}

const char *turn_what(void)
{
	return current;
}
