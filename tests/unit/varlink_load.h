/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_LOAD_H
#define RPORT_TEST_VARLINK_LOAD_H

#include "varlink_fixture.h"

/* Tests of framing, limits and load, a part of test_varlink. */
void varlink_load_tests(TCase *tcase);

#endif
