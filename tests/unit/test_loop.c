/* SPDX-License-Identifier: ISC */
/*
 * The manager over a kernel in memory, without root: whatever users and others do, in whatever
 * order it is told, once all is quiet each port is as it was asked for, or pending for the right
 * reason; and nothing is left behind.
 *
 * RPORT_LOOP_SEED and RPORT_LOOP_OPERATIONS choose another sequence, and how long it is;
 * RPORT_LOOP_TRACE=1 prints what is done, 2 also what is told.
 *
 * passes: plain asan
 */

#include <check.h>
#include <stdarg.h>
#include <stdio.h>

#include "loop.h"
#include "suite.h"

#define OPERATIONS 20000
#define QUIET_EACH 60 /* operations, on average */

static uint64_t seed;
static unsigned long done;

void fake_fail(const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fake.now = 0;
	ck_abort_msg("seed %llu, operation %lu: %s", (unsigned long long)seed, done, text);
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

/* The low numbers are for the daemon, which is passed descriptors from 3 on. */
static int reserved[200];

static void reserve_low_numbers(void)
{
	(void)close_range(3, ~0U, 0); /* what this program was started with */
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		reserved[i] = dup(2);
}

void loop_open(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (reserved[i] > 0)
			close(reserved[i]);
	memset(reserved, 0, sizeof(reserved));
	loop.trace = (unsigned int)setting("RPORT_LOOP_TRACE", 0);
}

/* --- by chance -------------------------------------------------------------------------------- */

static void turn(void)
{
	for (unsigned int i = fake_random(6); i > 0; i--)
		fake_turn(1 + fake_random(10));
}

/* Nothing that a former daemon had open is left when the next one starts. */
static void restart(bool kill)
{
	loop_trace("= %s", kill ? "kill" : "restart");
	if (kill) {
		fake.kill_at = fake.calls + 1 + fake_random(40);
		if (fake_random(2) == 0)
			loop_verb();
		else
			turn();
		fake.dead = true;
		loop.excused = true;
	}
	loop_stop();
	loop_forget_bounces();
	fake.dead = false;
	fake.kill_at = 0;
	fake.now += fake_random(3) * USEC_PER_SEC;
	while (fake_random(4) == 0)
		loop_others();
	loop_start();
}

static void operate(void)
{
	switch (fake_random(20)) {
	case 0 ... 6:
		loop_verb();
		break;
	case 7 ... 11:
		loop_others();
		break;
	case 12:
		fake_double_event();
		break;
	case 13:
		if (fake_random(20) == 0) {
			fake_lose_events();
			loop_forget_bounces();
		}
		break;
	default:
		turn();
		break;
	}
}

/* Between two quiet times calls fail now and then, or take long, or they do not. */
static void be_quiet(void)
{
	loop_quiet();
	fake.fail_rate = fake_random(3) == 0 ? 20 + fake_random(300) : 0;
	fake.slow = fake_random(3) == 0 ? 20 : 0;
	fake.lazy = fake_random(3) == 0;
	fake.old = fake_random(3) == 0;
}

START_TEST(whatever_is_done_ends_as_wanted)
{
	unsigned long n = setting("RPORT_LOOP_OPERATIONS", OPERATIONS);

	loop_open();
	loop_begin(seed);
	loop_world();
	for (done = 0; done < n; done++) {
		if (fake_random(QUIET_EACH) == 0)
			be_quiet();
		else if (fake_random(loop.restored ? 100 : 10) == 0)
			restart(fake_random(2) == 0);
		else
			operate();
		loop_check();
	}
	loop_quiet();
	loop_end();
}
END_TEST

/* --- main ------------------------------------------------------------------------------------- */

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = tcase_create("by chance");

	seed = setting("RPORT_LOOP_SEED", 1);
	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	reserve_low_numbers();
	tcase_set_timeout(tcase, 600);
	tcase_add_test(tcase, whatever_is_done_ends_as_wanted);
	suite_add_tcase(suite, loop_tables_case());
	suite_add_tcase(suite, loop_failures_case());
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
