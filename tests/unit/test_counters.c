/* SPDX-License-Identifier: ISC */
/* Counters that outlive the daemon. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "store/counters.h"
#include "store/memfd.h"
#include "store_fixture.h"
#include "suite.h"

#define N_SLOTS 100

static struct counters *open_counters(struct state *state, unsigned int max)
{
	struct counters *counters;

	must(counters_open(state, max, &counters) == 0);
	return counters;
}

static void used_by_first(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, N_SLOTS);

	must(counters_absence(counters) == UINT64_MAX);
	for (unsigned int i = 0; i < N_SLOTS; i++) {
		unsigned int slot = 1000;
		struct flow_counters *flow;

		must(counters_new(counters, 1, &slot) == 0 && slot == i);
		flow = counters_of(counters, slot, 0);
		must((uintptr_t)flow % 64 == 0);
		must(flow->packets == 0 && flow->bytes == 0 && flow->drops[DROP_OTHER] == 0);
		flow->packets = slot + 1;
		flow->drops[DROP_CAUSES - 1] = slot * UINT64_C(0x100000000);
	}
	counters_alive(counters);
	counters_close(counters);
	counters_close(NULL);
}

static void must_count(struct counters *counters, unsigned int slot)
{
	const struct flow_counters *flow = counters_of(counters, slot, 0);

	must(counters_take(counters, slot) == 0);
	must(flow->packets == slot + 1);
	must(flow->drops[DROP_CAUSES - 1] == slot * UINT64_C(0x100000000));
}

static void used_by_second(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, N_SLOTS);
	const uint64_t began = (uint64_t)time(NULL);
	struct flow_counters *flow;
	unsigned int slot = 1000;

	must(counters_absence(counters) > 0 && counters_absence(counters) < 60000000);
	for (unsigned int i = 0; i < N_SLOTS; i++)
		if (i != 3 && i != 70)
			must_count(counters, i);
	must(counters_take(counters, 99) == -ENOENT);
	must(counters_take(counters, N_SLOTS) == -ENOENT);
	must(counters_take(counters, UINT32_MAX) == -ENOENT);
	/* those that nobody took are free, and zeroed */
	must(counters_new(counters, 1, &slot) == 0 && slot == 3);
	flow = counters_of(counters, slot, 0);
	must(flow->packets == 0 && flow->drops[DROP_CAUSES - 1] == 0);
	must(counters_new(counters, 1, &slot) == 0 && slot == 70);
	must(counters_of(counters, slot, 0)->packets == 0);
	must(counters_new(counters, 1, &slot) == -ENOSPC && slot == 70);
	counters_free(counters, 64);
	counters_free(counters, 20);
	counters_free(counters, UINT32_MAX);
	must(counters_new(counters, 1, &slot) == 0 && slot == 20);
	/* when counting began */
	must(counters_of(counters, 20, COUNTERS_FASTPATH)->dropped_at >= began);
	must(counters_of(counters, 20, COUNTERS_FASTPATH)->dropped_at <= (uint64_t)time(NULL));
	must(counters_of(counters, 20, 0)->dropped_at == 0);
	must(counters_take(counters, 64) == 0);
	must(counters_new(counters, 1, &slot) == -ENOSPC);
	must(state_drop_rest(state) == 0);
	counters_close(counters);
}

START_TEST(counters_survive)
{
	daemon_run(used_by_first);
	ck_assert_uint_eq(store_count("counters"), 1);
	daemon_run(used_by_second);
	ck_assert_uint_eq(store_count("counters"), 1);
}
END_TEST

static void grown(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, 1000);
	unsigned int slot;

	for (unsigned int i = 0; i < N_SLOTS; i++)
		must_count(counters, i);
	for (unsigned int i = N_SLOTS; i < 1000; i++) {
		struct flow_counters *flow = counters_of(counters, i, 0);

		must(counters_new(counters, 1, &slot) == 0 && slot == i);
		flow->packets = slot + 1;
		flow->drops[DROP_CAUSES - 1] = slot * UINT64_C(0x100000000);
	}
	must(counters_new(counters, 1, &slot) == -ENOSPC);
	counters_close(counters);
}

static void wants_fewer(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, 10);

	for (unsigned int i = 0; i < 1000; i++)
		must_count(counters, i);
	must(counters_take(counters, 1000) == -ENOENT);
	counters_close(counters);
}

static void queues_of_first(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, N_SLOTS);
	unsigned int slot;

	for (unsigned int i = 0; i < N_SLOTS; i++) {
		must(counters_new(counters, COUNTERS_QUEUES, &slot) == 0 && slot == i);
		for (unsigned int queue = 0; queue < COUNTERS_QUEUES; queue++)
			counters_of(counters, slot, queue)->packets = i * 100 + queue;
	}
	counters_close(counters);
}

static void queues_of_second(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, 10 * N_SLOTS);
	unsigned int slot;

	for (unsigned int i = 0; i < N_SLOTS; i++) {
		must(counters_take(counters, i) == 0);
		for (unsigned int queue = 0; queue < COUNTERS_QUEUES; queue++)
			must(counters_of(counters, i, queue)->packets == i * 100 + queue);
	}
	/* of a slot that is used anew, those that are asked for are zeroed */
	counters_free(counters, 7);
	must(counters_new(counters, 2, &slot) == 0 && slot == 7);
	must(counters_of(counters, 7, 0)->packets == 0);
	must(counters_of(counters, 7, 1)->packets == 0);
	must(counters_of(counters, 8, 1)->packets == 801);
	counters_close(counters);
}

START_TEST(queues_are_counted_apart)
{
	daemon_run(queues_of_first);
	daemon_run(queues_of_second);
}
END_TEST

START_TEST(slots_are_added_and_never_lost)
{
	daemon_run(used_by_first);
	daemon_run(grown);
	daemon_run(wants_fewer);
	daemon_run(wants_fewer);
}
END_TEST

static void lazy(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, 100000);
	unsigned int slot;

	must(counters_new(counters, COUNTERS_QUEUES, &slot) == 0);
	counters_close(counters);
}

START_TEST(unused_slots_cost_nothing)
{
	struct stat st;

	daemon_run(lazy);
	ck_assert_int_eq(fstat(store_find("counters"), &st), 0);
	ck_assert_int_ge(st.st_size, 100000 * 64);
	ck_assert_int_le(st.st_blocks * 512, 4 * 65536);
}
END_TEST

static void was_never_alive(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, N_SLOTS);

	must(counters_absence(counters) == UINT64_MAX);
	counters_close(counters);
}

START_TEST(absence_is_unknown_when_nobody_said_alive)
{
	daemon_run(was_never_alive);
	daemon_run(was_never_alive);
}
END_TEST

static void begins_anew(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = open_counters(state, N_SLOTS);

	must(counters_absence(counters) == UINT64_MAX);
	must(counters_take(counters, 5) == 0);
	must(counters_of(counters, 5, 0)->packets == 0);
	must(state_drop_rest(state) == 0);
	counters_close(counters);
}

/* A copy of the stored file, to do something to. */
static int copy_counters(void)
{
	int from = store_find("counters"), fd = memfd_new("copy");
	char memory[16384];
	struct stat st;
	ssize_t n = pread(from, memory, sizeof(memory), 0);

	ck_assert_int_gt(n, 4096);
	ck_assert_int_eq(write(fd, memory, (size_t)n), n);
	ck_assert_int_eq(fstat(from, &st), 0);
	ck_assert_int_eq(ftruncate(fd, st.st_size), 0);
	return fd;
}

static void replace_counters(int fd)
{
	store_remove(&store, "counters");
	ck_assert(store_add(&store, fd, "counters", false));
}

static void change(int fd, off_t offset, unsigned char byte)
{
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
}

static void shrinkable(int fd _unused_)
{
}

static void sealed(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
}

static void wrong_magic(int fd)
{
	change(fd, 0, 0);
	sealed(fd);
}

static void wrong_version(int fd)
{
	change(fd, 4, 77);
	sealed(fd);
}

static void wrong_slot_size(int fd)
{
	change(fd, 8, 128);
	sealed(fd);
}

static void too_short(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(ftruncate(fd, st.st_size - 64), 0);
	sealed(fd);
}

static void very_short(int fd)
{
	ck_assert_int_eq(ftruncate(fd, 3), 0);
	sealed(fd);
}

static void too_many(int fd)
{
	change(fd, 15, 0xff);
	sealed(fd);
}

static void read_only(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
}

static void (*const shapes[])(int fd) = { shrinkable, wrong_magic, wrong_version, wrong_slot_size,
					  too_short,  very_short,  too_many,      read_only };

START_TEST(other_shapes_are_refused)
{
	int fd;

	daemon_run(used_by_first);
	fd = copy_counters();
	shapes[_i](fd);
	replace_counters(fd);
	daemon_run(begins_anew);
	ck_assert_uint_eq(store_count("counters"), 1);
	daemon_run(was_never_alive);
}
END_TEST

/* as a former rportd made it, which had no counters of a fast path */
START_TEST(the_former_shape_is_taken)
{
	struct stat st;
	int fd;

	daemon_run(used_by_first);
	fd = copy_counters();
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(ftruncate(fd, st.st_size - (INT64_C(64) << 20)), 0);
	sealed(fd);
	replace_counters(fd);
	daemon_run(used_by_second);
}
END_TEST

START_TEST(a_copy_of_our_shape_is_taken)
{
	int fd;

	daemon_run(used_by_first);
	fd = copy_counters();
	sealed(fd);
	replace_counters(fd);
	daemon_run(used_by_second);
}
END_TEST

static void cannot_shrink(struct state *state, const struct state_handover *handover _unused_)
{
	counters_close(open_counters(state, N_SLOTS));
}

START_TEST(it_cannot_be_cut_off)
{
	daemon_run(cannot_shrink);
	ck_assert_int_eq(ftruncate(store_find("counters"), 0), -1);
}
END_TEST

static void bad_numbers(struct state *state, const struct state_handover *handover _unused_)
{
	struct counters *counters = NULL;

	must(counters_open(state, 0, &counters) == -EINVAL);
	must(counters_open(state, UINT32_MAX, &counters) == -EINVAL);
	must(!counters);
}

START_TEST(numbers_are_checked)
{
	daemon_run(bad_numbers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("counters");
	TCase *tcase = tcase_create("counters");

	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, counters_survive);
	tcase_add_test(tcase, queues_are_counted_apart);
	tcase_add_test(tcase, slots_are_added_and_never_lost);
	tcase_add_test(tcase, unused_slots_cost_nothing);
	tcase_add_test(tcase, absence_is_unknown_when_nobody_said_alive);
	tcase_add_loop_test(tcase, other_shapes_are_refused, 0, ARRAY_SIZE(shapes));
	tcase_add_test(tcase, a_copy_of_our_shape_is_taken);
	tcase_add_test(tcase, the_former_shape_is_taken);
	tcase_add_test(tcase, it_cannot_be_cut_off);
	tcase_add_test(tcase, numbers_are_checked);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
