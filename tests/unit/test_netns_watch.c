/* SPDX-License-Identifier: ISC */
/* When a watch on a directory calls, and how often. Mounts are made in a namespace of the test's
 * own, for which no privilege is needed where user namespaces are allowed. */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "watch_fixture.h"

#define MOUNTS     "/proc/self/mountinfo"
#define FIRST_USEC 5000 /* a call comes within that */

START_TEST(silent_when_nothing_happens)
{
	watch_start(WATCH_NO_MOUNTS);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
}
END_TEST

START_TEST(names_come_and_go)
{
	char target[sizeof(watch_directory) + 32];

	watch_start(WATCH_NO_MOUNTS);
	watch_make_file(watch_path_of("red"));
	watch_expect_call();
	ck_assert_int_eq(symlink("/proc/self/ns/net", watch_path_of("blue")), 0);
	watch_expect_call();
	snprintf(target, sizeof(target), "%s", watch_path_of("green"));
	ck_assert_int_eq(rename(watch_path_of("blue"), target), 0);
	watch_expect_call();
	ck_assert_int_eq(unlink(watch_path_of("green")), 0);
	watch_expect_call();
	snprintf(target, sizeof(target), "%s/away", watch_base);
	ck_assert_int_eq(rename(watch_path_of("red"), target), 0);
	watch_expect_call();
	ck_assert_int_eq(rename(target, watch_path_of("red")), 0);
	watch_expect_call();
}
END_TEST

START_TEST(names_are_told)
{
	watch_start(WATCH_NO_MOUNTS);
	watch_make_file(watch_path_of("red"));
	watch_make_file(watch_path_of("blue"));
	watch_expect_call();
	ck_assert_str_eq(netns_watch_name(watch, 0), "red");
	ck_assert_str_eq(netns_watch_name(watch, 1), "blue");
	ck_assert_ptr_null(netns_watch_name(watch, 2));
	ck_assert(!netns_watch_missed(watch));
	ck_assert_int_eq(unlink(watch_path_of("blue")), 0); /* and what was told before is not */
	watch_expect_call();
	ck_assert_str_eq(netns_watch_name(watch, 0), "blue");
	ck_assert_ptr_null(netns_watch_name(watch, 1));
}
END_TEST

START_TEST(more_names_than_are_told)
{
	watch_start(WATCH_NO_MOUNTS);
	for (int i = 0; i < 20; i++) {
		watch_make_file(watch_path_of("red"));
		ck_assert_int_eq(unlink(watch_path_of("red")), 0);
	}
	watch_expect_call();
	ck_assert(netns_watch_missed(watch));
	watch_make_file(watch_path_of("red"));
	watch_expect_call();
	ck_assert(!netns_watch_missed(watch));
	ck_assert_int_eq(unlink(watch_path_of("red")), 0);
	ck_assert_int_eq(rmdir(watch_directory), 0); /* with all that may have been in it */
	watch_expect_call();
	ck_assert(netns_watch_missed(watch));
}
END_TEST

START_TEST(what_is_written_is_no_change)
{
	int fd;

	watch_make_file(watch_path_of("red"));
	watch_start(WATCH_NO_MOUNTS);
	fd = open(watch_path_of("red"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
}
END_TEST

START_TEST(neighbours_are_no_change)
{
	char path[sizeof(watch_base) + 16];

	watch_start(WATCH_NO_MOUNTS);
	snprintf(path, sizeof(path), "%s/netns.lock", watch_base);
	watch_make_file(path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	/* and the watch still works */
	watch_make_file(watch_path_of("red"));
	watch_expect_call();
}
END_TEST

START_TEST(the_first_call_is_soon)
{
	uint64_t best = UINT64_MAX;

	/* the best of some, for the machine may be busy */
	watch_start(WATCH_NO_MOUNTS);
	for (int i = 0; i < 20 && best > FIRST_USEC; i++) {
		uint64_t begin = monotonic_usec();

		watch_make_file(watch_path_of("red"));
		watch_expect_call();
		best = MIN(best, watch_first_call - begin);
		ck_assert_int_eq(unlink(watch_path_of("red")), 0);
		watch_expect_call();
	}
	ck_assert_uint_le(best, FIRST_USEC);
}
END_TEST

START_TEST(a_storm_is_few_calls)
{
	uint64_t time = 100000, begin = monotonic_usec(), now;
	unsigned int n = 0;

	watch_start(WATCH_NO_MOUNTS);
	watch_calls = 0;
	while ((now = monotonic_usec()) < begin + time || n <= 20) {
		watch_make_file(watch_path_of("red"));
		ck_assert_int_eq(unlink(watch_path_of("red")), 0);
		ck_assert_int_ge(sd_event_run(watch_loop, 0), 0);
		n += 2;
	}
	ck_assert_uint_ge(watch_calls, 2);
	ck_assert_uint_le(watch_calls, (now - begin) / 10000 + 1);
	/* what came last is not forgotten */
	ck_assert_uint_ge(watch_calls_in(WATCH_QUIET_USEC), 1);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
}
END_TEST

START_TEST(the_directory_may_come_later)
{
	ck_assert_int_eq(rmdir(watch_directory), 0);
	watch_start(WATCH_NO_MOUNTS);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	ck_assert_int_eq(mkdir(watch_directory, 0700), 0);
	watch_expect_call();
	watch_make_file(watch_path_of("red"));
	watch_expect_call();
}
END_TEST

START_TEST(the_directory_may_go_and_come_back)
{
	watch_start(WATCH_NO_MOUNTS);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(rmdir(watch_directory), 0);
		watch_expect_call();
		ck_assert_int_eq(mkdir(watch_directory, 0700), 0);
		watch_expect_call();
		watch_make_file(watch_path_of("red"));
		watch_expect_call();
		ck_assert_int_eq(unlink(watch_path_of("red")), 0);
		watch_expect_call();
	}
}
END_TEST

START_TEST(a_directory_made_anew_at_once)
{
	/* somebody is in it, so that the kernel does not say that it is gone */
	int fd = open(watch_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	watch_start(WATCH_NO_MOUNTS);
	ck_assert_int_eq(rmdir(watch_directory), 0);
	ck_assert_int_eq(mkdir(watch_directory, 0700), 0);
	watch_make_file(watch_path_of("red"));
	watch_expect_call();
	watch_make_file(watch_path_of("blue"));
	watch_expect_call();
	close(fd); /* the old one goes at last: that is not ours any more */
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
}
END_TEST

START_TEST(a_directory_moved_away_is_left_alone)
{
	char away[sizeof(watch_directory) + 16], path[sizeof(away) + 16];

	watch_start(WATCH_NO_MOUNTS);
	snprintf(away, sizeof(away), "%s/away", watch_base);
	ck_assert_int_eq(rename(watch_directory, away), 0);
	watch_expect_call();
	snprintf(path, sizeof(path), "%s/red", away);
	watch_make_file(path);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	ck_assert_int_eq(rename(away, watch_directory), 0);
	watch_expect_call();
	ck_assert_int_eq(unlink(watch_path_of("red")), 0);
	watch_expect_call();
}
END_TEST

static void free_watch(void *userdata)
{
	netns_watch_free(watch);
	watch = NULL;
	watch_count(userdata);
}

START_TEST(the_call_may_end_the_watch)
{
	ck_assert_int_eq(netns_watch_new_at(watch_loop, watch_directory, MOUNTS, free_watch,
					    &watch_calls, &watch),
			 0);
	watch_make_file(watch_path_of("red"));
	watch_expect_call();
	ck_assert_ptr_null(watch);
}
END_TEST

START_TEST(bad_paths)
{
	static const char *const paths[] = { "", "netns", "/netns", "/tmp/netns/" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		ck_assert_int_eq(netns_watch_new_at(watch_loop, paths[i], MOUNTS, watch_count,
						    &watch_calls, &watch),
				 -EINVAL);
	ck_assert_ptr_null(watch);
}
END_TEST

/* --- mounts ----------------------------------------------------------------------------------- */

static bool make_mounts_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/*
 * Copies of the mounts on names of namespaces go when others remove the names, since unlink(2)
 * detaches mounts in all mount namespaces; each is an event. Only root can do without them.
 */
static void leave_names_behind(void)
{
	if (unshare(CLONE_NEWNS) < 0 || !make_mounts_private())
		return;
	while (umount2("/run/netns", MNT_DETACH) == 0)
		;
}

/* Mounts of our own, which nobody else sees. Return: false where that is not allowed. */
static bool enter_mount_namespace(void)
{
	leave_names_behind();
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && make_mounts_private();
}

static void set_inotify_instances(const char *text)
{
	/* of this user namespace; others have theirs */
	int fd = open("/proc/sys/user/max_inotify_instances", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(mounts_are_seen)
{
	watch_make_file(watch_path_of("red"));
	if (!enter_mount_namespace())
		return;
	watch_start(MOUNTS);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
			mount("/proc/self/ns/uts", watch_path_of("red"), NULL, MS_BIND, NULL), 0);
		watch_expect_call(); /* and so it does not spin */
		ck_assert_int_eq(umount(watch_path_of("red")), 0);
		watch_expect_call();
	}
}
END_TEST

START_TEST(a_directory_mounted_over)
{
	char other[sizeof(watch_base) + 16], path[sizeof(other) + 16];

	snprintf(other, sizeof(other), "%s/other", watch_base);
	snprintf(path, sizeof(path), "%s/red", other);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	watch_make_file(path);
	if (enter_mount_namespace()) {
		watch_start(MOUNTS);
		ck_assert_int_eq(mount(other, watch_directory, NULL, MS_BIND, NULL), 0);
		watch_expect_call();
		/* the one on top is watched now */
		ck_assert_int_eq(unlink(watch_path_of("red")), 0);
		watch_expect_call();
		ck_assert_int_eq(umount(watch_directory), 0);
		watch_expect_call();
		ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	}
	unlink(path);
	ck_assert_int_eq(rmdir(other), 0);
}
END_TEST

START_TEST(a_parent_mounted_on_its_directory)
{
	char path[sizeof(watch_base) + 16];

	if (!enter_mount_namespace())
		return;
	watch_start(MOUNTS);
	ck_assert_int_eq(mount(watch_base, watch_directory, NULL, MS_BIND, NULL), 0);
	watch_expect_call();
	ck_assert_int_eq(umount(watch_directory), 0);
	watch_expect_call();
	/* the parent is still watched */
	snprintf(path, sizeof(path), "%s/away", watch_base);
	ck_assert_int_eq(rename(watch_directory, path), 0);
	watch_expect_call();
	ck_assert_int_eq(rename(path, watch_directory), 0);
	watch_expect_call();
}
END_TEST

START_TEST(mounts_are_enough)
{
	watch_make_file(watch_path_of("red"));
	if (!enter_mount_namespace())
		return;
	set_inotify_instances("0");
	watch_start(MOUNTS);
	ck_assert_int_eq(mount("/proc/self/ns/uts", watch_path_of("red"), NULL, MS_BIND, NULL), 0);
	watch_expect_call();
	ck_assert_int_eq(umount(watch_path_of("red")), 0);
	watch_expect_call();
}
END_TEST

START_TEST(one_source_there_must_be)
{
	if (!enter_mount_namespace())
		return;
	set_inotify_instances("0");
	ck_assert_int_eq(netns_watch_new_at(watch_loop, watch_directory, WATCH_NO_MOUNTS,
					    watch_count, &watch_calls, &watch),
			 -EMFILE);
	ck_assert_ptr_null(watch);
	/* a file that cannot be polled is none either */
	ck_assert_int_eq(netns_watch_new_at(watch_loop, watch_directory, "/dev/null", watch_count,
					    &watch_calls, &watch),
			 -EMFILE);
	ck_assert_ptr_null(watch);
}
END_TEST

static TCase *directory_tests(void)
{
	TCase *tcase = watch_tests("directory");

	tcase_add_test(tcase, silent_when_nothing_happens);
	tcase_add_test(tcase, names_come_and_go);
	tcase_add_test(tcase, names_are_told);
	tcase_add_test(tcase, more_names_than_are_told);
	tcase_add_test(tcase, what_is_written_is_no_change);
	tcase_add_test(tcase, neighbours_are_no_change);
	tcase_add_test(tcase, the_first_call_is_soon);
	tcase_add_test(tcase, a_storm_is_few_calls);
	tcase_add_test(tcase, the_directory_may_come_later);
	tcase_add_test(tcase, the_directory_may_go_and_come_back);
	tcase_add_test(tcase, a_directory_made_anew_at_once);
	tcase_add_test(tcase, a_directory_moved_away_is_left_alone);
	tcase_add_test(tcase, the_call_may_end_the_watch);
	tcase_add_test(tcase, bad_paths);
	return tcase;
}

static TCase *mount_tests(void)
{
	TCase *tcase = watch_tests("mounts");

	tcase_add_test(tcase, mounts_are_seen);
	tcase_add_test(tcase, a_directory_mounted_over);
	tcase_add_test(tcase, a_parent_mounted_on_its_directory);
	tcase_add_test(tcase, mounts_are_enough);
	tcase_add_test(tcase, one_source_there_must_be);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("netns-watch");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, directory_tests());
	runner = srunner_create(suite);
	/* whoever enters a user namespace does not come back */
	if (srunner_fork_status(runner) == CK_FORK)
		suite_add_tcase(suite, mount_tests());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
