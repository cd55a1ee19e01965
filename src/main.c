/* SPDX-License-Identifier: ISC */
#include "daemon/rportd.h"

int main(int argc, char *argv[])
{
	return rportd_main(argc, argv);
}
