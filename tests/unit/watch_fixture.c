/* SPDX-License-Identifier: ISC */
/* A watch on a directory of the test's own, and what it has called. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "watch_fixture.h"

#define SLOW_USEC 5000000 /* for a machine that does something else meanwhile */

char watch_base[sizeof(WATCH_TEMPLATE)];
char watch_directory[sizeof(watch_base) + 16];
sd_event *watch_loop;
struct netns_watch *watch;
unsigned int watch_calls;
uint64_t watch_first_call;

void watch_count(void *userdata)
{
	ck_assert_ptr_eq(userdata, &watch_calls);
	if (watch_calls++ == 0)
		watch_first_call = monotonic_usec();
}

unsigned int watch_calls_in(uint64_t usec)
{
	uint64_t now, end = monotonic_usec() + usec;

	watch_calls = 0;
	while ((now = monotonic_usec()) < end)
		ck_assert_int_ge(sd_event_run(watch_loop, end - now), 0);
	return watch_calls;
}

void watch_expect_call(void)
{
	uint64_t now, end = monotonic_usec() + SLOW_USEC;

	watch_calls = 0;
	while (watch_calls == 0 && (now = monotonic_usec()) < end)
		ck_assert_int_ge(sd_event_run(watch_loop, end - now), 0);
	ck_assert_uint_eq(watch_calls, 1);
	ck_assert_uint_eq(watch_calls_in(WATCH_QUIET_USEC), 0);
}

const char *watch_path_of(const char *name)
{
	static char path[sizeof(watch_directory) + 32];

	snprintf(path, sizeof(path), "%s/%s", watch_directory, name);
	return path;
}

void watch_make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

void watch_start(const char *mountinfo)
{
	ck_assert_int_eq(netns_watch_new_at(watch_loop, watch_directory, mountinfo, watch_count,
					    &watch_calls, &watch),
			 0);
}

static void setup(void)
{
	watch = NULL;
	memcpy(watch_base, WATCH_TEMPLATE, sizeof(watch_base));
	ck_assert_ptr_nonnull(mkdtemp(watch_base));
	snprintf(watch_directory, sizeof(watch_directory), "%s/netns", watch_base);
	ck_assert_int_eq(mkdir(watch_directory, 0700), 0);
	ck_assert_int_ge(sd_event_new(&watch_loop), 0);
}

static void remove_all(void)
{
	static const char *const names[] = { "red", "blue", "green" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(watch_path_of(names[i]));
	rmdir(watch_directory);
	ck_assert_int_eq(rmdir(watch_base), 0);
}

static void teardown(void)
{
	netns_watch_free(watch);
	sd_event_unref(watch_loop);
	remove_all();
}

TCase *watch_tests(const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	return tcase;
}
