/* SPDX-License-Identifier: ISC */
/*
 * 8,192 links on one worker, all of which have something to read after a pause, as when a cgroup
 * was frozen or a virtual machine stopped: nothing is lost, every flow keeps its order, and the
 * engine stays within its arrays (which the sanitizers watch). Pairs of sockets take the place of
 * TUN devices, of which so many would take minutes to make; the pause is that nobody runs the
 * engine.
 *
 * passes: asan
 *
 * Built a second time, as test_late, with a completion queue that is far too small: it overflows,
 * and completions come rounds after what they are of.
 */

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "datapath/engine.h"
#include "kernel/tun.h"
#include "suite.h"

#define N_FLOWS    (2 * 8192)
#define N_OUTPUTS  64
#define N_FRAMES   8 /* more than are moved one by one, fewer than net.unix.max_dgram_qlen */
#define N_PAUSES   1
#define FRAME_SIZE 64
#define FDS_SPARE  (64 + 2 * N_OUTPUTS)

static const struct engine_class *const classes[] = { &engine_batch, &engine_pending,
						      &engine_epoll };

/* A direction of a link. */
static struct line {
	struct flow flow;
	struct flow_counters counters;
	struct sockaddr_un address; /* of what it reads from */
	unsigned int sent, received;
} lines[N_FLOWS];
static struct flow *slots[N_FLOWS];
static struct engine *engine;
static unsigned int n_flows;
static int wake_fd;
static struct {
	int near, far; /* flows write to the one, and the test reads from the other */
} outputs[N_OUTPUTS];

/* Unlike ck_assert(), which writes to a file each time, this costs nothing when all is well. */
#define EXPECT(condition)                               \
	do {                                            \
		if (!(condition))                       \
			ck_abort_msg("%s", #condition); \
	} while (0)

static void gone(struct engine *of _unused_, struct flow *flow _unused_)
{
	ck_abort_msg("nothing was removed");
}

static void open_output(unsigned int i)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	outputs[i].near = fds[0];
	outputs[i].far = fds[1];
}

static int datagram_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	EXPECT(fd >= 0);
	return fd;
}

static void open_line(struct line *line, unsigned int i)
{
	*line = (struct line){ .address = { .sun_family = AF_UNIX } };
	line->flow = (struct flow){
		.slot = i,
		.counters = &line->counters,
		.from = datagram_socket(),
		.to = outputs[i % N_OUTPUTS].near,
	};
	/* in the abstract namespace */
	(void)snprintf(line->address.sun_path + 1, sizeof(line->address.sun_path) - 1,
		       "rport-crowd-%d-%u", getpid(), i);
	ck_assert_int_eq(
		bind(line->flow.from, (struct sockaddr *)&line->address, sizeof(line->address)), 0);
	slots[i] = &line->flow;
}

/* As many flows as descriptors are allowed. */
static void take_descriptors(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	n_flows = (unsigned int)MIN(limit.rlim_cur - FDS_SPARE, (rlim_t)N_FLOWS);
}

/* Return: false where this kernel, or what the test runs in, has no such engine. */
static bool start(const struct engine_class *class)
{
	bool has_nowait;
	int r;

	take_descriptors();
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r = class->create(&(struct engine_options){ .wake_fd = wake_fd }, &engine);
	ck_assert_msg(r == 0 || class != &engine_epoll, "epoll: %d", r);
	if (r < 0)
		return false;
	engine->gone = gone;
	engine->flows = slots;
	engine->n_slots = n_flows;
	for (unsigned int i = 0; i < N_OUTPUTS; i++)
		open_output(i);
	for (unsigned int i = 0; i < n_flows; i++)
		open_line(&lines[i], i);
	has_nowait = tun_has_nowait(lines[0].flow.from);
	if (class == &engine_batch && !has_nowait)
		return false;
	for (unsigned int i = 0; i < n_flows; i++)
		class->start(engine, &lines[i].flow);
	return true;
}

static void receive(int fd)
{
	unsigned char frame[FRAME_SIZE + 1];
	unsigned int from, number;

	while (recv(fd, frame, sizeof(frame), 0) == FRAME_SIZE) {
		memcpy(&from, frame + 4, sizeof(from));
		memcpy(&number, frame + 8, sizeof(number));
		EXPECT(from < n_flows);
		EXPECT(number == lines[from].received);
		lines[from].received++;
	}
}

static void run(void)
{
	uint64_t one = 1;

	/* a round that has nothing to do ends */
	EXPECT(write(wake_fd, &one, sizeof(one)) == sizeof(one));
	engine->class->run(engine);
	for (unsigned int i = 0; i < N_OUTPUTS; i++)
		receive(outputs[i].far);
}

/* One frame to each flow: a single flow that has many would not be a crowd. */
static void send_to_all(void)
{
	for (unsigned int i = 0; i < n_flows; i++) {
		unsigned char frame[FRAME_SIZE] = { 0x45 };

		memcpy(frame + 4, &i, sizeof(i));
		memcpy(frame + 8, &lines[i].sent, sizeof(lines[i].sent));
		EXPECT(sendto(lines[i].flow.from, frame, sizeof(frame), 0,
			      (struct sockaddr *)&lines[i].address,
			      sizeof(lines[i].address)) == sizeof(frame));
		lines[i].sent++;
	}
}

/* Whatever became of it: a frame that is neither moved nor dropped is still on the way. */
static bool all_counted(void)
{
	for (unsigned int i = 0; i < n_flows; i++) {
		const struct flow_counters *counters = &lines[i].counters;
		uint64_t n = counters->packets;

		for (int cause = 0; cause < DROP_CAUSES; cause++)
			n += counters->drops[cause];
		if (n < lines[i].sent)
			return false;
	}
	return true;
}

static void finish(void)
{
	for (unsigned int i = 0; i < n_flows; i++)
		engine->class->stop(engine, &lines[i].flow);
	for (unsigned int i = 0; i < n_flows; i++)
		while (lines[i].flow.in_flight > 0)
			run();
	engine->class->destroy(engine);
}

START_TEST(a_crowd_after_a_pause)
{
	if (!start(classes[_i]))
		return;
	for (unsigned int i = 0; i < n_flows / 64; i++)
		run();
	for (unsigned int pause = 0; pause < N_PAUSES; pause++) {
		for (unsigned int n = 0; n < N_FRAMES; n++)
			send_to_all();
		while (!all_counted())
			for (unsigned int round = 0; round < 100; round++)
				run();
		for (unsigned int i = 0; i < n_flows; i++) {
			EXPECT(lines[i].received == lines[i].sent);
			EXPECT(lines[i].counters.packets == lines[i].sent);
		}
	}
	finish();
}
END_TEST

/* The limit of an engine is what its kernel objects can hold, and it serves a crowd. */
START_TEST(an_engine_has_a_limit)
{
	struct engine *other;
	int r;

	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	r = classes[_i]->create(&(struct engine_options){ .wake_fd = wake_fd }, &other);
	if (r < 0)
		return;
	ck_assert_uint_gt(other->flows_max, 0);
#ifndef RING_COMPLETIONS_MAX /* of test_late */
	ck_assert_uint_ge(other->flows_max, N_FLOWS);
#endif
	classes[_i]->destroy(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crowd");
	TCase *tcase = tcase_create("all");

	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(tcase, 300);
	tcase_add_loop_test(tcase, a_crowd_after_a_pause, 0, ARRAY_SIZE(classes));
	tcase_add_loop_test(tcase, an_engine_has_a_limit, 0, ARRAY_SIZE(classes));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
