/* SPDX-License-Identifier: ISC */
/*
 * rportd's side of the protocol with rportd-net: calls that are late, replies that make no sense,
 * and ends. A thread stands in for the process, and this program for its starter.
 *
 * passes: plain asan
 */

#include <check.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "kernel/thread.h"
#include "network/client.h"
#include "suite.h"

#define SHORT_USEC (50 * USEC_PER_MSEC)
#define LONG_USEC  (60 * USEC_PER_SEC) /* never waited for */

/* What the stand-in does with a call; its argument says so. */
enum wish {
	ANSWER,
	ANSWER_LATE, /* when the gate is opened */
	SAY_NONSENSE,
	SAY_LITTLE, /* a reply that ends too early */
	END,
};

struct reply {
	struct network_reply header;
	uint32_t wish;
};

/* @late: a reply that waits for the gate; @late_fd: where it goes; -1: there is none */
struct process {
	pthread_t thread;
	int fds[NETWORK_CHANNELS + 1];
	struct reply late;
	int late_fd;
};

/* @failures: starts that fail next */
struct starter {
	struct process process;
	bool running;
	unsigned int starts, failures;
	struct starter_watch watch;
};

static struct starter starter;
static struct network *network;
static sd_event *event;
static sem_t gate;
static _Atomic unsigned int abandoned;
static unsigned int n_lost, n_names, n_not_started;

/* --- the stand-in ----------------------------------------------------------------------------- */

struct question {
	struct network_request request;
	union {
		uint32_t wish;
		struct network_check check;
	};
};

static size_t size_of_reply(uint32_t wish)
{
	switch (wish) {
	case SAY_NONSENSE:
		return 3;
	case SAY_LITTLE:
		return sizeof(struct network_reply);
	default:
		return sizeof(struct reply);
	}
}

/* One with a probe is never answered. */
static bool answer_check(int fd, uint32_t serial, const struct network_check *asked)
{
	static struct {
		struct network_reply header;
		struct inspect_result result;
	} reply;

	reply.header.serial = serial;
	reply.result.ends[1].looked = -ENOENT;
	return asked->probe || packet_send(fd, &reply, sizeof(reply), NULL, 0, 0) >= 0;
}

static bool answer(struct process *process, int fd, const struct question *question)
{
	struct reply reply = { { question->request.serial, 7 }, question->wish };
	size_t size = size_of_reply(question->wish);

	if (question->request.call == NETWORK_CHECK)
		return answer_check(fd, question->request.serial, &question->check);

	if (question->wish == END)
		return false;
	if (question->wish == ANSWER_LATE) {
		process->late = reply;
		process->late_fd = fd;
		return true;
	}
	return packet_send(fd, &reply, size, NULL, 0, 0) >= 0;
}

static bool answer_late(struct process *process)
{
	int fd = process->late_fd;

	process->late_fd = -1;
	return packet_send(fd, &process->late, sizeof(process->late), NULL, 0, 0) >= 0;
}

static void set_up_process(struct process *process)
{
	struct {
		struct network_request request;
		struct network_setup setup;
	} message;
	struct {
		struct network_reply header;
		struct network_ready ready;
	} reply = { .ready = { .own_nsid = 5 } };
	int fds[PACKET_FDS_MAX];
	unsigned int n;

	ck_assert_int_eq(packet_receive(process->fds[0], &message, sizeof(message), fds, &n, 0), 1);
	ck_assert_uint_eq(n, NETWORK_CHANNELS);
	for (unsigned int i = 0; i < n; i++)
		process->fds[i + 1] = fds[i];
	reply.header.serial = message.request.serial;
	ck_assert_int_eq(packet_send(process->fds[0], &reply, sizeof(reply), NULL, 0, 0), 0);
}

static void take_control(int fd)
{
	struct network_event event_of = { .type = NETWORK_DRAINED };
	struct network_control control;

	if (packet_receive(fd, &control, sizeof(control), NULL, NULL, 0) <= 0)
		return;
	event_of.serial = control.serial;
	if (control.type == NETWORK_ABANDON)
		abandoned++;
	if (control.type == NETWORK_PING)
		event_of.type = NETWORK_ALIVE;
	if (control.type != NETWORK_ABANDON)
		(void)packet_send(fd, &event_of, sizeof(event_of), NULL, 0, 0);
}

/* One thread for each channel would hang where the other must not: this one asks both in turn. */
static void *live(void *arg)
{
	struct process *process = arg;
	bool alive = true;

	process->late_fd = -1;
	set_up_process(process);
	while (alive) {
		struct pollfd fds[NETWORK_CHANNELS + 1];
		struct question question;
		size_t size;

		for (int i = 0; i <= NETWORK_CHANNELS; i++)
			fds[i] = (struct pollfd){ .fd = process->fds[i], .events = POLLIN };
		poll(fds, NETWORK_CHANNELS + 1, process->late_fd < 0 ? -1 : 10);
		if (process->late_fd >= 0 && sem_trywait(&gate) == 0)
			alive = answer_late(process);
		if (fds[NETWORK_CHANNELS].revents & POLLIN)
			take_control(fds[NETWORK_CHANNELS].fd);
		for (int i = 0; i < NETWORK_CHANNELS && alive; i++) {
			if (!(fds[i].revents & (POLLIN | POLLHUP)))
				continue;
			alive = packet_receive_some(fds[i].fd, &question, sizeof(question), &size,
						    NULL, NULL, 0) == 1 &&
				answer(process, fds[i].fd, &question);
		}
	}
	for (int i = 0; i <= NETWORK_CHANNELS; i++)
		safe_close(process->fds[i]);
	return NULL;
}

/* --- its starter ------------------------------------------------------------------------------ */

int starter_start(struct starter *of, unsigned int role _unused_, int fd)
{
	ck_assert(!of->running);
	if (of->failures > 0) {
		of->failures--;
		return -EMFILE;
	}
	of->process.fds[0] = dup(fd);
	of->running = true;
	of->starts++;
	return thread_start(&of->process.thread, "stand-in", live, &of->process);
}

void starter_kill(struct starter *of _unused_, unsigned int role _unused_)
{
	sem_post(&gate); /* its sockets are closed: it ends */
}

int starter_await_end(struct starter *of, unsigned int role _unused_, uint64_t usec _unused_)
{
	if (of->running)
		pthread_join(of->process.thread, NULL);
	of->running = false;
	return 0;
}

int starter_watch(struct starter *of, sd_event *loop _unused_, unsigned int role _unused_,
		  const struct starter_watch *watch)
{
	of->watch = *watch;
	return 0;
}

/* --- rportd ----------------------------------------------------------------------------------- */

static void note_lost(void *userdata _unused_)
{
	n_lost++;
}

static void note_names(void *userdata _unused_)
{
	n_names++;
}

static void note_not_started(const char *why, void *userdata _unused_)
{
	ck_assert_str_eq(why, "cannot start rportd-net: Too many open files");
	n_not_started++;
}

static void begin(void)
{
	const struct network_options options = {
		.starter = &starter,
		.events = { .lost = note_lost },
		.names_missed = note_names,
		.names = note_names,
		.not_started = note_not_started,
	};
	struct rport_error err;

	memset(&starter, 0, sizeof(starter));
	abandoned = n_lost = n_names = n_not_started = 0;
	sem_init(&gate, 0, 0);
	ck_assert_int_eq(sd_event_new(&event), 0);
	ck_assert_int_eq(network_new(event, &options, &network, &err), 0);
	ck_assert_int_eq(network_about(network)->own_nsid, 5);
}

static void end(void)
{
	network_free(network);
	starter_await_end(&starter, 0, 0);
	sd_event_unref(event);
}

static int ask(enum network_channel channel, uint32_t wish, uint64_t usec)
{
	struct message *message = network_begin(network, channel, NETWORK_SWEEP);
	uint32_t said;
	int r;

	message_put_value(message, wish);
	r = network_call(network, channel, monotonic_usec() + usec, &message);
	if (r >= 0) {
		message_get_value(message, &said);
		ck_assert(message->broken || said == wish);
	}
	return r;
}

START_TEST(a_call_has_a_result)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), 7);
		ck_assert_int_eq(ask(NETWORK_CHANNEL_ASK, ANSWER, LONG_USEC), 7);
	}
	ck_assert(network_answers(network));
	network_drain(network);
	ck_assert(network_answers(network));
	ck_assert_uint_eq(starter.starts, 1);
}
END_TEST

START_TEST(a_late_call_is_abandoned)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER_LATE, SHORT_USEC), -ETIMEDOUT);
	sem_post(&gate);
	/* its reply comes first, and is not taken for another's */
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), 7);
	network_drain(network);
	ck_assert_uint_eq(abandoned, 1);
	ck_assert_uint_eq(starter.starts, 1);
}
END_TEST

START_TEST(a_late_query_hinders_no_call)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ASK, ANSWER_LATE, SHORT_USEC), -ETIMEDOUT);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ASK, ANSWER, LONG_USEC), -EBUSY);
	sem_post(&gate);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), 7);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ASK, ANSWER, LONG_USEC), 7);
	ck_assert_uint_eq(abandoned, 0);
}
END_TEST

/* It is started again by the next call, and what rportd knows is doubted. */
static void check_new_process(void)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), -ECONNRESET); /* too early */
	for (int i = 0; i < 100 && starter.starts < 2; i++) {
		usleep(10000);
		(void)ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC);
	}
	ck_assert_uint_eq(starter.starts, 2);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), 7);
	ck_assert_int_ge(sd_event_run(event, 0), 0);
	ck_assert_uint_eq(n_lost, 1);
	ck_assert_uint_eq(n_names, 2);
}

START_TEST(an_end_is_survived)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, END, LONG_USEC), -ECONNRESET);
	check_new_process();
}
END_TEST

START_TEST(nonsense_is_an_end)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, SAY_NONSENSE, LONG_USEC), -ECONNRESET);
	check_new_process();
}
END_TEST

/* The reply fits its call: whoever cuts it short is not rportd-net any more. */
START_TEST(a_short_reply_is_an_end)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ASK, SAY_LITTLE, LONG_USEC), 7);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ASK, ANSWER, LONG_USEC), -ECONNRESET);
	check_new_process();
}
END_TEST

/* Nobody calls meanwhile: events have to be told without that. */
START_TEST(a_start_that_fails_is_tried_again)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, END, LONG_USEC), -ECONNRESET);
	starter.failures = 3;
	while (starter.starts < 2)
		ck_assert_int_ge(sd_event_run(event, LONG_USEC), 0);
	ck_assert_uint_eq(n_not_started, 3);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), 7);
}
END_TEST

/* Calls while there is no process do not start one each. */
START_TEST(a_start_that_fails_is_not_tried_by_each_call)
{
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, END, LONG_USEC), -ECONNRESET);
	starter.failures = UINT_MAX;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), -ECONNRESET);
		usleep(2000);
	}
	ck_assert_uint_ge(n_not_started, 1);
	ck_assert_uint_le(n_not_started, 10); /* 50 ms, 100 ms, ... */
}
END_TEST

/* What became of checks: -ENOENT, as the stand-in says, or 1: they were lost. */
static int outcomes[NETWORK_CHECKS_MAX];
static unsigned int n_outcomes;

static void checked(const struct inspect_result *result, void *userdata _unused_)
{
	outcomes[n_outcomes++] = result ? result->ends[1].looked : 1;
}

static void run_until_checked(unsigned int n)
{
	while (n_outcomes < n)
		ck_assert_int_ge(sd_event_run(event, LONG_USEC), 0);
}

START_TEST(a_check_is_answered_later)
{
	static const struct inspect_end nowhere[2];

	n_outcomes = 0;
	for (int i = 0; i < NETWORK_CHECKS_MAX; i++)
		ck_assert_int_eq(network_check(network, nowhere, false, checked, NULL), 0);
	ck_assert_int_eq(network_check(network, nowhere, false, checked, NULL), -EBUSY);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, ANSWER, LONG_USEC), 7);
	run_until_checked(NETWORK_CHECKS_MAX);
	for (int i = 0; i < NETWORK_CHECKS_MAX; i++)
		ck_assert_int_eq(outcomes[i], -ENOENT);
	n_outcomes = 0;
	ck_assert_int_eq(network_check(network, nowhere, false, checked, NULL), 0);
	run_until_checked(1);
	ck_assert_uint_eq(starter.starts, 1);
}
END_TEST

START_TEST(a_check_is_lost_with_the_process)
{
	static const struct inspect_end nowhere[2];

	n_outcomes = 0;
	ck_assert_int_eq(network_check(network, nowhere, true, checked, NULL), 0);
	ck_assert_int_eq(ask(NETWORK_CHANNEL_ACT, END, LONG_USEC), -ECONNRESET);
	ck_assert_uint_eq(n_outcomes, 0); /* the event loop tells it */
	run_until_checked(1);
	ck_assert_int_eq(outcomes[0], 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("net client");
	TCase *tcase = tcase_create("client");

	tcase_add_checked_fixture(tcase, begin, end);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_call_has_a_result);
	tcase_add_test(tcase, a_late_call_is_abandoned);
	tcase_add_test(tcase, a_late_query_hinders_no_call);
	tcase_add_test(tcase, an_end_is_survived);
	tcase_add_test(tcase, nonsense_is_an_end);
	tcase_add_test(tcase, a_short_reply_is_an_end);
	tcase_add_test(tcase, a_start_that_fails_is_tried_again);
	tcase_add_test(tcase, a_start_that_fails_is_not_tried_by_each_call);
	tcase_add_test(tcase, a_check_is_answered_later);
	tcase_add_test(tcase, a_check_is_lost_with_the_process);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
