/* SPDX-License-Identifier: ISC */
/* What is moved from a worker that has much to do. */

#include <check.h>

#include "datapath/balance.h"
#include "suite.h"

/* A situation, and what shall be moved; -1: nothing. */
static const struct situation {
	const char *what;
	unsigned int busy[4];
	unsigned int n_workers;
	struct balance_queue queues[6];
	size_t n_queues;
	int queue, worker;
} situations[] = {
	{ "nobody does anything", { 0, 0 }, 2, { { 0, 0 }, { 1, 0 } }, 2, -1, -1 },
	{ "two alike", { 900, 0 }, 2, { { 0, 50 }, { 0, 50 } }, 2, 0, 1 },
	{ "the other way round", { 0, 900 }, 2, { { 1, 50 }, { 1, 50 } }, 2, 0, 0 },
	{ "one alone is as well where it is", { 1000, 0 }, 2, { { 0, 9 }, { 1, 0 } }, 2, -1, -1 },
	{ "too little to care", { 250, 0 }, 2, { { 0, 5 }, { 0, 5 } }, 2, -1, -1 },
	{ "even enough", { 900, 850 }, 2, { { 0, 1 }, { 0, 1 }, { 1, 2 } }, 3, -1, -1 },
	{ "the small one of two", { 1000, 0 }, 2, { { 0, 80 }, { 0, 20 } }, 2, 0, 1 },
	{ "the best of three", { 1000, 0 }, 2, { { 0, 15 }, { 0, 30 }, { 0, 55 } }, 3, 2, 1 },
	{ "no gain in moving the big one, little in the small one",
	  { 800, 500 },
	  2,
	  { { 0, 95 }, { 0, 5 }, { 1, 60 } },
	  3,
	  -1,
	  -1 },
	{ "to the one with least to do",
	  { 300, 1000, 100, 200 },
	  4,
	  { { 0, 30 }, { 1, 50 }, { 1, 50 }, { 2, 10 }, { 3, 20 } },
	  5,
	  1,
	  2 },
	{ "load that is not known", { 900, 0 }, 2, { { 0, 0 }, { 0, 0 } }, 2, -1, -1 },
	{ "nothing there to move", { 900, 0 }, 2, { { 0, 0 } }, 0, -1, -1 },
	{ "more than all of the time, as clocks may say",
	  { 1003, 2 },
	  2,
	  { { 0, UINT64_MAX / 4 }, { 0, UINT64_MAX / 4 } },
	  2,
	  0,
	  1 },
};

START_TEST(moves)
{
	const struct situation *s = &situations[_i];
	unsigned int worker = 77;
	size_t queue = 77;
	bool moved = balance_choose(s->busy, s->n_workers, s->queues, s->n_queues, &queue, &worker);

	ck_assert_msg(moved == (s->queue >= 0), "%s: %s", s->what, moved ? "moved" : "not moved");
	if (moved)
		ck_assert_msg((int)queue == s->queue && (int)worker == s->worker,
			      "%s: queue %zu to worker %u", s->what, queue, worker);
	else
		ck_assert_msg(queue == 77 && worker == 77, "%s: results were touched", s->what);
}
END_TEST

/* Queues at random workers, each with a load less than @load. */
static void random_queues(int seed, struct balance_queue queues[], size_t n, int load)
{
	srand((unsigned int)seed);
	for (size_t i = 0; i < n; i++)
		queues[i] = (struct balance_queue){ (unsigned int)rand() % 4,
						    (unsigned int)(rand() % load) };
}

/* Load by worker. */
static void add_up(const struct balance_queue queues[], size_t n, unsigned int busy[static 4])
{
	memset(busy, 0, 4 * sizeof(busy[0]));
	for (size_t i = 0; i < n; i++)
		busy[queues[i].worker] += (unsigned int)queues[i].load;
}

/* Whatever there is, moves come to an end, and each leaves the busier of two with less to do. */
START_TEST(moves_come_to_an_end)
{
	struct balance_queue queues[40];
	unsigned int busy[4], worker;
	size_t queue;
	int n = 0;

	random_queues(_i, queues, ARRAY_SIZE(queues), 100);
	for (;;) {
		add_up(queues, ARRAY_SIZE(queues), busy);
		if (!balance_choose(busy, 4, queues, ARRAY_SIZE(queues), &queue, &worker))
			break;
		ck_assert_uint_ge(busy[queues[queue].worker],
				  busy[worker] + queues[queue].load + BALANCE_GAIN_MIN);
		queues[queue].worker = worker;
		ck_assert_int_lt(++n, 100);
	}
}
END_TEST

/* Queues beside one that uses up its worker, and which of them leave it, in order; -1: no more. */
static const struct beside {
	const char *what;
	unsigned int busy[3];
	unsigned int n_workers;
	struct balance_queue queues[6];
	size_t n_queues;
	int leave[5];
	unsigned int worker; /* to which all go */
} besides[] = {
	{ "others leave a heavy queue, however little they do",
	  { 1000, 20 },
	  2,
	  { { 0, 1 }, { 0, 990 }, { 0, 5 }, { 1, 20 } },
	  4,
	  { 2, 0, -1 },
	  1 },
	{ "idle ones stay", { 1000, 0 }, 2, { { 0, 990 }, { 0, 0 } }, 2, { -1 }, 0 },
	{ "a heavy queue alone stays", { 1000, 0 }, 2, { { 0, 990 } }, 1, { -1 }, 0 },
	{ "nobody has nearly all", { 1000, 0 }, 2, { { 0, 60 }, { 0, 40 } }, 2, { -1 }, 0 },
	{ "the worker has time left", { 400, 0 }, 2, { { 0, 99 }, { 0, 1 } }, 2, { -1 }, 0 },
	{ "a heavy queue at each worker: nowhere to go",
	  { 1000, 990 },
	  2,
	  { { 0, 990 }, { 0, 10 }, { 1, 990 } },
	  3,
	  { -1 },
	  0 },
	{ "two heavy queues, and a worker beside them",
	  { 1000, 950, 10 },
	  3,
	  { { 0, 990 }, { 0, 10 }, { 1, 900 }, { 1, 50 }, { 2, 10 } },
	  5,
	  { 1, 3, -1 },
	  2 },
	{ "one worker", { 1000 }, 1, { { 0, 990 }, { 0, 10 } }, 2, { -1 }, 0 },
	{ "no room for more than one",
	  { 1000, 300 },
	  2,
	  { { 0, 760 }, { 0, 130 }, { 0, 110 }, { 1, 300 } },
	  4,
	  { 1, -1 },
	  1 },
};

START_TEST(others_leave_a_heavy_queue)
{
	const struct beside *b = &besides[_i];
	struct balance_queue queues[ARRAY_SIZE(b->queues)];
	unsigned int busy[ARRAY_SIZE(b->busy)], worker, n = 0;
	size_t queue;

	memcpy(queues, b->queues, sizeof(queues));
	memcpy(busy, b->busy, sizeof(busy));
	while (balance_leave(busy, b->n_workers, queues, b->n_queues, &queue, &worker)) {
		ck_assert_msg((int)queue == b->leave[n], "%s: queue %zu left", b->what, queue);
		ck_assert_uint_eq(worker, b->worker);
		ck_assert_uint_eq(queues[queue].worker, worker);
		n++;
	}
	ck_assert_msg(b->leave[n] == -1, "%s: queue %d did not leave", b->what, b->leave[n]);
}
END_TEST

/* Both kinds of moves together, among up to four heavy queues and many others, come to an end. */
START_TEST(nothing_moves_to_and_fro)
{
	struct balance_queue queues[40];
	unsigned int busy[4], worker;
	size_t queue;
	int n = 0;

	random_queues(_i, queues, ARRAY_SIZE(queues), 20);
	for (int i = 0; i < 1 + _i % 4; i++)
		queues[i].load = 900;
	for (;;) {
		add_up(queues, ARRAY_SIZE(queues), busy);
		/* as a look finds it: a worker that has more than all of the time has all of it */
		for (unsigned int i = 0; i < 4; i++)
			busy[i] = MIN(busy[i], 1000U);
		if (!balance_leave(busy, 4, queues, ARRAY_SIZE(queues), &queue, &worker) &&
		    !balance_choose(busy, 4, queues, ARRAY_SIZE(queues), &queue, &worker))
			break;
		queues[queue].worker = worker;
		ck_assert_int_lt(++n, 200);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("balance");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, moves, 0, ARRAY_SIZE(situations));
	tcase_add_loop_test(tcase, moves_come_to_an_end, 0, 50);
	tcase_add_loop_test(tcase, others_leave_a_heavy_queue, 0, ARRAY_SIZE(besides));
	tcase_add_loop_test(tcase, nothing_moves_to_and_fro, 0, 200);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
