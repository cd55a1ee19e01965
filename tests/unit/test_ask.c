/* SPDX-License-Identifier: ISC */
/*
 * Questions about ports that the kernel answers in time, or late. ioctl(2) is this program's, so
 * that it can wait.
 *
 * passes: plain asan
 */

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/thread.h"
#include "port/ask.h"

#define PORTS        5
#define SHORT_USEC   (50 * USEC_PER_MSEC)
#define LONG_USEC    (60 * USEC_PER_SEC) /* never waited for */
#define NO_NAMESPACE 2000000000          /* no nsid */

static _Atomic unsigned int n_asked;
static _Atomic unsigned int hangs; /* at the question of this number, from 1; 0: at none */
static sem_t gate;

static struct port_asker *asker;
static struct port *ports[PORTS];

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request != TUNGETIFF)
		return (int)syscall(SYS_ioctl, fd, request, arg);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	if (++n_asked == hangs)
		thread_wait(&gate);
	if (lseek(fd, 0, SEEK_CUR) == 1) { /* a device that was removed */
		errno = EBADFD;
		return -1;
	}
	snprintf(((struct ifreq *)arg)->ifr_name, IFNAMSIZ, "rport0");
	return 0;
}

static unsigned int n_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static struct port *make_port(bool removed)
{
	struct port *port = calloc(1, sizeof(*port));
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ck_assert_ptr_nonnull(port);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lseek(fd, removed, SEEK_SET), removed);
	port->peering.present = true;
	port->tun = (struct tun){ .queues = { fd }, .n_queues = 1 };
	port->nsid = NO_NAMESPACE;
	port->spec = (struct port_spec)PORT_SPEC_INIT;
	ck_assert_int_eq(port_spec_add_address(&port->spec, "10.0.0.1/24", NULL, NULL), 0);
	ck_assert_int_eq(port_spec_add_route(&port->spec, "10.1.0.0/16", NULL), 0);
	return port;
}

static void free_port(struct port *port)
{
	tun_close(&port->tun);
	port_spec_release(&port->spec);
	free(port);
}

static void set_up(void)
{
	n_asked = hangs = 0;
	sem_init(&gate, 0, 0);
	ck_assert_int_eq(port_asker_new(&asker), 0);
	for (int i = 0; i < PORTS; i++)
		ports[i] = make_port(i == 1);
}

static void tear_down(void)
{
	for (int i = 0; i < PORTS; i++)
		free_port(ports[i]);
	port_asker_free(asker);
}

static unsigned int ask(uint64_t usec, struct port_answer answers[PORTS])
{
	return port_ask(asker, ports, PORTS, true, monotonic_usec() + usec, answers);
}

START_TEST(answers_are_in_order)
{
	unsigned int before = n_fds();
	struct port_answer answers[PORTS];

	for (int round = 0; round < 3; round++) {
		ck_assert_uint_eq(ask(LONG_USEC, answers), PORTS);
		for (int i = 0; i < PORTS; i++)
			ck_assert_int_eq(answers[i].result, i == 1 ? -EBADFD : -ESTALE);
	}
	ck_assert_uint_eq(n_fds(), before);
}
END_TEST

START_TEST(those_in_time_are_taken)
{
	unsigned int before = n_fds();
	struct port_answer answers[PORTS];

	hangs = 3;
	ck_assert_uint_eq(ask(SHORT_USEC, answers), 2);
	ck_assert_int_eq(answers[1].result, -EBADFD);
	/* nobody is asked until the kernel has answered */
	ck_assert_uint_eq(ask(LONG_USEC, answers), 0);
	sem_post(&gate);
	while (ask(LONG_USEC, answers) == 0)
		usleep(1000);
	/* after the one that was late no other one of its round was asked about */
	ck_assert_uint_eq(n_asked, 3 + PORTS);
	ck_assert_uint_eq(n_fds(), before);
}
END_TEST

/* Whatever a late question needs is its own. */
START_TEST(ports_go_while_one_is_late)
{
	struct port_answer answers[PORTS];

	hangs = 1;
	ck_assert_uint_eq(ask(SHORT_USEC, answers), 0);
	for (int i = 0; i < PORTS; i++) {
		free_port(ports[i]);
		ports[i] = make_port(false);
	}
	sem_post(&gate);
	while (ask(LONG_USEC, answers) == 0)
		usleep(1000);
}
END_TEST

static void *open_gate(void *arg _unused_)
{
	usleep(SHORT_USEC);
	sem_post(&gate);
	return NULL;
}

START_TEST(its_end_waits_for_a_late_one)
{
	struct port_answer answers[PORTS];
	pthread_t thread;

	hangs = PORTS;
	ck_assert_uint_eq(ask(SHORT_USEC, answers), PORTS - 1);
	ck_assert_int_eq(thread_start(&thread, "gate", open_gate, NULL), 0);
	port_asker_free(steal_ptr(asker));
	pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ask");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, answers_are_in_order);
	tcase_add_test(tcase, those_in_time_are_taken);
	tcase_add_test(tcase, ports_go_while_one_is_late);
	tcase_add_test(tcase, its_end_waits_for_a_late_one);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
