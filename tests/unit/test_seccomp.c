/* SPDX-License-Identifier: ISC */
/*
 * The seccomp filter: what it refuses, in all threads, and how. Each test is a process of its own.
 *
 * passes: plain asan
 */

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"
#include "daemon/seccomp.h"
#include "suite.h"

/* A stack, a heap and a thread of its own are what every thread needs: they still work. */
static void *start_thread(void *arg)
{
	void *memory = malloc(1 << 20);

	ck_assert_ptr_nonnull(memory);
	free(memory);
	*(bool *)arg = true;
	return NULL;
}

static void install(enum seccomp_mode mode)
{
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(seccomp_install(mode), 0);
}

/*
 * End the process of a test before Check measures how long it took. Check chooses its clock by
 * timer_create(2), which the filter refuses, so the end would be read from another clock than the
 * begin; every 71 minutes that is a duration which Check refuses.
 */
static void end_test(void)
{
	exit(EXIT_SUCCESS);
}

/* What no process of rportd may do. */
static void assert_refused_to_all(void)
{
	char *argv[] = { NULL };

	ck_assert_int_eq(socket(AF_INET, SOCK_DGRAM, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(execve("/bin/true", argv, argv), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(unshare(CLONE_NEWUSER), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_mount, NULL, "/", NULL, 0, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_bpf, 0, NULL, 0), -1);
	ck_assert_int_eq(errno, EPERM);
#ifndef __SANITIZE_ADDRESS__ /* the filter lets sanitizers map what they like */
	ck_assert_ptr_eq(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
			 MAP_FAILED);
#endif
}

/* rportd has no network. */
static void assert_refused(void)
{
	assert_refused_to_all();
	ck_assert_int_eq(socket(AF_NETLINK, SOCK_RAW, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(socket(AF_PACKET, SOCK_DGRAM, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_setns, -1, CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(unshare(CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ioctl(STDIN_FILENO, TUNSETIFF, NULL), -1);
	ck_assert_int_eq(errno, EPERM);
}

START_TEST(forbidden_calls_are_refused)
{
	int fd;

	install(SECCOMP_REFUSE);
	assert_refused();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	end_test();
}
END_TEST

/* rportd-net has the network, and changes no file. */
START_TEST(network_changes_no_file)
{
	int fd;

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(seccomp_install_network(SECCOMP_REFUSE, FASTPATH_NEVER), 0);
	assert_refused_to_all();
	ck_assert_int_eq((int)syscall(SYS_setns, -1, CLONE_NEWUSER), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq((int)syscall(SYS_setns, -1, CLONE_NEWNET), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(rename("/nonexistent", "/nonexistent2"), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(unlink("/nonexistent"), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(accept4(STDIN_FILENO, NULL, NULL, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
	end_test();
}
END_TEST

static pthread_barrier_t barrier;

static void *older_thread(void *arg _unused_)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier); /* the filter is there */
	assert_refused();
	return NULL;
}

START_TEST(threads_of_before_and_after)
{
	pthread_t before, after;
	bool started = false;

	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
	ck_assert_int_eq(pthread_create(&before, NULL, older_thread, NULL), 0);
	pthread_barrier_wait(&barrier);
	install(SECCOMP_REFUSE);
	pthread_barrier_wait(&barrier);
	pthread_join(before, NULL);
	ck_assert_int_eq(pthread_create(&after, NULL, start_thread, &started), 0);
	pthread_join(after, NULL);
	ck_assert(started);
	end_test();
}
END_TEST

START_TEST(forbidden_calls_kill)
{
	install(SECCOMP_KILL);
	(void)socket(AF_INET, SOCK_DGRAM, 0);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* LeakSanitizer makes one */
START_TEST(processes_kill)
{
	install(SECCOMP_KILL);
	(void)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
}
END_TEST
#endif

START_TEST(no_filter)
{
	int fd;

	ck_assert_int_eq(seccomp_install(SECCOMP_OFF), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

START_TEST(names_of_modes)
{
	ck_assert_int_eq(seccomp_mode_from_name("refuse"), SECCOMP_REFUSE);
	ck_assert_int_eq(seccomp_mode_from_name("kill"), SECCOMP_KILL);
	ck_assert_int_eq(seccomp_mode_from_name("off"), SECCOMP_OFF);
	ck_assert_int_eq(seccomp_mode_from_name(""), -EINVAL);
	ck_assert_int_eq(seccomp_mode_from_name("Kill"), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seccomp");
	TCase *tcase = tcase_create("filter");

	tcase_add_test(tcase, names_of_modes);
	tcase_add_test(tcase, no_filter);
	tcase_add_test(tcase, forbidden_calls_are_refused);
	tcase_add_test(tcase, network_changes_no_file);
	tcase_add_test(tcase, threads_of_before_and_after);
	tcase_add_test_raise_signal(tcase, forbidden_calls_kill, SIGSYS);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test_raise_signal(tcase, processes_kill, SIGSYS);
#endif
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
