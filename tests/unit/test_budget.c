/* SPDX-License-Identifier: ISC */
/* passes: plain asan */
/* The time of the main loop that each namespace may use. */

#include <check.h>

#include "manager/budget.h"
#include "suite.h"

#define START (1000 * USEC_PER_SEC)

static struct budget budget;

static void release(void)
{
	budget_release(&budget);
}

START_TEST(a_burst_delays_nothing)
{
	for (int i = 0; i < 19; i++)
		budget_charge(&budget, 1, START, USEC_PER_MSEC);
	ck_assert_uint_le(budget_next(&budget, 1), START);
}
END_TEST

START_TEST(the_rest_is_paid_off_ten_times)
{
	budget_charge(&budget, 1, START, 100 * USEC_PER_MSEC);
	ck_assert_uint_eq(budget_next(&budget, 1), START + USEC_PER_SEC - BUDGET_ALLOWANCE);
	budget_charge(&budget, 1, START + USEC_PER_SEC, USEC_PER_MSEC);
	ck_assert_uint_le(budget_next(&budget, 1), START + USEC_PER_SEC);
}
END_TEST

START_TEST(others_pay_nothing)
{
	budget_charge(&budget, 1, START, 100 * USEC_PER_MSEC);
	ck_assert_uint_eq(budget_next(&budget, 2), 0);
}
END_TEST

START_TEST(no_debt_is_longer_than_the_longest)
{
	for (int i = 0; i < 100; i++) {
		budget_charge(&budget, 1, START, USEC_PER_SEC);
		ck_assert_uint_eq(budget_next(&budget, 1),
				  START + BUDGET_DEBT_MAX - BUDGET_ALLOWANCE);
	}
}
END_TEST

START_TEST(ports_that_wait_have_turns)
{
	uint64_t next, last;

	ck_assert_uint_eq(budget_turn(&budget, 1), 0);
	budget_charge(&budget, 1, START, 100 * USEC_PER_MSEC);
	next = budget_next(&budget, 1);
	ck_assert_uint_eq(last = budget_turn(&budget, 1), next);
	for (uint64_t i = 1; i <= BUDGET_DEBT_MAX / BUDGET_TURN; i++, last += BUDGET_TURN)
		ck_assert_uint_eq(budget_turn(&budget, 1), last + BUDGET_TURN);
	/* none waits longer than that; and the debt itself has not grown */
	ck_assert_uint_eq(budget_turn(&budget, 1), next);
	ck_assert_uint_eq(budget_next(&budget, 1), next);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("budget");
	TCase *tcase = tcase_create("budget");

	tcase_add_checked_fixture(tcase, NULL, release);
	tcase_add_test(tcase, a_burst_delays_nothing);
	tcase_add_test(tcase, the_rest_is_paid_off_ten_times);
	tcase_add_test(tcase, others_pay_nothing);
	tcase_add_test(tcase, ports_that_wait_have_turns);
	tcase_add_test(tcase, no_debt_is_longer_than_the_longest);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
