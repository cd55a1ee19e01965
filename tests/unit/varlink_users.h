/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_USERS_H
#define RPORT_TEST_VARLINK_USERS_H

/* Tests of classes, users and replies in pieces, a part of test_varlink. */

#include "varlink_fixture.h"

void varlink_users_tests(TCase *tcase, TCase *volume);

#endif
