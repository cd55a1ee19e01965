/* SPDX-License-Identifier: ISC */
/* passes: plain asan */
/* When a port without a device is tried the next time. */

#include <check.h>

#include "port/backoff.h"
#include "suite.h"

#define SECOND USEC_PER_SEC
#define START  (1000 * SECOND)

static struct backoff backoff;

static void set_up(void)
{
	backoff = (struct backoff){ 0 };
}

START_TEST(a_new_one_is_due)
{
	ck_assert_uint_eq(backoff_due(&backoff, 1), 0);
}
END_TEST

START_TEST(the_first_losses_have_no_consequence)
{
	for (int i = 0; i < 5; i++) {
		ck_assert_uint_eq(backoff_lost(&backoff, START), 0);
		ck_assert_uint_eq(backoff_due(&backoff, 0), START);
	}
	ck_assert_uint_eq(backoff.losses, 5);
}
END_TEST

START_TEST(more_losses_hold_it_back_longer_each_time)
{
	static const uint64_t seconds[] = { 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30 };

	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
		ck_assert_uint_eq(backoff_lost(&backoff, START), seconds[i] * SECOND);
		ck_assert_uint_eq(backoff_due(&backoff, 0), START + seconds[i] * SECOND);
	}
	/* nothing that comes brings it forward */
	backoff_wake(&backoff, START);
	ck_assert_uint_eq(backoff_due(&backoff, 0), START + 30 * SECOND);
}
END_TEST

START_TEST(a_quiet_minute_is_forgiven)
{
	for (int i = 0; i < 12; i++)
		backoff_lost(&backoff, START);
	ck_assert_uint_eq(backoff_lost(&backoff, START + 61 * SECOND), 0);
	ck_assert_uint_eq(backoff.losses, 13);
}
END_TEST

START_TEST(a_missing_domain_is_looked_for_when_something_comes)
{
	backoff_no_domain(&backoff, START);
	ck_assert_uint_eq(backoff_due(&backoff, 0), START + 5 * SECOND);
	backoff_wake(&backoff, START + 1);
	ck_assert_uint_eq(backoff_due(&backoff, 0), START + 1);
}
END_TEST

START_TEST(failures_are_tried_later_each_time)
{
	uint64_t delay = SECOND / 4;

	for (int i = 0; i < 30; i++) {
		backoff_failed(&backoff, START, true);
		ck_assert_uint_eq(backoff_due(&backoff, 0), START + delay);
		delay = MIN(2 * delay, 60 * SECOND);
	}
	backoff_succeeded(&backoff);
	backoff_failed(&backoff, START, true);
	ck_assert_uint_eq(backoff_due(&backoff, 0), START + SECOND / 4);
}
END_TEST

START_TEST(what_was_made_does_not_bring_the_next_try_forward)
{
	for (int i = 0; i < 5; i++)
		backoff_failed(&backoff, START, true);
	backoff_wake(&backoff, START + 1);
	ck_assert_uint_eq(backoff_due(&backoff, 0), START + 4 * SECOND);
	/* nor, at once, something that was in the way */
	backoff_failed(&backoff, START, false);
	backoff_wake(&backoff, START + 1);
	ck_assert_uint_eq(backoff_due(&backoff, 0), START + SECOND / 4);
}
END_TEST

START_TEST(it_is_given_up_after_so_many_failures)
{
	backoff_failed(&backoff, START, true);
	ck_assert(!backoff_given_up(&backoff, 2));
	backoff_failed(&backoff, START, true);
	ck_assert(backoff_given_up(&backoff, 2));
	ck_assert(!backoff_given_up(&backoff, 0));
	ck_assert_uint_eq(backoff_due(&backoff, 2), UINT64_MAX);
	/* a missing domain is waited for without end */
	backoff_no_domain(&backoff, START);
	ck_assert(!backoff_given_up(&backoff, 2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backoff");
	TCase *tcase = tcase_create("backoff");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, a_new_one_is_due);
	tcase_add_test(tcase, the_first_losses_have_no_consequence);
	tcase_add_test(tcase, more_losses_hold_it_back_longer_each_time);
	tcase_add_test(tcase, a_quiet_minute_is_forgiven);
	tcase_add_test(tcase, a_missing_domain_is_looked_for_when_something_comes);
	tcase_add_test(tcase, failures_are_tried_later_each_time);
	tcase_add_test(tcase, what_was_made_does_not_bring_the_next_try_forward);
	tcase_add_test(tcase, it_is_given_up_after_so_many_failures);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
