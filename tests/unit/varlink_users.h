/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_USERS_H
#define RPORT_TEST_VARLINK_USERS_H

#include "varlink_fixture.h"

/* Tests of classes, users and replies in pieces, a part of test_varlink. */
void varlink_users_tests(TCase *tcase);

#endif
