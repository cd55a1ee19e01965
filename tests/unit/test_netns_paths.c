/* SPDX-License-Identifier: ISC */
/* When a watch on the paths of namespaces calls: each step of a path may come, go and be renamed. */

#include <stdio.h>
#include <sys/stat.h>

#include "suite.h"
#include "watch_fixture.h"

#define PATH_SIZE (sizeof(watch_base) + 64)

/* A path in the directory of the test. Return: @buf. */
static const char *at(const char *path, char buf[static PATH_SIZE])
{
	snprintf(buf, PATH_SIZE, "%s/%s", watch_base, path);
	return buf;
}

/* The path that is watched. */
static char box[PATH_SIZE];

static void expect_path(void)
{
	watch_expect_call();
	ck_assert_str_eq(netns_watch_name(watch, 0), box);
	ck_assert(!netns_watch_missed(watch));
	netns_watch_path(watch, box); /* as whoever looks at it */
}

static void move(const char *from, const char *to)
{
	char whole_from[PATH_SIZE], whole_to[PATH_SIZE];

	ck_assert_int_eq(rename(at(from, whole_from), at(to, whole_to)), 0);
}

static void make_directory(const char *path)
{
	char whole[PATH_SIZE];

	ck_assert_int_eq(mkdir(at(path, whole), 0700), 0);
}

static void remove_at(const char *path)
{
	char whole[PATH_SIZE];

	ck_assert_int_eq(remove(at(path, whole)), 0);
}

START_TEST(each_step_to_a_path_is_watched)
{
	watch_start(WATCH_NO_MOUNTS);
	netns_watch_path(watch, at("a/b/box", box));
	make_directory("a");
	expect_path();
	make_directory("a/b");
	expect_path();
	make_directory("a/c");
	watch_make_file(box);
	expect_path();
	move("a/b/box", "a/b/other");
	expect_path();
	move("a/b/other", "a/b/box");
	expect_path();
	move("a", "z");
	expect_path();
	make_directory("z/b/d"); /* the directory that was moved away */
	remove_at("z/b/d");
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	move("z", "a");
	expect_path();
	remove_at("a/b/box");
	expect_path();
	remove_at("a/b");
	expect_path();
	remove_at("a/c");
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	remove_at("a");
	expect_path();
}
END_TEST

static void add_numbered(char letter, int n)
{
	char name[32], path[PATH_SIZE];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%c%d/x", letter, i);
		netns_watch_path(watch, at(name, path));
	}
}

/* What is added last is watched, and nothing that would not be needed any more is left. */
START_TEST(paths_are_bounded)
{
	watch_start(WATCH_NO_MOUNTS);
	netns_watch_path(watch, at("first", box));
	add_numbered('p', 255);
	watch_make_file(box);
	expect_path();
	add_numbered('q', 10000);
	remove_at("first");
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
	make_directory("q9999");
	watch_expect_call();
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

	watch_start(WATCH_NO_MOUNTS);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		netns_watch_path(watch, paths[i]);
	netns_watch_path(NULL, "/x");
	/* of a path with many directories, the last ones are watched */
	netns_watch_path(watch, at("b/c/d/e/f/g/h/i/j/k/l/m/n/o/p", box));
	make_directory("b");
	expect_path();
	remove_at("b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netns-paths");
	TCase *tcase = watch_tests("paths");

	tcase_add_test(tcase, each_step_to_a_path_is_watched);
	tcase_add_test(tcase, paths_are_bounded);
	tcase_add_test(tcase, odd_paths_do_no_harm);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
