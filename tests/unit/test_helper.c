/* SPDX-License-Identifier: ISC */
/*
 * Calls that may not return, in helpers: their results, in time and late. And what is no process.
 *
 * passes: plain asan
 */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>

#include "kernel/helper.h"
#include "kernel/process.h"
#include "suite.h"

#define SHORT_MSEC 20
#define LATE_MSEC  500
#define LONG_MSEC  30000 /* never waited for */

static int gate[2];   /* what hangs goes on when its other end is closed */
static int tokens[2]; /* what is discarded is written here */

static void set_up(void)
{
	ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(tokens, O_CLOEXEC), 0);
}

static int add_one(const void *argument)
{
	return *(const int *)argument + 1;
}

static int fail_with_exdev(const void *argument _unused_)
{
	return -EXDEV;
}

/* Until the gate is opened. */
static int hang(const void *argument)
{
	char byte;

	while (read(gate[0], &byte, 1) < 0)
		;
	return *(const int *)argument;
}

static void note_discarded(int result)
{
	ck_assert_int_eq(write(tokens[1], &result, sizeof(result)), sizeof(result));
}

static int call(int (*run)(const void *argument), int argument, const char *what, unsigned int msec)
{
	return helper_run(&(struct helper_call){
		.what = what,
		.run = run,
		.argument = &argument,
		.size = sizeof(argument),
		.discard = note_discarded,
		.msec = msec,
	});
}

static int next_discarded(void)
{
	int result = -1;

	ck_assert_int_eq(read(tokens[0], &result, sizeof(result)), sizeof(result));
	return result;
}

START_TEST(returns_what_the_function_returns)
{
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(call(add_one, i, "x", LONG_MSEC), i + 1);
	ck_assert_int_eq(call(fail_with_exdev, 0, "x", LONG_MSEC), -EXDEV);
	ck_assert_int_eq(call(add_one, 1, "x", LONG_MSEC), 2);
}
END_TEST

START_TEST(too_long_an_argument)
{
	static const char big[HELPER_ARGUMENT_MAX + 1];
	struct helper_call too_long = { .run = fail_with_exdev,
					.argument = big,
					.size = sizeof(big) };

	ck_assert_int_eq(helper_run(&too_long), -E2BIG);
}
END_TEST

START_TEST(late_is_given_up)
{
	ck_assert_int_eq(call(hang, 7, "x", SHORT_MSEC), -ETIMEDOUT);
	/* at once: it would wait for ever */
	ck_assert_int_eq(call(hang, 8, "x", LONG_MSEC), -ETIMEDOUT);
	/* others go on */
	ck_assert_int_eq(call(add_one, 1, "y", LONG_MSEC), 2);
	ck_assert_int_eq(call(add_one, 1, NULL, LONG_MSEC), 2);
}
END_TEST

START_TEST(late_result_is_discarded)
{
	ck_assert_int_eq(call(hang, 7, "x", SHORT_MSEC), -ETIMEDOUT);
	close(gate[1]);
	ck_assert_int_eq(next_discarded(), 7);
	/* and it is not trusted at once */
	ck_assert_int_eq(call(add_one, 1, "x", LONG_MSEC), -ETIMEDOUT);
}
END_TEST

START_TEST(many_late_ones_cost_little_more_than_one)
{
	uint64_t start = monotonic_usec();
	char what[16];

	for (int i = 0; i < 12; i++) {
		snprintf(what, sizeof(what), "%d", i);
		ck_assert_int_eq(call(hang, i, what, LATE_MSEC), -ETIMEDOUT);
	}
	ck_assert_uint_lt(monotonic_usec() - start, 10 * LATE_MSEC * USEC_PER_MSEC);
	close(gate[1]);
}
END_TEST

START_TEST(late_ones_are_bounded)
{
	char what[16];
	int n = 0, r;

	do {
		snprintf(what, sizeof(what), "%d", n++);
		r = call(hang, n, what, SHORT_MSEC);
	} while (r == -ETIMEDOUT && n < 1000);
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_le(n, 32);
	ck_assert(helper_is_late(r));
	/* all of them go when they can */
	close(gate[1]);
	for (int i = 1; i < n; i++)
		ck_assert_int_gt(next_discarded(), 0);
}
END_TEST

/* pid 0, of a record that says none, is no exception */
START_TEST(only_a_pidfd_is_a_process)
{
	struct process *process = NULL;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(process_adopt(fd, 0, &process), -EBADF);
	ck_assert_int_eq(process_adopt(fd, 1, &process), -EBADF);
	ck_assert_ptr_null(process);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("helper");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, returns_what_the_function_returns);
	tcase_add_test(tcase, too_long_an_argument);
	tcase_add_test(tcase, late_is_given_up);
	tcase_add_test(tcase, late_result_is_discarded);
	tcase_add_test(tcase, many_late_ones_cost_little_more_than_one);
	tcase_add_test(tcase, late_ones_are_bounded);
	tcase_add_test(tcase, only_a_pidfd_is_a_process);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
