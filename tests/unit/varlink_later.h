/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_LATER_H
#define RPORT_TEST_VARLINK_LATER_H

/* Calls that are answered after their method has returned. */

#include "varlink_fixture.h"

void varlink_later_tests(TCase *tcase);

#endif
