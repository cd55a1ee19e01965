/* SPDX-License-Identifier: ISC */
/* When a watch on a directory calls, and how often. Mounts are made in a namespace of the test's
 * own, for which no privilege is needed where user namespaces are allowed. */

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "kernel/netns-watch-private.h"

/* Other processes mount, too, and their calls are not ours to count. */
#define NO_MOUNTS  "/nonexistent/mountinfo"
#define MOUNTS     "/proc/self/mountinfo"
#define FIRST_USEC 5000    /* a call comes within that */
#define QUIET_USEC 40000   /* no call in all that time: none will come */
#define SLOW_USEC  5000000 /* for a machine that does something else meanwhile */

#define TEMPLATE "/tmp/rport-netns-watch-XXXXXX"

static char base[sizeof(TEMPLATE)];
static char directory[sizeof(base) + 16];
static sd_event *loop;
static struct netns_watch *watch;
static unsigned int n_calls;
static uint64_t first_call; /* usec() of it */

static uint64_t usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void count(void *userdata)
{
	ck_assert_ptr_eq(userdata, &n_calls);
	if (n_calls++ == 0)
		first_call = usec();
}

/* Run the loop for that long. Return: how many calls came. */
static unsigned int calls_in(uint64_t time)
{
	uint64_t now, end = usec() + time;

	n_calls = 0;
	while ((now = usec()) < end)
		ck_assert_int_ge(sd_event_run(loop, end - now), 0);
	return n_calls;
}

/* Run the loop until one call came, and see that no more do. */
static void expect_one_call(void)
{
	uint64_t now, end = usec() + SLOW_USEC;

	n_calls = 0;
	while (n_calls == 0 && (now = usec()) < end)
		ck_assert_int_ge(sd_event_run(loop, end - now), 0);
	ck_assert_uint_eq(n_calls, 1);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
}

static const char *in_directory(const char *name)
{
	static char path[sizeof(directory) + 32];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void start_watch(const char *mountinfo)
{
	ck_assert_int_eq(netns_watch_new_at(loop, directory, mountinfo, count, &n_calls, &watch),
			 0);
}

static void setup(void)
{
	watch = NULL;
	memcpy(base, TEMPLATE, sizeof(base));
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(directory, sizeof(directory), "%s/netns", base);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	ck_assert_int_ge(sd_event_new(&loop), 0);
}

static void remove_all(void)
{
	static const char *const names[] = { "red", "blue", "green" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(in_directory(names[i]));
	rmdir(directory);
	ck_assert_int_eq(rmdir(base), 0);
}

static void teardown(void)
{
	netns_watch_free(watch);
	sd_event_unref(loop);
	remove_all();
}

START_TEST(silent_when_nothing_happens)
{
	start_watch(NO_MOUNTS);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
}
END_TEST

START_TEST(names_come_and_go)
{
	char target[sizeof(directory) + 32];

	start_watch(NO_MOUNTS);
	make_file(in_directory("red"));
	expect_one_call();
	ck_assert_int_eq(symlink("/proc/self/ns/net", in_directory("blue")), 0);
	expect_one_call();
	snprintf(target, sizeof(target), "%s", in_directory("green"));
	ck_assert_int_eq(rename(in_directory("blue"), target), 0);
	expect_one_call();
	ck_assert_int_eq(unlink(in_directory("green")), 0);
	expect_one_call();
	snprintf(target, sizeof(target), "%s/away", base);
	ck_assert_int_eq(rename(in_directory("red"), target), 0);
	expect_one_call();
	ck_assert_int_eq(rename(target, in_directory("red")), 0);
	expect_one_call();
}
END_TEST

START_TEST(names_are_told)
{
	start_watch(NO_MOUNTS);
	make_file(in_directory("red"));
	make_file(in_directory("blue"));
	expect_one_call();
	ck_assert_str_eq(netns_watch_name(watch, 0), "red");
	ck_assert_str_eq(netns_watch_name(watch, 1), "blue");
	ck_assert_ptr_null(netns_watch_name(watch, 2));
	ck_assert(!netns_watch_missed(watch));
	ck_assert_int_eq(unlink(in_directory("blue")), 0); /* and what was told before is not */
	expect_one_call();
	ck_assert_str_eq(netns_watch_name(watch, 0), "blue");
	ck_assert_ptr_null(netns_watch_name(watch, 1));
}
END_TEST

START_TEST(more_names_than_are_told)
{
	start_watch(NO_MOUNTS);
	for (int i = 0; i < 20; i++) {
		make_file(in_directory("red"));
		ck_assert_int_eq(unlink(in_directory("red")), 0);
	}
	expect_one_call();
	ck_assert(netns_watch_missed(watch));
	make_file(in_directory("red"));
	expect_one_call();
	ck_assert(!netns_watch_missed(watch));
	ck_assert_int_eq(unlink(in_directory("red")), 0);
	ck_assert_int_eq(rmdir(directory), 0); /* with all that may have been in it */
	expect_one_call();
	ck_assert(netns_watch_missed(watch));
}
END_TEST

START_TEST(what_is_written_is_no_change)
{
	int fd;

	make_file(in_directory("red"));
	start_watch(NO_MOUNTS);
	fd = open(in_directory("red"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
}
END_TEST

START_TEST(neighbours_are_no_change)
{
	char path[sizeof(base) + 16];

	start_watch(NO_MOUNTS);
	snprintf(path, sizeof(path), "%s/netns.lock", base);
	make_file(path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	/* and the watch still works */
	make_file(in_directory("red"));
	expect_one_call();
}
END_TEST

START_TEST(the_first_call_is_soon)
{
	uint64_t best = UINT64_MAX;

	/* the best of some, for the machine may be busy */
	start_watch(NO_MOUNTS);
	for (int i = 0; i < 20 && best > FIRST_USEC; i++) {
		uint64_t begin = usec();

		make_file(in_directory("red"));
		expect_one_call();
		best = MIN(best, first_call - begin);
		ck_assert_int_eq(unlink(in_directory("red")), 0);
		expect_one_call();
	}
	ck_assert_uint_le(best, FIRST_USEC);
}
END_TEST

START_TEST(a_storm_is_few_calls)
{
	uint64_t time = 100000, begin = usec(), now;
	unsigned int n = 0;

	start_watch(NO_MOUNTS);
	n_calls = 0;
	while ((now = usec()) < begin + time || n <= 20) {
		make_file(in_directory("red"));
		ck_assert_int_eq(unlink(in_directory("red")), 0);
		ck_assert_int_ge(sd_event_run(loop, 0), 0);
		n += 2;
	}
	ck_assert_uint_ge(n_calls, 2);
	ck_assert_uint_le(n_calls, (now - begin) / 10000 + 1);
	/* what came last is not forgotten */
	ck_assert_uint_ge(calls_in(QUIET_USEC), 1);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
}
END_TEST

START_TEST(the_directory_may_come_later)
{
	ck_assert_int_eq(rmdir(directory), 0);
	start_watch(NO_MOUNTS);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	expect_one_call();
	make_file(in_directory("red"));
	expect_one_call();
}
END_TEST

START_TEST(the_directory_may_go_and_come_back)
{
	start_watch(NO_MOUNTS);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(rmdir(directory), 0);
		expect_one_call();
		ck_assert_int_eq(mkdir(directory, 0700), 0);
		expect_one_call();
		make_file(in_directory("red"));
		expect_one_call();
		ck_assert_int_eq(unlink(in_directory("red")), 0);
		expect_one_call();
	}
}
END_TEST

START_TEST(a_directory_made_anew_at_once)
{
	/* somebody is in it, so that the kernel does not say that it is gone */
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	start_watch(NO_MOUNTS);
	ck_assert_int_eq(rmdir(directory), 0);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	make_file(in_directory("red"));
	expect_one_call();
	make_file(in_directory("blue"));
	expect_one_call();
	close(fd); /* the old one goes at last: that is not ours any more */
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
}
END_TEST

START_TEST(a_directory_moved_away_is_left_alone)
{
	char away[sizeof(directory) + 16], path[sizeof(away) + 16];

	start_watch(NO_MOUNTS);
	snprintf(away, sizeof(away), "%s/away", base);
	ck_assert_int_eq(rename(directory, away), 0);
	expect_one_call();
	snprintf(path, sizeof(path), "%s/red", away);
	make_file(path);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	ck_assert_int_eq(rename(away, directory), 0);
	expect_one_call();
	ck_assert_int_eq(unlink(in_directory("red")), 0);
	expect_one_call();
}
END_TEST

static void free_watch(void *userdata)
{
	netns_watch_free(watch);
	watch = NULL;
	count(userdata);
}

START_TEST(the_call_may_end_the_watch)
{
	ck_assert_int_eq(netns_watch_new_at(loop, directory, MOUNTS, free_watch, &n_calls, &watch),
			 0);
	make_file(in_directory("red"));
	expect_one_call();
	ck_assert_ptr_null(watch);
}
END_TEST

START_TEST(bad_paths)
{
	static const char *const paths[] = { "", "netns", "/netns", "/tmp/netns/" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		ck_assert_int_eq(netns_watch_new_at(loop, paths[i], MOUNTS, count, &n_calls,
						    &watch),
				 -EINVAL);
	ck_assert_ptr_null(watch);
}
END_TEST

/* --- paths ------------------------------------------------------------------------------------ */

static char box[256];

static void expect_path(void)
{
	expect_one_call();
	ck_assert_str_eq(netns_watch_name(watch, 0), box);
	ck_assert(!netns_watch_missed(watch));
	netns_watch_path(watch, box); /* as whoever looks at it */
}

static void move(const char *from, const char *to)
{
	char whole_from[sizeof(base) + 32], whole_to[sizeof(base) + 32];

	snprintf(whole_from, sizeof(whole_from), "%s/%s", base, from);
	snprintf(whole_to, sizeof(whole_to), "%s/%s", base, to);
	ck_assert_int_eq(rename(whole_from, whole_to), 0);
}

static void make_directory(const char *path)
{
	char whole[sizeof(base) + 32];

	snprintf(whole, sizeof(whole), "%s/%s", base, path);
	ck_assert_int_eq(mkdir(whole, 0700), 0);
}

static void remove_at(const char *path)
{
	char whole[sizeof(base) + 32];

	snprintf(whole, sizeof(whole), "%s/%s", base, path);
	ck_assert_int_eq(remove(whole), 0);
}

START_TEST(each_step_to_a_path_is_watched)
{
	start_watch(NO_MOUNTS);
	snprintf(box, sizeof(box), "%s/a/b/box", base);
	netns_watch_path(watch, box);
	make_directory("a");
	expect_path();
	make_directory("a/b");
	expect_path();
	make_directory("a/c");
	make_file(box);
	expect_path();
	move("a/b/box", "a/b/other");
	expect_path();
	move("a/b/other", "a/b/box");
	expect_path();
	move("a", "z");
	expect_path();
	make_directory("z/b/d"); /* the directory that was moved away */
	remove_at("z/b/d");
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	move("z", "a");
	expect_path();
	remove_at("a/b/box");
	expect_path();
	remove_at("a/b");
	expect_path();
	remove_at("a/c");
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	remove_at("a");
	expect_path();
}
END_TEST

/* What is added last is watched, and nothing that would not be needed any more is left. */
START_TEST(paths_are_bounded)
{
	char path[sizeof(base) + 32];

	start_watch(NO_MOUNTS);
	snprintf(box, sizeof(box), "%s/first", base);
	netns_watch_path(watch, box);
	for (int i = 0; i < 255; i++) {
		snprintf(path, sizeof(path), "%s/p%d/x", base, i);
		netns_watch_path(watch, path);
	}
	make_file(box);
	expect_path();
	for (int i = 0; i < 10000; i++) {
		snprintf(path, sizeof(path), "%s/q%d/x", base, i);
		netns_watch_path(watch, path);
	}
	remove_at("first");
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	make_directory("q9999");
	expect_one_call();
	ck_assert_ptr_nonnull(strstr(netns_watch_name(watch, 0), "/q9999/x"));
	remove_at("q9999");
}
END_TEST

START_TEST(odd_paths_do_no_harm)
{
	static const char *const paths[] = {
		"/",
		"/x",
		"/proc/1/ns/net",
		"/dev/null/x",
		"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u",
	};
	char deep[sizeof(base) + 64];

	start_watch(NO_MOUNTS);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		netns_watch_path(watch, paths[i]);
	netns_watch_path(NULL, "/x");
	/* of a path with many directories, the last ones are watched */
	snprintf(deep, sizeof(deep), "%s/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", base);
	snprintf(box, sizeof(box), "%s/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", base);
	netns_watch_path(watch, deep);
	make_directory("b");
	expect_path();
	remove_at("b");
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
	make_file(in_directory("red"));
	if (!enter_mount_namespace())
		return;
	start_watch(MOUNTS);
	ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
			mount("/proc/self/ns/uts", in_directory("red"), NULL, MS_BIND, NULL), 0);
		expect_one_call(); /* and so it does not spin */
		ck_assert_int_eq(umount(in_directory("red")), 0);
		expect_one_call();
	}
}
END_TEST

START_TEST(a_directory_mounted_over)
{
	char other[sizeof(base) + 16], path[sizeof(other) + 16];

	snprintf(other, sizeof(other), "%s/other", base);
	snprintf(path, sizeof(path), "%s/red", other);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	make_file(path);
	if (enter_mount_namespace()) {
		start_watch(MOUNTS);
		ck_assert_int_eq(mount(other, directory, NULL, MS_BIND, NULL), 0);
		expect_one_call();
		/* the one on top is watched now */
		ck_assert_int_eq(unlink(in_directory("red")), 0);
		expect_one_call();
		ck_assert_int_eq(umount(directory), 0);
		expect_one_call();
		ck_assert_uint_eq(calls_in(QUIET_USEC), 0);
	}
	unlink(path);
	ck_assert_int_eq(rmdir(other), 0);
}
END_TEST

START_TEST(a_parent_mounted_on_its_directory)
{
	char path[sizeof(base) + 16];

	if (!enter_mount_namespace())
		return;
	start_watch(MOUNTS);
	ck_assert_int_eq(mount(base, directory, NULL, MS_BIND, NULL), 0);
	expect_one_call();
	ck_assert_int_eq(umount(directory), 0);
	expect_one_call();
	/* the parent is still watched */
	snprintf(path, sizeof(path), "%s/away", base);
	ck_assert_int_eq(rename(directory, path), 0);
	expect_one_call();
	ck_assert_int_eq(rename(path, directory), 0);
	expect_one_call();
}
END_TEST

START_TEST(mounts_are_enough)
{
	make_file(in_directory("red"));
	if (!enter_mount_namespace())
		return;
	set_inotify_instances("0");
	start_watch(MOUNTS);
	ck_assert_int_eq(mount("/proc/self/ns/uts", in_directory("red"), NULL, MS_BIND, NULL), 0);
	expect_one_call();
	ck_assert_int_eq(umount(in_directory("red")), 0);
	expect_one_call();
}
END_TEST

START_TEST(one_source_there_must_be)
{
	if (!enter_mount_namespace())
		return;
	set_inotify_instances("0");
	ck_assert_int_eq(netns_watch_new_at(loop, directory, NO_MOUNTS, count, &n_calls, &watch),
			 -EMFILE);
	ck_assert_ptr_null(watch);
	/* a file that cannot be polled is none either */
	ck_assert_int_eq(netns_watch_new_at(loop, directory, "/dev/null", count, &n_calls, &watch),
			 -EMFILE);
	ck_assert_ptr_null(watch);
}
END_TEST

static TCase *directory_tests(void)
{
	TCase *tcase = tcase_create("directory");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
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

static TCase *path_tests(void)
{
	TCase *tcase = tcase_create("paths");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_step_to_a_path_is_watched);
	tcase_add_test(tcase, paths_are_bounded);
	tcase_add_test(tcase, odd_paths_do_no_harm);
	return tcase;
}

static TCase *mount_tests(void)
{
	TCase *tcase = tcase_create("mounts");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
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
	suite_add_tcase(suite, path_tests());
	runner = srunner_create(suite);
	/* whoever enters a user namespace does not come back */
	if (srunner_fork_status(runner) == CK_FORK)
		suite_add_tcase(suite, mount_tests());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
