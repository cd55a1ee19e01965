/* SPDX-License-Identifier: ISC */
/*
 * The engine for machines without io_uring, on sockets that keep frames apart as TUNs do: what is
 * forwarded, dropped and counted, whose turn it is, and when it waits.
 */

#include <check.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "datapath/engine.h"
#include "suite.h"

#define N_FLOWS    3
#define HEADER     10
#define FRAME_SIZE 200
#define PAUSE_MS   60

/* What a round does at most before another flow has its turn. */
#define TURN_FRAMES 64

/* flow[i] reads what is put into input[i]; what it writes comes out of output[i]. */
static struct flow flow[N_FLOWS];
static struct flow_counters counts[N_FLOWS];
static struct flow *slots[N_FLOWS];
static int input[N_FLOWS], output[N_FLOWS];
static struct engine *engine;
static int wake_fd;
static unsigned int n_gone;
static struct flow *last_gone;

static void gone(struct engine *of _unused_, struct flow *which)
{
	n_gone++;
	last_gone = which;
}

static void open_pair(int *ret_ours, int *ret_theirs)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	*ret_ours = fds[0];
	*ret_theirs = fds[1];
}

static struct flow_counters counted(const struct flow *which)
{
	struct flow_counters counters = { 0 };

	flow_add_counters(which->counters, &counters);
	return counters;
}

static void set_up(void)
{
	n_gone = 0;
	last_gone = NULL;
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(
		engine_epoll.create(&(struct engine_options){ .wake_fd = wake_fd }, &engine), 0);
	engine->gone = gone;
	engine->flows = slots;
	engine->n_slots = N_FLOWS;
	for (unsigned int i = 0; i < N_FLOWS; i++) {
		counts[i] = (struct flow_counters){ 0 };
		/* Time no write: a slow one (in valgrind, on a busy machine) makes turns shorter,
		 * see flow_turn(). */
		flow[i] = (struct flow){
			.header = HEADER, .slot = i, .counters = &counts[i], .untimed = UINT_MAX
		};
		open_pair(&input[i], &flow[i].from);
		open_pair(&output[i], &flow[i].to);
		slots[i] = &flow[i];
		engine_epoll.start(engine, &flow[i]);
	}
}

static void tear_down(void)
{
	for (int i = 0; i < N_FLOWS; i++) {
		engine_epoll.stop(engine, &flow[i]);
		ck_assert_uint_eq(flow[i].in_flight, 0);
		safe_close(flow[i].from);
		safe_close(flow[i].to);
		safe_close(input[i]);
		safe_close(output[i]);
	}
	engine_epoll.destroy(engine);
	safe_close(wake_fd);
}

static void put(int i, unsigned char version, unsigned char number)
{
	unsigned char frame[FRAME_SIZE] = { [HEADER] = (unsigned char)(version << 4),
					    [HEADER + 1] = number };

	ck_assert_int_eq(send(input[i], frame, sizeof(frame), 0), sizeof(frame));
}

/* The number in the next frame that came out, -1 when there is none. */
static int take(int i)
{
	unsigned char frame[FRAME_SIZE + 1];
	ssize_t size = recv(output[i], frame, sizeof(frame), 0);

	if (size < 0)
		return -1;
	ck_assert_int_eq(size, FRAME_SIZE);
	return frame[HEADER + 1];
}

static void wake(void)
{
	uint64_t one = 1;

	ck_assert_int_eq(write(wake_fd, &one, sizeof(one)), sizeof(one));
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000 * 1000 }, NULL);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *wake_later(void *arg)
{
	pause_ms(PAUSE_MS);
	wake();
	return arg;
}

/* Nothing is to do: a round ends no earlier than somebody wakes it. */
static void assert_waits(void)
{
	long started = now_ms(), took;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, wake_later, NULL), 0);
	engine_epoll.run(engine);
	took = now_ms() - started;
	/* before a check that may leave the test: the thread would wake the next one */
	pthread_join(thread, NULL);
	ck_assert_int_ge(took, PAUSE_MS - 1);
}

START_TEST(frames_cross_in_order)
{
	for (unsigned char n = 0; n < 10; n++)
		put(0, n % 2 ? 4 : 6, n);
	engine_epoll.run(engine);
	for (int n = 0; n < 10; n++)
		ck_assert_int_eq(take(0), n);
	ck_assert_int_eq(take(0), -1);
	ck_assert_uint_eq(counted(&flow[0]).packets, 10);
	ck_assert_uint_eq(counted(&flow[0]).bytes, 10 * (FRAME_SIZE - HEADER));
	ck_assert_uint_eq(counted(&flow[1]).packets, 0);
	assert_waits();
}
END_TEST

START_TEST(what_is_not_ip_is_dropped)
{
	put(0, 4, 1);
	put(0, 5, 2);
	put(0, 6, 3);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(0), 1);
	ck_assert_int_eq(take(0), 3);
	ck_assert_int_eq(take(0), -1);
	ck_assert_uint_eq(counted(&flow[0]).packets, 2);
	ck_assert_uint_eq(counted(&flow[0]).drops[DROP_NO_PROTO], 1);
}
END_TEST

/* The peer takes no more (EAGAIN): what fails is dropped, and what comes later is not late. */
START_TEST(a_failed_write_is_not_tried_again)
{
	int taken = 0, small = 2048;
	struct flow_counters counters;

	ck_assert_int_eq(setsockopt(flow[0].to, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	for (unsigned char n = 0; n < TURN_FRAMES; n++)
		put(0, 4, n);
	engine_epoll.run(engine);
	assert_waits();
	counters = counted(&flow[0]);
	ck_assert_uint_gt(counters.packets, 0);
	ck_assert_uint_gt(counters.drops[DROP_NO_MEMORY], 0);
	ck_assert_uint_eq(counters.packets + counters.drops[DROP_NO_MEMORY], TURN_FRAMES);
	while (take(0) == taken)
		taken++;
	ck_assert_uint_eq((unsigned int)taken, counters.packets);
	put(0, 4, 200);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(0), 200);
	ck_assert_int_eq(take(0), -1);
}
END_TEST

/* With more waiting than one turn takes, the others come first. */
START_TEST(a_flood_does_not_starve_others)
{
	int flooded = 0;

	for (unsigned char n = 0; n < TURN_FRAMES + 10; n++)
		put(0, 4, n);
	put(1, 4, 1);
	put(2, 4, 2);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(1), 1);
	ck_assert_int_eq(take(2), 2);
	while (take(0) == flooded)
		flooded++;
	ck_assert_int_eq(flooded, TURN_FRAMES);
	/* nobody has to put something in for the rest to come */
	engine_epoll.run(engine);
	while (take(0) == flooded)
		flooded++;
	ck_assert_int_eq(flooded, TURN_FRAMES + 10);
	assert_waits();
}
END_TEST

/* A descriptor whose other side is gone is ready for ever, like that of a removed TUN. */
START_TEST(a_removed_port_is_told_once)
{
	input[1] = safe_close(input[1]);
	engine_epoll.run(engine);
	ck_assert_uint_eq(n_gone, 1);
	ck_assert_ptr_eq(last_gone, &flow[1]);
	assert_waits();
	ck_assert_uint_eq(n_gone, 1);
	put(0, 4, 1);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(0), 1);
}
END_TEST

START_TEST(a_stopped_flow_leaves_the_set)
{
	/* as in the store of a service manager: the file stays open when our descriptor is closed
	 */
	int kept = dup(flow[0].from);

	engine_epoll.stop(engine, &flow[0]);
	ck_assert_uint_eq(flow[0].in_flight, 0);
	slots[0] = NULL;
	flow[0].from = safe_close(flow[0].from);
	put(0, 4, 1);
	assert_waits();
	input[0] = safe_close(input[0]);
	assert_waits();
	ck_assert_uint_eq(n_gone, 0);
	ck_assert_int_eq(take(0), -1);
	safe_close(kept);
}
END_TEST

/* Its slot, and the number of its descriptor, are the next one's. */
START_TEST(a_slot_is_used_again)
{
	int number = flow[0].from;

	engine_epoll.stop(engine, &flow[0]);
	safe_close(flow[0].from);
	safe_close(input[0]);
	open_pair(&input[0], &flow[0].from);
	ck_assert(flow[0].from == number || input[0] == number);
	engine_epoll.start(engine, &flow[0]);
	put(0, 4, 7);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(0), 7);
	ck_assert_uint_eq(n_gone, 0);
}
END_TEST

/* The kernel does not take one into the set, as it takes nothing when it is short of memory. */
static int plain_file(void)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Nothing else suffers, and once the descriptor can be taken, it is. */
START_TEST(a_refused_flow_is_tried_again)
{
	int fd = flow[0].from;
	long started;

	engine_epoll.stop(engine, &flow[0]);
	flow[0].from = plain_file();
	engine_epoll.start(engine, &flow[0]);
	put(1, 4, 1);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(1), 1);
	/* it looks again by itself, but not at once */
	started = now_ms();
	engine_epoll.run(engine);
	ck_assert_int_ge(now_ms() - started, 20);
	ck_assert_uint_eq(n_gone, 0);

	put(0, 4, 9);
	ck_assert_int_ge(dup2(fd, flow[0].from), 0);
	engine_epoll.run(engine);
	ck_assert_int_eq(take(0), 9);
	assert_waits();
	safe_close(fd);
}
END_TEST

START_TEST(a_refused_flow_can_be_stopped)
{
	engine_epoll.stop(engine, &flow[0]);
	safe_close(flow[0].from);
	flow[0].from = plain_file();
	engine_epoll.start(engine, &flow[0]);
	engine_epoll.stop(engine, &flow[0]);
	ck_assert_uint_eq(flow[0].in_flight, 0);
	slots[0] = NULL;
	assert_waits();
}
END_TEST

START_TEST(create_needs_a_descriptor_that_can_be_waited_for)
{
	struct engine *other = NULL;

	ck_assert_int_eq(engine_epoll.create(&(struct engine_options){ .wake_fd = -1 }, &other),
			 -EBADF);
	ck_assert_ptr_null(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("epoll");
	TCase *tcase = tcase_create("epoll");

	signal(SIGPIPE, SIG_IGN);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, frames_cross_in_order);
	tcase_add_test(tcase, what_is_not_ip_is_dropped);
	tcase_add_test(tcase, a_failed_write_is_not_tried_again);
	tcase_add_test(tcase, a_flood_does_not_starve_others);
	tcase_add_test(tcase, a_removed_port_is_told_once);
	tcase_add_test(tcase, a_stopped_flow_leaves_the_set);
	tcase_add_test(tcase, a_slot_is_used_again);
	tcase_add_test(tcase, a_refused_flow_is_tried_again);
	tcase_add_test(tcase, a_refused_flow_can_be_stopped);
	tcase_add_test(tcase, create_needs_a_descriptor_that_can_be_waited_for);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
