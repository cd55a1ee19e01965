/* SPDX-License-Identifier: ISC */
/*
 * Links over workers, with pairs of sockets in the place of TUN devices: the far end of one is its
 * domain. What is moved between workers while frames cross loses none, and keeps their order.
 */

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "datapath/pause.h"
#include "datapath/shuttle-private.h"
#include "suite.h"

#define FRAME_SIZE 200
#define WINDOW     32 /* frames on the way at most: a socket that is full would be a loss */
#define LINKS_MAX  4
#define N_FRAMES   20000

static const char *const datapaths[] = { "epoll", "uring-pending", "uring-batch" };

static sd_event *event;
static struct shuttle *shuttle;
static int n_moved;
static void *last_moved;

/* A link, and the far ends of its ports. */
struct line {
	struct tun tun[2];
	struct flow_counters counts[2][TUN_QUEUES_MAX];
	struct flow_counters *counters[2][TUN_QUEUES_MAX];
	int far[2][TUN_QUEUES_MAX];
	struct shuttle_link *link;

	/* of a stream through its first queue */
	pthread_t sender, receiver;
	sem_t room;        /* so many frames may yet be sent */
	uint32_t n_frames; /* 0: until stop */
	bool stop;
	uint32_t sent, received;
	bool in_order;
};

static struct line lines[LINKS_MAX];

static void gone(void *owner _unused_, unsigned int end _unused_, void *userdata _unused_)
{
	ck_abort_msg("nothing was removed");
}

static void moved(void *owner, void *userdata)
{
	ck_assert_ptr_eq(userdata, &n_moved);
	last_moved = owner;
	n_moved++;
}

/* Under valgrind one thread that waits in io_uring_enter(2) keeps all others waiting, too. */
static bool under_valgrind(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	return preloaded && strstr(preloaded, "vgpreload");
}

/* Return: false where this kernel, or what we are run in, has no such engine. */
static bool start(const char *datapath, unsigned int workers)
{
	struct shuttle_options options = {
		.datapath = datapath,
		.workers = workers,
		.gone = gone,
		.moved = moved,
		.userdata = &n_moved,
	};
	int fds[2], r;

	if (!streq(datapath, "epoll") && under_valgrind())
		return false;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	options.nowait = tun_has_nowait(fds[0]);
	close(fds[0]);
	close(fds[1]);
	n_moved = 0;
	ck_assert_int_eq(sd_event_new(&event), 0);
	r = shuttle_new(event, &options, &shuttle);
	ck_assert_msg(r == 0 || !streq(datapath, "epoll"), "epoll is always available: %d", r);
	if (r < 0)
		sd_event_unref(event);
	return r == 0;
}

static void finish(void)
{
	shuttle_free(shuttle);
	sd_event_unref(event);
}

static void open_line(struct line *line, unsigned int queues)
{
	struct shuttle_port ports[2];

	*line = (struct line){ 0 };
	for (int end = 0; end < 2; end++) {
		for (unsigned int i = 0; i < queues; i++) {
			int fds[2];

			ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
					 0);
			ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
			line->tun[end].queues[i] = fds[0];
			line->far[end][i] = fds[1];
			line->counters[end][i] = &line->counts[end][i];
		}
		line->tun[end].n_queues = queues;
		ports[end] = (struct shuttle_port){ .tun = &line->tun[end],
						    .counters = line->counters[end] };
	}
	ck_assert_int_eq(shuttle_add_link(shuttle, ports, line, &line->link), 0);
}

static void close_line(struct line *line)
{
	shuttle_remove_link(line->link);
	for (int end = 0; end < 2; end++) {
		for (unsigned int i = 0; i < line->tun[end].n_queues; i++)
			close(line->far[end][i]);
		tun_close(&line->tun[end]);
	}
}

/* --- a stream of numbered frames -------------------------------------------------------------- */

static void *send_frames(void *arg)
{
	struct line *line = arg;
	unsigned char frame[FRAME_SIZE] = { 0x45 };

	while (line->n_frames ? line->sent < line->n_frames
			      : !__atomic_load_n(&line->stop, __ATOMIC_RELAXED)) {
		sem_wait(&line->room);
		memcpy(frame + 20, &line->sent, sizeof(line->sent));
		if (send(line->far[0][0], frame, sizeof(frame), 0) < 0)
			break;
		line->sent++;
	}
	frame[0] = 0x60; /* the last one */
	(void)!send(line->far[0][0], frame, sizeof(frame), 0);
	return NULL;
}

static void *receive_frames(void *arg)
{
	struct line *line = arg;
	unsigned char frame[FRAME_SIZE + 1];
	uint32_t number;

	line->in_order = true;
	for (;;) {
		ssize_t n = recv(line->far[1][0], frame, sizeof(frame), 0);

		if (n != FRAME_SIZE || frame[0] == 0x60)
			return NULL;
		memcpy(&number, frame + 20, sizeof(number));
		line->in_order &= number == line->received;
		__atomic_store_n(&line->received, line->received + 1, __ATOMIC_RELAXED);
		sem_post(&line->room);
	}
}

static void begin_stream(struct line *line, uint32_t n_frames)
{
	line->n_frames = n_frames;
	sem_init(&line->room, 0, WINDOW);
	ck_assert_int_eq(pthread_create(&line->receiver, NULL, receive_frames, line), 0);
	ck_assert_int_eq(pthread_create(&line->sender, NULL, send_frames, line), 0);
}

static void check_stream(struct line *line)
{
	__atomic_store_n(&line->stop, true, __ATOMIC_RELAXED);
	pthread_join(line->sender, NULL);
	pthread_join(line->receiver, NULL);
	ck_assert_uint_eq(line->received, line->sent);
	ck_assert(line->in_order);
	sem_destroy(&line->room);
	shuttle_remove_link(steal_ptr(line->link));
	ck_assert_uint_eq(line->counts[0][0].packets, line->sent + 1);
	for (int i = 0; i < DROP_CAUSES; i++)
		ck_assert_uint_eq(line->counts[0][0].drops[i], 0);
}

/* --- tests ------------------------------------------------------------------------------------ */

START_TEST(queues_are_spread)
{
	unsigned int workers[TUN_QUEUES_MAX];

	if (!start(datapaths[_i], 3))
		return;
	open_line(&lines[0], 1);
	ck_assert_uint_eq(shuttle_link_workers(lines[0].link, workers), 1);
	ck_assert_uint_eq(workers[0], 0);
	/* to each worker one, though the first has something already; then where there is least */
	open_line(&lines[1], 4);
	ck_assert_uint_eq(shuttle_link_workers(lines[1].link, workers), 4);
	ck_assert_uint_eq(workers[0], 1);
	ck_assert_uint_eq(workers[1], 2);
	ck_assert_uint_eq(workers[2], 0);
	ck_assert_uint_eq(workers[3], 1);
	for (int i = 0; i < 2; i++)
		close_line(&lines[i]);
	finish();
}
END_TEST

/* Each queue of a port is joined to the same one of the other, both ways, and counted by itself. */
START_TEST(queues_are_joined)
{
	unsigned char frame[FRAME_SIZE] = { 0x45 }, received[FRAME_SIZE];

	if (!start(datapaths[_i], 2))
		return;
	open_line(&lines[0], TUN_QUEUES_MAX);
	for (unsigned int i = 0; i < TUN_QUEUES_MAX; i++) {
		for (int end = 0; end < 2; end++) {
			frame[1] = (unsigned char)(i * 2 + (unsigned int)end);
			ck_assert_int_eq(send(lines[0].far[end][i], frame, FRAME_SIZE, 0),
					 FRAME_SIZE);
			ck_assert_int_eq(recv(lines[0].far[!end][i], received, FRAME_SIZE, 0),
					 FRAME_SIZE);
			ck_assert_mem_eq(received, frame, FRAME_SIZE);
		}
	}
	shuttle_remove_link(steal_ptr(lines[0].link));
	for (unsigned int i = 0; i < TUN_QUEUES_MAX; i++)
		ck_assert_uint_eq(lines[0].counts[0][i].packets + lines[0].counts[1][i].packets, 2);
	close_line(&lines[0]);
	finish();
}
END_TEST

START_TEST(unequal_ports_are_refused)
{
	struct shuttle_link *link = NULL;
	struct tun tun[2] = { { .n_queues = 1 }, { .n_queues = 2 } };
	struct shuttle_port ports[2] = { { .tun = &tun[0] }, { .tun = &tun[1] } };

	ck_assert(start("epoll", 1));
	ck_assert_int_eq(shuttle_add_link(shuttle, ports, NULL, &link), -EINVAL);
	tun[1] = (struct tun){ .n_queues = 1, .header = 10 };
	ck_assert_int_eq(shuttle_add_link(shuttle, ports, NULL, &link), -EINVAL);
	ck_assert_ptr_null(link);
	finish();
}
END_TEST

/* The far end takes nothing: what does not fit is dropped, and the link can be removed. */
START_TEST(full_peers_hold_nothing)
{
	unsigned char frame[FRAME_SIZE] = { 0x45 };
	struct line *line = &lines[0];
	struct flow_counters sum;

	if (!start(datapaths[_i], 1))
		return;
	open_line(line, 1);
	do {
		sum = (struct flow_counters){ 0 };
		(void)send(line->far[0][0], frame, sizeof(frame), MSG_DONTWAIT);
		flow_add_counters(&line->counts[0][0], &sum);
	} while (sum.drops[DROP_NO_MEMORY] < 2);
	close_line(line);
	finish();
}
END_TEST

/* A socket that can be read, as poll(2) says, and of which each read fails with EINVAL: it listens,
 * and a connection waits. Return: the connection. */
static int open_failing(int *ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* a name of the kernel's choice */
	ck_assert_int_eq(bind(*ret, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(listen(*ret, 1), 0);
	ck_assert_int_eq(getsockname(*ret, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&address, size), 0);
	return client;
}

static uint64_t failed_reads(const struct line *line)
{
	struct flow_counters sum = { 0 };

	flow_add_counters(&line->counts[0][0], &sum);
	ck_assert_uint_eq(sum.packets, 0);
	return sum.drops[DROP_OTHER];
}

/* Reads that fail are counted. The port is read again, but not in a loop: beside it another link
 * works, and there are no more reads than the time allows. */
START_TEST(failing_reads_are_counted_and_paused)
{
	struct line *line = &lines[0];
	uint64_t began, passed;
	int client, failing;

	if (!start(datapaths[_i], 1))
		return;
	open_line(line, 1);
	open_line(&lines[1], 1);
	client = open_failing(&failing);
	began = monotonic_ns();
	shuttle_remove_link(line->link);
	ck_assert_int_ge(dup2(failing, line->tun[0].queues[0]), 0);
	ck_assert_int_eq(
		shuttle_add_link(shuttle,
				 (struct shuttle_port[]){
					 { .tun = &line->tun[0], .counters = line->counters[0] },
					 { .tun = &line->tun[1], .counters = line->counters[1] } },
				 line, &line->link),
		0);
	begin_stream(&lines[1], N_FRAMES);
	while (failed_reads(line) < 5)
		usleep(1000);
	check_stream(&lines[1]);
	passed = monotonic_ns() - began;
	ck_assert_uint_le(failed_reads(line), 2 + passed / (PAUSE_MS * UINT64_C(1000000)));
	close_line(line);
	close_line(&lines[1]);
	close(client);
	close(failing);
	finish();
}
END_TEST

START_TEST(moves_lose_nothing)
{
	unsigned int n = 0;

	if (!start(datapaths[_i], 2))
		return;
	open_line(&lines[0], 1);
	begin_stream(&lines[0], N_FRAMES);
	while (__atomic_load_n(&lines[0].received, __ATOMIC_RELAXED) < N_FRAMES)
		link_queue_move(&lines[0].link->queues[0], shuttle->workers, ++n % 2);
	ck_assert_uint_gt(n, 20);
	check_stream(&lines[0]);
	close_line(&lines[0]);
	finish();
}
END_TEST

/* Two links that have much to do are at one worker, as it happens, and two idle ones at the other.
 * In valgrind nobody has much: it lets one thread run at a time. */
START_TEST(uneven_load_is_evened_out)
{
	if (under_valgrind() || !start(datapaths[_i], 2))
		return;
	for (int i = 0; i < 4; i++)
		open_line(&lines[i], 1);
	begin_stream(&lines[0], 0);
	begin_stream(&lines[2], 0);
	for (int i = 0; i < 200 && n_moved == 0; i++)
		sd_event_run(event, 100 * 1000);
	ck_assert_int_eq(n_moved, 1);
	ck_assert(last_moved == &lines[0] || last_moved == &lines[2]);
	ck_assert_uint_ne(lines[0].link->queues[0].worker, lines[2].link->queues[0].worker);
	check_stream(&lines[0]);
	check_stream(&lines[2]);
	for (int i = 0; i < 4; i++)
		close_line(&lines[i]);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shuttle");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, queues_are_spread, 0, ARRAY_SIZE(datapaths));
	tcase_add_loop_test(tcase, queues_are_joined, 0, ARRAY_SIZE(datapaths));
	tcase_add_test(tcase, unequal_ports_are_refused);
	tcase_add_loop_test(tcase, full_peers_hold_nothing, 0, ARRAY_SIZE(datapaths));
	tcase_add_loop_test(tcase, failing_reads_are_counted_and_paused, 0, ARRAY_SIZE(datapaths));
	tcase_add_loop_test(tcase, moves_lose_nothing, 0, ARRAY_SIZE(datapaths));
	tcase_add_loop_test(tcase, uneven_load_is_evened_out, 0, ARRAY_SIZE(datapaths));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
