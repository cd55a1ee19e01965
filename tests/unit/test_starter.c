/* SPDX-License-Identifier: ISC */
/*
 * The starter: what the processes that it starts inherit, that their ends are told, that none outlives
 * the process that asked for it, and that the next rportd waits for those of the former one. This program is the starter when it is called so.
 *
 * passes: plain asan
 */

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "daemon/lock.h"
#include "kernel/packet.h"
#include "kernel/starter.h"
#include "suite.h"

#define NAME      "test-starter"
#define WAIT_USEC (20 * USEC_PER_SEC)

enum {
	ROLE_ECHO,
	ROLE_DESCRIPTORS,
};

/* Answers with its own number; ends with the status that it is sent. */
static int echo(int fd, void *userdata _unused_)
{
	int32_t message, pid = getpid();

	while (packet_receive(fd, &message, sizeof(message), NULL, NULL, 0) == 1) {
		if (message > 0)
			return message;
		if (packet_send(fd, &pid, sizeof(pid), NULL, 0, 0) < 0)
			break;
	}
	return EXIT_FAILURE;
}

/* How many descriptors it has beside the standard ones, its socket and that of /proc. */
static int descriptors(int fd _unused_, void *userdata _unused_)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (!dir)
		return EXIT_FAILURE;
	closedir(dir);
	return n - 2 - 3 - 2; /* "." and "..", 0 to 2 */
}

static const struct starter_role roles[] = {
	[ROLE_ECHO] = { "test-echo", echo },
	[ROLE_DESCRIPTORS] = { "test-fds", descriptors },
};

static struct starter *starter;
static sd_event *event;
static int status, n_ended, n_failed;

static void ended(int value, void *userdata _unused_)
{
	status = value;
	n_ended++;
}

static void failed(void *userdata _unused_)
{
	n_failed++;
}

static void set_up(void)
{
	char name[] = NAME, *argv[] = { name, NULL };
	struct starter_watch watch = { .ended = ended, .failed = failed };

	n_ended = n_failed = 0;
	setenv("NOTIFY_SOCKET", "/nowhere", 1);
	ck_assert_int_ge(sd_event_new(&event), 0);
	ck_assert_int_eq(starter_new(argv, &starter), 0);
	ck_assert_int_ge(starter_watch(starter, event, ROLE_ECHO, &watch), 0);
}

static void tear_down(void)
{
	starter_free(starter);
	sd_event_unref(event);
}

static int start(unsigned int role)
{
	int fds[2];

	ck_assert_int_eq(packet_pair(fds), 0);
	ck_assert_int_eq(starter_start(starter, role, fds[1]), 0);
	safe_close(fds[1]);
	return fds[0];
}

static pid_t ask_pid(int fd)
{
	int32_t message = 0;

	ck_assert_int_eq(packet_send(fd, &message, sizeof(message), NULL, 0, 0), 0);
	ck_assert_int_eq(packet_receive(fd, &message, sizeof(message), NULL, NULL, 0), 1);
	return message;
}

static void await_ended(int n)
{
	while (n_ended < n)
		ck_assert_int_gt(sd_event_run(event, WAIT_USEC), 0);
}

static bool is_there(pid_t pid)
{
	return kill(pid, 0) == 0;
}

START_TEST(the_end_of_a_process_is_told)
{
	int fd = start(ROLE_ECHO);
	int32_t message = 7;

	ck_assert_int_eq(packet_send(fd, &message, sizeof(message), NULL, 0, 0), 0);
	await_ended(1);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	safe_close(fd);
}
END_TEST

START_TEST(a_killed_process_is_started_again)
{
	for (int i = 1; i <= 5; i++) {
		int fd = start(ROLE_ECHO);

		kill(ask_pid(fd), SIGKILL);
		await_ended(i);
		ck_assert(WIFSIGNALED(status));
		ck_assert_int_eq(WTERMSIG(status), SIGKILL);
		safe_close(fd);
	}
	ck_assert_int_eq(n_failed, 0);
}
END_TEST

/* A stopped one, too; its end can be waited for, and is told nevertheless. */
START_TEST(the_starter_kills)
{
	int fd = start(ROLE_ECHO);
	pid_t pid = ask_pid(fd);

	kill(pid, SIGSTOP);
	starter_kill(starter, ROLE_ECHO);
	ck_assert_int_eq(starter_await_end(starter, ROLE_ECHO, WAIT_USEC), 0);
	ck_assert(!is_there(pid));
	ck_assert_int_eq(n_ended, 0);
	await_ended(1);
	ck_assert_int_eq(starter_await_end(starter, ROLE_ECHO, 0), 0);
	safe_close(fd);
}
END_TEST

START_TEST(a_wait_has_an_end)
{
	int fd = start(ROLE_ECHO);

	ck_assert_int_eq(starter_await_end(starter, ROLE_ECHO, 1000), -ETIME);
	safe_close(fd);
}
END_TEST

START_TEST(nothing_is_inherited)
{
	struct starter_watch watch = { .ended = ended };
	int mine = dup(STDERR_FILENO), fd;

	ck_assert_int_ge(starter_watch(starter, event, ROLE_DESCRIPTORS, &watch), 0);
	fd = start(ROLE_DESCRIPTORS);
	await_ended(1);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	safe_close(fd);
	safe_close(mine);
}
END_TEST

/* Its parent ends in whatever way: nobody is there any more who could use the descriptors. */
START_TEST(no_process_outlives_the_starter)
{
	int fd = start(ROLE_ECHO);
	int32_t message;

	(void)ask_pid(fd);
	starter_free(starter);
	starter = NULL;
	ck_assert_int_eq(packet_receive(fd, &message, sizeof(message), NULL, NULL, 0), 0);
	safe_close(fd);
}
END_TEST

/* Return: the process that holds a lock on the file which @fd is; 0: none. */
static pid_t holder(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	ck_assert_int_eq(fcntl(fd, F_GETLK, &lock), 0);
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

static char directory[] = "/tmp/rport-lock.XXXXXX", socket_path[64];

/* As one rportd has it. */
static struct lock take_lock(void)
{
	struct lock lock = LOCK_INIT;

	ck_assert_int_eq(lock_take(&lock, socket_path), 0);
	starter_set_lock(starter, lock.shared);
	return lock;
}

static void make_directory(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(socket_path, sizeof(socket_path), "%s/socket", directory);
}

START_TEST(a_process_holds_the_lock)
{
	struct lock lock;
	pid_t pid;
	int fd;

	make_directory();
	lock = take_lock();
	ck_assert_int_eq(holder(lock.fd), 0);
	fd = start(ROLE_ECHO);
	pid = ask_pid(fd);
	ck_assert_int_eq(holder(lock.fd), pid);
	kill(pid, SIGKILL);
	await_ended(1);
	ck_assert_int_eq(holder(lock.fd), 0);
	safe_close(fd);
	lock_release(&lock);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

/* The rportd was killed, and its starter and what that has started are about to follow. */
START_TEST(the_next_one_waits_for_the_processes_of_the_former)
{
	struct lock lock, next = LOCK_INIT;
	uint64_t began;
	pid_t pid, killer;
	int fd;

	make_directory();
	lock = take_lock();
	fd = start(ROLE_ECHO);
	pid = ask_pid(fd);
	lock.fd = safe_close(lock.fd);
	began = monotonic_usec();
	killer = fork();
	ck_assert_int_ge(killer, 0);
	if (killer == 0) {
		usleep(200000);
		kill(pid, SIGKILL);
		_exit(0);
	}
	ck_assert_int_eq(lock_take(&next, socket_path), 0);
	ck_assert_uint_ge(monotonic_usec() - began, 200000);
	ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
	safe_close(fd);
	lock_release(&lock);
	lock_release(&next);
	ck_assert_int_eq(rmdir(directory), 0);
}
END_TEST

int main(int argc _unused_, char *argv[])
{
	Suite *suite = suite_create("starter");
	TCase *tcase = tcase_create("starter");

	if (streq(argv[0], NAME)) {
		if (getenv("NOTIFY_SOCKET"))
			return EXIT_FAILURE;
		return starter_serve(roles, ARRAY_SIZE(roles), NULL) < 0 ? EXIT_FAILURE : 0;
	}
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_end_of_a_process_is_told);
	tcase_add_test(tcase, a_killed_process_is_started_again);
	tcase_add_test(tcase, the_starter_kills);
	tcase_add_test(tcase, a_wait_has_an_end);
	tcase_add_test(tcase, nothing_is_inherited);
	tcase_add_test(tcase, no_process_outlives_the_starter);
	tcase_add_test(tcase, a_process_holds_the_lock);
	tcase_add_test(tcase, the_next_one_waits_for_the_processes_of_the_former);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
