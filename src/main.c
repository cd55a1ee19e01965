/* SPDX-License-Identifier: ISC */

/* The daemon's main(); the rest is in the library that tests use. */

#include "daemon/rportd.h"

int main(int argc, char *argv[])
{
	return rportd_main(argc, argv);
}
