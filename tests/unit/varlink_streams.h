/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_STREAMS_H
#define RPORT_TEST_VARLINK_STREAMS_H

/* Calls that are answered again and again: in order, in bounds, and ended once. */

#include "varlink_fixture.h"

void varlink_streams_tests(TCase *tcase, TCase *volume);

#endif
