/* SPDX-License-Identifier: ISC */
#include "rportd.h"

int main(int argc, char *argv[])
{
	return rportd_main(argc, argv);
}
