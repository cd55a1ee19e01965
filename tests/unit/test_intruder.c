/* SPDX-License-Identifier: ISC */
/*
 * Somebody else enlarges the virtio header of a device with several queues: what the kernel skips
 * then is not what another link of the worker carried. On devices in a namespace of its own, which
 * takes root; vm/run.sh runs it on older kernels, which do skip.
 *
 * passes: plain asan
 */

#include <arpa/inet.h>
#include <check.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "datapath/shuttle.h"
#include "kernel/tun.h"
#include "suite.h"

#define SECRET      "what another link carries "
#define SECRET_SIZE 1400
#define FRAME_SIZE  100
#define ROUNDS      32 /* with each header, so that every buffer of an engine is used */
#define WAIT_MS     20000

static const char *const datapaths[] = { "epoll", "uring-pending", "uring-batch" };
static const int headers[] = { 11, 12, 14, 25, 26, 64, 130, 1000, 20000 };

static sd_event *event;
static struct shuttle *shuttle;

struct line {
	struct tun tun[2];
	struct flow_counters counts[2][TUN_QUEUES_MAX];
	struct flow_counters *counters[2][TUN_QUEUES_MAX];
	int socket[2]; /* of its domains: all that passes the interface */
	struct shuttle_link *link;
};

static void gone(void *owner _unused_, unsigned int end _unused_, void *userdata _unused_)
{
	ck_abort_msg("nothing was removed");
}

static bool start(const char *datapath)
{
	struct shuttle_options options = { .datapath = datapath, .workers = 1, .gone = gone };
	struct tun probe;
	int r;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0 ||
	    tun_open("probe", &(struct tun_options){ 0 }, &probe) < 0)
		return false;
	options.nowait = tun_has_nowait(tun_fd(&probe));
	tun_close(&probe);
	ck_assert_int_eq(sd_event_new(&event), 0);
	r = shuttle_new(event, &options, &shuttle);
	if (r < 0)
		sd_event_unref(event);
	return r == 0;
}

static int open_domain(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_ll address = { .sll_family = AF_PACKET };
	struct ifreq ifr = { 0 };

	ck_assert_int_ge(fd, 0);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ck_assert_int_eq(ioctl(fd, SIOCGIFFLAGS, &ifr), 0);
	ifr.ifr_flags |= IFF_UP;
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
	address.sll_ifindex = (int)if_nametoindex(name);
	address.sll_protocol = htons(ETH_P_ALL);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void open_line(struct line *line, const char *pattern, const struct tun_options *options)
{
	struct shuttle_port ports[2];
	char name[IFNAMSIZ];

	*line = (struct line){ 0 };
	for (int end = 0; end < 2; end++) {
		ck_assert_int_eq(tun_open(pattern, options, &line->tun[end]), 0);
		ck_assert_int_eq(tun_name(tun_fd(&line->tun[end]), name), 0);
		line->socket[end] = open_domain(name);
		for (unsigned int i = 0; i < TUN_QUEUES_MAX; i++)
			line->counters[end][i] = &line->counts[end][i];
		ports[end] = (struct shuttle_port){ .tun = &line->tun[end],
						    .counters = line->counters[end] };
	}
	ck_assert_int_eq(shuttle_add_link(shuttle, ports, line, &line->link), 0);
}

static void close_line(struct line *line)
{
	shuttle_remove_link(line->link);
	for (int end = 0; end < 2; end++) {
		close(line->socket[end]);
		tun_close(&line->tun[end]);
	}
}

static void send_frame(struct line *line, uint16_t type, const unsigned char *frame, size_t size)
{
	struct sockaddr_ll address = { 0 };
	socklen_t length = sizeof(address);

	ck_assert_int_eq(getsockname(line->socket[0], (struct sockaddr *)&address, &length), 0);
	address.sll_protocol = htons(type);
	ck_assert_int_eq(sendto(line->socket[0], frame, size, 0, (struct sockaddr *)&address,
				sizeof(address)),
			 (ssize_t)size);
}

/* Take what has come out, until there is nothing. Return: whether a frame began with @start. */
static bool take_frames(struct line *line, const unsigned char *start, size_t size)
{
	unsigned char frame[65536];
	bool found = false;
	ssize_t n;

	while ((n = recv(line->socket[1], frame, sizeof(frame), 0)) >= 0) {
		if (size != SECRET_SIZE)
			ck_assert_ptr_null(memmem(frame, (size_t)n, SECRET, strlen(SECRET)));
		found |= (size_t)n >= size && memcmp(frame, start, size) == 0;
	}
	return found;
}

static bool await_frame(struct line *line, const unsigned char *start, size_t size)
{
	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (take_frames(line, start, size))
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

/* Frames that were moved or dropped on their way from the first port. */
static uint64_t done(const struct line *line)
{
	struct flow_counters sum = { 0 };
	uint64_t n;

	for (int i = 0; i < TUN_QUEUES_MAX; i++)
		flow_add_counters(&line->counts[0][i], &sum);
	n = sum.packets;
	for (int i = 0; i < DROP_CAUSES; i++)
		n += sum.drops[i];
	return n;
}

static void await_done(const struct line *line, uint64_t n)
{
	for (int ms = 0; ms < WAIT_MS && done(line) < n; ms++)
		poll(NULL, 0, 1);
	ck_assert_uint_ge(done(line), n);
}

static void set_header(struct line *line, int size)
{
	ck_assert_int_eq(ioctl(line->tun[0].queues[1], TUNSETVNETHDRSZ, &size), 0);
}

static void check_leaks(bool mpls)
{
	const struct tun_options options = { .offload = true, .mpls = mpls, .queues = 2 };
	const uint16_t type = mpls ? ETH_P_MPLS_UC : ETH_P_IP;
	unsigned char secret[SECRET_SIZE] = { 0x45 };
	/* a label, the last of its stack, or the version of IPv4 */
	unsigned char frame[FRAME_SIZE] = { mpls ? 0x00 : 0x45, 0x06, 0x41, 0x40, 0x45 };
	struct line victim, hostile;

	for (size_t at = 1; at < sizeof(secret); at++)
		secret[at] = (unsigned char)SECRET[(at - 1) % strlen(SECRET)];
	open_line(&victim, "victim%d", &(struct tun_options){ .offload = true });
	open_line(&hostile, "hostile%d", &options);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		for (int n = 0; n < ROUNDS; n++) {
			uint64_t before;

			send_frame(&victim, ETH_P_IP, secret, sizeof(secret));
			ck_assert(await_frame(&victim, secret, sizeof(secret)));
			set_header(&hostile, headers[i]);
			before = done(&hostile);
			send_frame(&hostile, type, frame, sizeof(frame));
			await_done(&hostile, before + 1);
			(void)take_frames(&hostile, frame, sizeof(frame));
		}
	}
	set_header(&hostile, TUN_VNET_HEADER);
	send_frame(&hostile, type, frame, sizeof(frame));
	ck_assert(await_frame(&hostile, frame, sizeof(frame)));
	close_line(&victim);
	close_line(&hostile);
}

START_TEST(larger_headers_leak_nothing)
{
	if (!start(datapaths[_i / 2]))
		return;
	check_leaks(_i % 2);
	shuttle_free(shuttle);
	sd_event_unref(event);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intruder");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, larger_headers_leak_nothing, 0, 2 * ARRAY_SIZE(datapaths));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
