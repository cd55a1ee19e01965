/* SPDX-License-Identifier: ISC */
/* How long to look for something to do before going to sleep. */

#include <check.h>

#include "datapath/spin.h"
#include "suite.h"

#define USEC UINT64_C(1000)

static struct spin spin;

static void set_up(void)
{
	spin_init(&spin, 80);
}

START_TEST(begins_without)
{
	ck_assert_uint_eq(spin.max, 80 * USEC);
	ck_assert_uint_eq(spin.budget, 0);
}
END_TEST

START_TEST(grows_while_it_would_pay)
{
	static const uint64_t expected[] = { 10, 20, 40, 80, 80, 80 };

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		spin_learn(&spin, i % 2 ? 80 * USEC : 0);
		ck_assert_uint_eq(spin.budget, expected[i] * USEC);
	}
}
END_TEST

START_TEST(shrinks_to_nothing)
{
	static const uint64_t expected[] = { 40, 20, 10, 0, 0, 0 };

	for (int i = 0; i < 10; i++)
		spin_learn(&spin, USEC);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		spin_learn(&spin, i % 2 ? UINT64_MAX : 80 * USEC + 1);
		ck_assert_uint_eq(spin.budget, expected[i] * USEC);
	}
}
END_TEST

/* An odd one now and then does not end it. */
START_TEST(recovers)
{
	for (int i = 0; i < 100; i++)
		spin_learn(&spin, i % 4 == 3 ? 1000 * USEC : 5 * USEC);
	ck_assert_uint_eq(spin.budget, 40 * USEC);
	spin_learn(&spin, 5 * USEC);
	ck_assert_uint_eq(spin.budget, 80 * USEC);
}
END_TEST

START_TEST(off_is_off)
{
	spin_init(&spin, 0);
	for (int i = 0; i < 10; i++)
		spin_learn(&spin, 0);
	ck_assert_uint_eq(spin.budget, 0);
}
END_TEST

START_TEST(short_times)
{
	spin_init(&spin, 1);
	for (int i = 0; i < 10; i++)
		spin_learn(&spin, 0);
	ck_assert_uint_eq(spin.budget, 1 * USEC);
	for (int i = 0; i < 10; i++)
		spin_learn(&spin, 2 * USEC);
	ck_assert_uint_eq(spin.budget, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spin");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, begins_without);
	tcase_add_test(tcase, grows_while_it_would_pay);
	tcase_add_test(tcase, shrinks_to_nothing);
	tcase_add_test(tcase, recovers);
	tcase_add_test(tcase, off_is_off);
	tcase_add_test(tcase, short_times);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
