/* SPDX-License-Identifier: ISC */
#ifndef TEST_WATCH_FIXTURE_H
#define TEST_WATCH_FIXTURE_H

/* A watch on a directory of the test's own, and what it has called. */

#include <check.h>

#include "kernel/netns-watch-private.h"

/* Other processes mount, too, and their calls are not ours to count. */
#define WATCH_NO_MOUNTS "/nonexistent/mountinfo"

#define WATCH_QUIET_USEC 40000 /* no call in all that time: none will come */
#define WATCH_TEMPLATE   "/tmp/rport-netns-watch-XXXXXX"

/* The directory is "netns" in a directory that is new for each test. */
extern char watch_base[sizeof(WATCH_TEMPLATE)];
extern char watch_directory[sizeof(watch_base) + 16];
extern sd_event *watch_loop;
extern struct netns_watch *watch; /* the test starts it, and the fixture ends it */

/* The calls since the loop was begun to run for some time; when the first one came. */
extern unsigned int watch_calls;
extern uint64_t watch_first_call; /* CLOCK_MONOTONIC, microseconds */

/**
 * watch_tests() - begin a test case with this fixture
 * @name: of it
 *
 * Return: the test case.
 */
TCase *watch_tests(const char *name);

/**
 * watch_count() - count a call; for netns_watch_new_at()
 * @userdata: &watch_calls
 */
void watch_count(void *userdata);

/**
 * watch_start() - start the watch
 * @mountinfo: the file of mounts
 */
void watch_start(const char *mountinfo);

/**
 * watch_calls_in() - run the loop for some time
 * @usec: for how long
 *
 * Return: how many calls came.
 */
unsigned int watch_calls_in(uint64_t usec);

/**
 * watch_expect_call() - run the loop until one call came, and see that no more do
 */
void watch_expect_call(void);

/**
 * watch_path_of() - find the path of a name in the directory
 * @name: of a file
 *
 * Return: its path, until the next call.
 */
const char *watch_path_of(const char *name);

/**
 * watch_make_file() - make an empty file
 * @path: where
 */
void watch_make_file(const char *path);

#endif
