/* SPDX-License-Identifier: ISC */
/* What the benchmark's generator says of what came: a generator that sees no loss proves nothing.
 */

#include <check.h>

#include "../bench/tally.h"
#include "suite.h"

static struct tally tally;

static void setup(void)
{
	ck_assert_int_eq(tally_init(&tally, 130), 0);
}

static void teardown(void)
{
	tally_exit(&tally);
}

static void add_all(const uint64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tally_add(&tally, numbers[i]);
}

#define ADD(...) add_all((uint64_t[]){ __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / 8)

static void expect(uint64_t received, uint64_t missing, uint64_t reordered, uint64_t duplicated)
{
	ck_assert_uint_eq(tally.received, received);
	ck_assert_uint_eq(tally_missing(&tally), missing);
	ck_assert_uint_eq(tally.reordered, reordered);
	ck_assert_uint_eq(tally.duplicated, duplicated);
}

START_TEST(all_in_order)
{
	for (uint64_t i = 0; i < tally.count; i++)
		tally_add(&tally, i);
	expect(130, 0, 0, 0);
}
END_TEST

START_TEST(a_gap_is_missing_until_it_is_filled)
{
	ADD(0, 1, 4);
	expect(3, 2, 0, 0);
	ADD(2);
	expect(4, 1, 1, 0);
	ADD(3, 5);
	expect(6, 0, 2, 0);
}
END_TEST

START_TEST(the_first_may_be_missing)
{
	ADD(129);
	expect(1, 129, 0, 0);
}
END_TEST

START_TEST(a_duplicate_is_neither_received_nor_reordered)
{
	ADD(63, 64, 63, 64, 64);
	expect(2, 63, 0, 3);
}
END_TEST

START_TEST(numbers_beyond_the_last_are_foreign)
{
	ADD(0, 130, UINT64_MAX);
	expect(1, 0, 0, 0);
	ck_assert_uint_eq(tally.foreign, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = tcase_create("tally");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_in_order);
	tcase_add_test(tcase, a_gap_is_missing_until_it_is_filled);
	tcase_add_test(tcase, the_first_may_be_missing);
	tcase_add_test(tcase, a_duplicate_is_neither_received_nor_reordered);
	tcase_add_test(tcase, numbers_beyond_the_last_are_foreign);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
