/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_LOAD_H
#define RPORT_TEST_VARLINK_LOAD_H

/* Tests of framing, limits and load, a part of test_varlink. */

#include "varlink_fixture.h"

void varlink_load_tests(TCase *tcase, TCase *volume);

#endif
