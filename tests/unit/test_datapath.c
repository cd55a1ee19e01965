/* SPDX-License-Identifier: ISC */
/*
 * The data path in a process of its own: frames cross, its death costs no link, and a hostile one
 * harms nobody. This program is the starter when it is called so; sockets stand in for devices.
 *
 * passes: plain asan
 */

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "datapath/datapath.h"
#include "datapath/serve.h"
#include "datapath/wire.h"
#include "kernel/packet.h"
#include "suite.h"

#define NAME         "test-starter"
#define WAIT_USEC    (20 * USEC_PER_SEC)
#define SLOT         64
#define OFFSET       4096 /* of the counters in their file */
#define COUNTERS     (16 * SLOT)
#define HOSTILE_RUNS 300

enum {
	ROLE_DATA,
	ROLE_HOSTILE,
};

/* --- the processes ---------------------------------------------------------------------------- */

static int data(int fd, void *userdata _unused_)
{
	struct data_server *server;
	sd_event *event;
	int r;

	if (sd_event_new(&event) < 0)
		return EXIT_FAILURE;
	r = data_server_new(event, fd, NULL, &server);
	if (r >= 0)
		r = data_server_ready(server);
	if (r >= 0)
		r = sd_event_loop(event);
	return r < 0 ? EXIT_FAILURE : r;
}

static unsigned int chance(unsigned int n)
{
	unsigned int value = 0;

	(void)!getrandom(&value, sizeof(value), 0);
	return value % n;
}

/* Small numbers are more likely to be taken for something. */
static void fill_with_rubbish(struct data_answer *answer)
{
	uint32_t *words = (uint32_t *)(void *)answer;

	for (size_t i = 0; i < sizeof(*answer) / sizeof(*words); i++)
		words[i] = chance(4) ? chance(5) - chance(2) : chance(UINT32_MAX);
}

/* Starts as it ought to, and then answers requests rightly, wrongly, or at random. */
static int hostile(int fd, void *userdata _unused_)
{
	struct data_answer answer = { 0 };
	struct data_request request;

	for (bool first = true; packet_receive(fd, &request, sizeof(request), NULL, NULL, 0) > 0;
	     first = false) {
		answer = (struct data_answer){ .type = DATA_ANSWER, .serial = request.serial };
		if (first || chance(2)) {
			strcpy(answer.engine, "epoll");
			if (!first)
				memset(answer.workers, 0, sizeof(answer.workers));
			(void)packet_send(fd, &answer, sizeof(answer), NULL, 0, 0);
		}
		for (unsigned int i = chance(8); i > 0; i--) {
			fill_with_rubbish(&answer);
			(void)packet_send(fd, &answer, chance(8) ? sizeof(answer) : chance(99) + 1,
					  NULL, 0, MSG_DONTWAIT);
		}
		if (!chance(4))
			break;
	}
	return EXIT_FAILURE;
}

static const struct starter_role roles[] = {
	[ROLE_DATA] = { "rportd-data", data },
	[ROLE_HOSTILE] = { "test-hostile", hostile },
};

/* --- the other side --------------------------------------------------------------------------- */

static struct {
	sd_event *event;
	struct starter *starter;
	struct datapath *datapath;
	int counters_fd;
	char *counters;
	struct tun tuns[2];
	int domains[2]; /* the other ends */
	struct flow_counters *of[2][1];
	unsigned int gone, moved, ended;
	char why[256];
} test;

static void gone(void *owner, unsigned int end, void *userdata _unused_)
{
	ck_assert_ptr_eq(owner, &test);
	ck_assert_uint_le(end, 1);
	test.gone++;
}

static void moved(void *owner, void *userdata _unused_)
{
	ck_assert_ptr_eq(owner, &test);
	test.moved++;
}

static void ended(const char *why, void *userdata _unused_)
{
	snprintf(test.why, sizeof(test.why), "%s", why);
	test.ended++;
}

static void failed(void *userdata _unused_)
{
	ck_abort_msg("the starter is gone");
}

static void start(unsigned int role)
{
	struct datapath_options options = {
		.starter = test.starter,
		.role = role,
		.datapath = "epoll",
		.workers = 2,
		.counters_fd = test.counters_fd,
		.counters = test.counters,
		.counters_offset = OFFSET,
		.counters_size = COUNTERS,
		.gone = gone,
		.moved = moved,
		.ended = ended,
		.failed = failed,
	};

	ck_assert_int_eq(datapath_new(test.event, &options, &test.datapath), 0);
	ck_assert_int_eq(datapath_run(test.datapath, true), 0);
	ck_assert_str_eq(datapath_name(test.datapath), "epoll");
}

static void set_up(void)
{
	char name[] = NAME, *argv[] = { name, NULL };

	memset(&test, 0, sizeof(test));
	ck_assert_int_ge(sd_event_new(&test.event), 0);
	ck_assert_int_eq(starter_new(argv, &test.starter), 0);
	test.counters_fd = memfd_create("counters", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(test.counters_fd, OFFSET + COUNTERS), 0);
	test.counters =
		mmap(NULL, COUNTERS, PROT_READ | PROT_WRITE, MAP_SHARED, test.counters_fd, OFFSET);
	ck_assert_ptr_ne(test.counters, MAP_FAILED);
	for (int end = 0; end < 2; end++) {
		int fds[2];

		ck_assert_int_eq(
			socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
		test.tuns[end] = (struct tun){ .queues = { fds[0] }, .n_queues = 1 };
		test.domains[end] = fds[1];
		test.of[end][0] = (void *)(test.counters + end * SLOT);
	}
}

static void tear_down(void)
{
	datapath_free(test.datapath);
	starter_free(test.starter);
	sd_event_unref(test.event);
	for (int end = 0; end < 2; end++) {
		tun_close(&test.tuns[end]);
		safe_close(test.domains[end]);
	}
	munmap(test.counters, COUNTERS);
	safe_close(test.counters_fd);
}

static struct datapath_link *add(void)
{
	struct shuttle_port ports[2];
	struct datapath_link *link;

	for (int end = 0; end < 2; end++)
		ports[end] =
			(struct shuttle_port){ .tun = &test.tuns[end], .counters = test.of[end] };
	ck_assert_int_eq(datapath_add_link(test.datapath, ports, &test, &link), 0);
	return link;
}

/* A frame that crosses while the loop runs. */
static void exchange(unsigned int from)
{
	unsigned char frame[64] = { 0x45, 1, 2, 3 }, got[128];
	uint64_t end = monotonic_usec() + WAIT_USEC;

	ck_assert_int_eq((int)write(test.domains[from], frame, sizeof(frame)), sizeof(frame));
	while (read(test.domains[!from], got, sizeof(got)) != sizeof(frame)) {
		ck_assert(monotonic_usec() < end);
		ck_assert_int_ge(sd_event_run(test.event, 1000), 0);
	}
	ck_assert_int_eq(memcmp(got, frame, sizeof(frame)), 0);
}

static uint64_t packets(unsigned int end)
{
	struct flow_counters sum = { 0 };

	flow_add_counters(test.of[end][0], &sum);
	return sum.packets;
}

START_TEST(frames_cross_and_are_counted)
{
	struct datapath_link *link;
	unsigned int workers[TUN_QUEUES_MAX];

	start(ROLE_DATA);
	link = add();
	exchange(0);
	exchange(1);
	exchange(1);
	ck_assert_uint_eq(datapath_link_workers(link, workers), 1);
	ck_assert_uint_lt(workers[0], 2);
	datapath_remove_link(link); /* and all is counted by then */
	ck_assert_uint_eq(packets(0) + packets(1), 3);
	ck_assert_uint_eq(test.ended, 0);
}
END_TEST

/* Nothing reads from the ports any more: what comes waits for whoever is next. */
START_TEST(a_removed_link_is_left_alone)
{
	unsigned char frame[64] = { 0x45 };
	struct datapath_link *link;

	start(ROLE_DATA);
	link = add();
	exchange(0);
	datapath_remove_link(link);
	ck_assert_int_gt((int)write(test.domains[0], frame, sizeof(frame)), 0);
	usleep(50000);
	ck_assert_int_eq((int)read(test.tuns[0].queues[0], frame, sizeof(frame)), sizeof(frame));
}
END_TEST

/* The child of the starter, which is the only child of ours. */
static pid_t child_of(pid_t pid)
{
	char path[64], text[32] = "";
	long child;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), file));
	fclose(file);
	child = strtol(text, NULL, 10);
	ck_assert_int_gt(child, 0);
	return (pid_t)child;
}

static pid_t process_of_data(void)
{
	return child_of(child_of(getpid()));
}

START_TEST(its_death_costs_no_link)
{
	struct datapath_link *link;

	start(ROLE_DATA);
	link = add();
	for (unsigned int i = 1; i <= 3; i++) {
		exchange(0);
		kill(process_of_data(), SIGKILL);
		exchange(1);
		ck_assert_uint_eq(test.ended, i);
		ck_assert_uint_eq(datapath_restarts(test.datapath), i);
	}
	ck_assert_ptr_nonnull(strstr(test.why, "signal 9"));
	datapath_remove_link(link);
}
END_TEST

/* A call finds a stopped process: it is killed, and the link waits for the next. */
START_TEST(a_link_outlives_a_stopped_process)
{
	struct datapath_link *link;

	start(ROLE_DATA);
	link = add();
	kill(process_of_data(), SIGSTOP);
	datapath_remove_link(link);
	link = add();
	exchange(0);
	ck_assert_uint_eq(test.ended, 1);
	ck_assert_ptr_nonnull(strstr(test.why, "did not answer"));
	datapath_remove_link(link);
}
END_TEST

static void run_events(void)
{
	while (sd_event_run(test.event, 200 * USEC_PER_MSEC) > 0)
		;
}

START_TEST(its_workers_answer)
{
	int silent = 99;

	start(ROLE_DATA);
	ck_assert(datapath_answers(test.datapath, &silent));
	for (int i = 0; i < 3; i++) {
		run_events();
		ck_assert(datapath_answers(test.datapath, &silent));
	}
	kill(process_of_data(), SIGSTOP);
	run_events(); /* to the last one before */
	(void)datapath_answers(test.datapath, &silent);
	ck_assert(!datapath_answers(test.datapath, &silent));
	ck_assert_int_eq(silent, -1);
}
END_TEST

START_TEST(a_hostile_process_harms_nobody)
{
	int silent;

	start(ROLE_HOSTILE);
	for (int i = 0; i < HOSTILE_RUNS; i++) {
		struct datapath_link *links[3];

		for (int n = 0; n < 3; n++)
			links[n] = add();
		(void)datapath_answers(test.datapath, &silent);
		for (int n = 0; n < 5; n++)
			ck_assert_int_ge(sd_event_run(test.event, 200), 0);
		for (int n = 0; n < 3; n++)
			datapath_remove_link(links[n]);
	}
	ck_assert_uint_gt(test.ended, 0);
}
END_TEST

int main(int argc _unused_, char *argv[])
{
	Suite *suite = suite_create("datapath");
	TCase *tcase = tcase_create("datapath");

	if (streq(argv[0], NAME))
		return starter_serve(roles, ARRAY_SIZE(roles), NULL) < 0 ? EXIT_FAILURE : 0;
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, frames_cross_and_are_counted);
	tcase_add_test(tcase, a_removed_link_is_left_alone);
	tcase_add_test(tcase, its_death_costs_no_link);
	tcase_add_test(tcase, a_link_outlives_a_stopped_process);
	tcase_add_test(tcase, its_workers_answer);
	tcase_add_test(tcase, a_hostile_process_harms_nobody);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
