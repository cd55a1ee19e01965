/* SPDX-License-Identifier: ISC */
#ifndef TEST_SUITE_H
#define TEST_SUITE_H

/* What is left of main() after its suite was put together. */

#include <check.h>
#include <stdlib.h>

/**
 * suite_run() - run a suite
 * @suite: of suite_create(); freed
 *
 * Return: the exit status of the program.
 */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
