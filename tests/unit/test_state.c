/* SPDX-License-Identifier: ISC */
/* Descriptors and records from one daemon to the next, and what becomes of records that cannot be
 * read. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/memfd.h"
#include "store_fixture.h"
#include "suite.h"

/* --- helpers ---------------------------------------------------------------------------------- */

static char listed[1024];

static void list_one(const char *key, json_t *value, void *userdata _unused_)
{
	size_t used = strlen(listed);

	snprintf(listed + used, sizeof(listed) - used, "%s=%d ", key,
		 (int)json_integer_value(json_object_get(value, "n")));
}

static const char *records(struct state *state)
{
	listed[0] = '\0';
	must(state_foreach(state, list_one, NULL) == 0);
	return listed;
}

static void put(struct state *state, const char *key, int n)
{
	must(state_put(state, key, json_pack("{s:i}", "n", n)) == 0);
}

/* A descriptor that is known by what is in it. */
static int marked(char mark)
{
	int fd = memfd_new("mark");

	must(fd >= 0 && write(fd, &mark, 1) == 1);
	return fd;
}

static char mark_of(int fd)
{
	char mark = 0;

	return pread(fd, &mark, 1, 0) == 1 ? mark : 0;
}

static void store_marked(struct state *state, const char *name, char mark)
{
	_cleanup_close_ int fd = marked(mark);

	must(state_store_fd(state, name, fd) == 0);
}

/* Take one, which must be the one of that mark. */
static void take_marked(struct state *state, const char *name, char mark)
{
	_cleanup_close_ int fd = state_take_fd(state, name);

	must(fd >= 0 && mark_of(fd) == mark);
	must(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* --- without a store -------------------------------------------------------------------------- */

START_TEST(without_a_store_everything_works)
{
	struct state_handover handover;
	char name[STATE_NAME_MAX];
	struct state *state;

	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(state_open(aside_path, &state, &handover), 0);
	ck_assert(!handover.inherited && !handover.unreadable);
	ck_assert(!state_is_kept(state));
	put(state, "a", 1);
	ck_assert_str_eq(records(state), "a=1 ");
	ck_assert_int_eq(state_store_fd(state, "tun", 0), 0);
	ck_assert_int_eq(state_take_fd(state, "tun"), -ENOENT);
	ck_assert_int_eq(state_next_fd(state, "", name), -ENOENT);
	state_drop_fd(state, "tun");
	ck_assert_uint_eq(state_drop_rest(state), 0);
	state_close(state);
	state_close(NULL);
}
END_TEST

START_TEST(a_manager_that_does_not_listen_is_no_store)
{
	struct state_handover handover;
	struct state *state;

	setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
	ck_assert_int_eq(state_open(aside_path, &state, &handover), 0);
	ck_assert(!state_is_kept(state));
	ck_assert_int_eq(state_store_fd(state, "tun", 0), 0);
	state_close(state);
}
END_TEST

START_TEST(a_store_for_nothing_is_no_store)
{
	struct state_handover handover;
	struct state *state;

	setenv("FDSTORE", "0", 1);
	ck_assert_int_eq(state_open(aside_path, &state, &handover), 0);
	ck_assert(!state_is_kept(state));
	state_close(state);
	store_receive(&store);
	ck_assert_uint_eq(store.n, 0);
}
END_TEST

/* --- records ---------------------------------------------------------------------------------- */

static void first_daemon(struct state *state, const struct state_handover *handover)
{
	must(!handover->inherited && !handover->unreadable);
	must(state_is_kept(state));
	put(state, "port a", 1);
	put(state, "port b", 2);
	put(state, "link", 3);
	put(state, "port a", 4);
	put(state, "gone", 5);
	must(state_remove(state, "gone") == 0);
	must(state_remove(state, "never there") == 0);
}

static void second_daemon(struct state *state, const struct state_handover *handover)
{
	must(handover->inherited && !handover->unreadable && !handover->reason[0]);
	must(streq(records(state), "port a=4 port b=2 link=3 "));
	must(state_remove(state, "port b") == 0);
	put(state, "port b", 6);
}

static void third_daemon(struct state *state, const struct state_handover *handover)
{
	must(handover->inherited && !handover->unreadable);
	must(streq(records(state), "port a=4 link=3 port b=6 "));
}

START_TEST(records_survive_in_order)
{
	daemon_run(first_daemon);
	ck_assert_uint_eq(store.n, 2);
	daemon_run(second_daemon);
	daemon_run(third_daemon);
	ck_assert_uint_eq(store_count("state-1"), 1);
	ck_assert_uint_eq(store_count("state-2"), 1);
	ck_assert_int_ne(access(aside_path, F_OK), 0);
}
END_TEST

START_TEST(a_file_that_the_store_lost_is_made_again)
{
	daemon_run(first_daemon);
	store_remove(&store, "state-2");
	daemon_run(second_daemon);
	ck_assert_uint_eq(store_count("state-2"), 1);
	daemon_run(third_daemon);
}
END_TEST

/* Much garbage, which is to be removed though nothing more can be stored. */
static void busy_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	char text[1001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 3000; i++)
		must(state_put(state, i % 2 ? "a" : "b",
			       json_pack("{s:i, s:s}", "n", i, "text", text)) == 0);
	store_marked(state, "refused", 'x');
}

static void reading_daemon(struct state *state, const struct state_handover *handover)
{
	must(handover->inherited && !handover->unreadable);
	must(streq(records(state), "b=2998 a=2999 "));
	must(state_take_fd(state, "refused") == -ENOENT);
}

START_TEST(a_full_store_loses_no_records)
{
	store.max = 2;
	daemon_run(busy_daemon);
	ck_assert_uint_eq(store.n, 2);
	daemon_run(reading_daemon);
}
END_TEST

/* --- records that cannot be read -------------------------------------------------------------- */

#define HEADER "{\"rport-state\":1,\"generation\":1}\n"

static const struct {
	const char *text, *reason;
} unreadable[] = {
	{ "{\"rport-state\":2,\"generation\":1}\n{\"put\":\"a\",\"value\":{}}\n",
	  "a newer rportd wrote them, in version 2 (this one reads up to version 1)" },
	{ "{\"rport-state\":0}\n", "first line" },
	{ "{\"rport-state\":\"1\"}\n", "first line" },
	{ "{\"state\":1}\n", "first line" },
	{ "[]\n", "first line" },
	{ "rubbish\n", "first line" },
	{ "\n", "first line" },
	{ "{\"rport-state\":1,\"gen", "first line" },
	{ HEADER
	  "{\"put\":\"a\",\"value\":{}}\n{\"put\":\"b\",\"val\n{\"put\":\"c\",\"value\":{}}\n",
	  "line 3 is damaged" },
	{ HEADER "{\"put\":\"a\",\"value\":{}\n", "line 2 is damaged" }, /* a kill ends no line */
	{ HEADER "\n", "line 2 is damaged" },
	{ HEADER "[]\n", "line 2 is damaged" },
	{ HEADER "{\"putt\":\"a\",\"value\":{}}\n", "line 2 is damaged" },
	{ HEADER "{\"put\":\"a\",\"value\":1}\n", "line 2 is damaged" },
	{ HEADER "{\"put\":\"a\"}\n", "line 2 is damaged" },
	{ HEADER "{\"put\":\"\",\"value\":{}}\n", "line 2 is damaged" },
	{ HEADER "{\"put\":\"a\\u0007\",\"value\":{}}\n", "line 2 is damaged" },
	{ HEADER "{\"remove\":7}\n", "line 2 is damaged" },
};

static const char *expected_reason;

static void begins_anew(struct state *state, const struct state_handover *handover)
{
	must(handover->inherited && handover->unreadable);
	must(strstr(handover->reason, expected_reason));
	must(streq(handover->aside, aside_path));
	must(streq(records(state), ""));
	put(state, "a", 1);
}

static void goes_on(struct state *state, const struct state_handover *handover)
{
	must(handover->inherited && !handover->unreadable);
	must(streq(records(state), "a=1 "));
}

START_TEST(unreadable_records_are_put_aside)
{
	const char *text = unreadable[_i].text;
	char aside[256] = "";
	struct stat st;
	FILE *file;

	daemon_run(first_daemon);
	store_write("state-1", text, strlen(text));
	expected_reason = unreadable[_i].reason;
	daemon_run(begins_anew);
	ck_assert_int_eq(stat(aside_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	file = fopen(aside_path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(aside, 1, sizeof(aside) - 1, file), strlen(text));
	fclose(file);
	ck_assert_str_eq(aside, text);
	ck_assert_uint_eq(store_count("state-1"), 1);
	ck_assert_uint_eq(store_count("state-2"), 1);
	daemon_run(goes_on);
}
END_TEST

START_TEST(too_many_records_are_put_aside)
{
	daemon_run(first_daemon);
	ck_assert_int_eq(ftruncate(store_find("state-1"), (64 << 20) + 1), 0);
	expected_reason = "they are longer than 64 MiB";
	daemon_run(begins_anew);
	daemon_run(goes_on);
}
END_TEST

static void no_aside(struct state *state, const struct state_handover *handover)
{
	must(handover->unreadable && !handover->aside[0]);
	must(strstr(handover->reason, "line 2"));
	put(state, "a", 1);
}

START_TEST(a_link_is_not_followed_to_write_aside)
{
	char target[80];

	snprintf(target, sizeof(target), "%s.target", aside_path);
	ck_assert_int_eq(symlink(target, aside_path), 0);
	daemon_run(first_daemon);
	store_write("state-1", HEADER "?\n", strlen(HEADER "?\n"));
	daemon_run(no_aside);
	ck_assert_int_ne(access(target, F_OK), 0);
	daemon_run(goes_on);
}
END_TEST

static void finds_none(struct state *state, const struct state_handover *handover)
{
	must(handover->inherited && handover->unreadable && !handover->aside[0]);
	must(streq(handover->reason, "there are no records"));
	put(state, "a", 1);
}

START_TEST(records_that_are_lost_are_missed)
{
	daemon_run(first_daemon);
	store_write("state-1", "", 0);
	daemon_run(finds_none);
	daemon_run(goes_on);
}
END_TEST

/* What a later daemon may add. */
START_TEST(unknown_members_are_ignored)
{
	static const char text[] =
		"{\"since\":\"later\",\"rport-state\":1,\"generation\":9,\"more\":[1,2]}\n"
		"{\"put\":\"b\",\"value\":{\"n\":2},\"when\":1}\n"
		"{\"comment\":{},\"put\":\"a\",\"value\":{\"n\":1,\"x\":{}}}\n"
		"{\"remove\":\"b\",\"why\":\"x\"}\n";

	daemon_run(first_daemon);
	store_write("state-1", text, strlen(text));
	daemon_run(goes_on);
}
END_TEST

/* --- descriptors ------------------------------------------------------------------------------ */

static void storing_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	store_marked(state, "tun-1", 'a');
	store_marked(state, "tun-2", 'b');
	store_marked(state, "tun-3", 'c');
	store_marked(state, "tunnel", 'd');
	store_marked(state, "counters", 'e');
	store_marked(state, "tun-2", 'B'); /* instead of the other */
	store_marked(state, "dropped", 'x');
	state_drop_fd(state, "dropped");
	state_drop_fd(state, "never there");
}

static void taking_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	char name[STATE_NAME_MAX] = "untouched", seen[8] = "";
	int fd;

	must(state_take_fd(state, "dropped") == -ENOENT);
	must(state_take_fd(state, "tun") == -ENOENT);
	must(state_take_fd(state, "state-1") == -ENOENT); /* it is taken */
	take_marked(state, "tun-1", 'a');
	must(state_take_fd(state, "tun-1") == -ENOENT);
	for (int i = 0; (fd = state_next_fd(state, "tun-", name)) >= 0; i++) {
		must(i < 2 && (streq(name, "tun-2") || streq(name, "tun-3")));
		seen[i] = mark_of(fd);
		close(fd);
	}
	must(fd == -ENOENT && (streq(seen, "Bc") || streq(seen, "cB")));
	state_drop_fd(state, "tun-3");
	must(state_drop_rest(state) == 2); /* tunnel and counters */
	must(state_take_fd(state, "tunnel") == -ENOENT);
	must(state_drop_rest(state) == 0);
}

START_TEST(descriptors_survive)
{
	daemon_run(storing_daemon);
	ck_assert_uint_eq(store.n, 2 + 5);
	ck_assert_uint_eq(store_count("tun-2"), 1);
	daemon_run(taking_daemon);
	ck_assert_uint_eq(store.n, 2 + 2);
	ck_assert_int_eq(mark_of(store_find("tun-1")), 'a');
	ck_assert_int_eq(mark_of(store_find("tun-2")), 'B');
}
END_TEST

/* What was stored anew is not dropped with what was inherited under its name. */
static void replacing_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	store_marked(state, "counters", 'E');
	must(state_take_fd(state, "counters") == -ENOENT);
	state_drop_fd(state, "tunnel");
	must(state_take_fd(state, "tunnel") == -ENOENT);
	must(state_drop_rest(state) == 3); /* tun-1, 2 and 3 */
}

START_TEST(what_is_replaced_is_not_dropped_with_the_rest)
{
	daemon_run(storing_daemon);
	daemon_run(replacing_daemon);
	ck_assert_uint_eq(store.n, 2 + 1);
	ck_assert_int_eq(mark_of(store_find("counters")), 'E');
}
END_TEST

/* Two of one name, which is not ours: one is taken, and stays when the other is dropped. */
static void twins_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	char long_name[STATE_NAME_MAX];
	int fd = state_take_fd(state, "twin");

	must(fd >= 0);
	must(state_next_fd(state, "nnn", long_name) == -ENOENT);
	must(state_drop_rest(state) == 2);
	must(mark_of(fd) == '1' || mark_of(fd) == '2');
	close(fd);
}

START_TEST(foreign_descriptors_are_closed)
{
	char long_name[STORE_NAME_MAX] = "";

	memset(long_name, 'n', sizeof(long_name) - 1);
	store_add(&store, marked('1'), "twin", false);
	store_add(&store, marked('2'), "twin", false);
	store_add(&store, marked('3'), long_name, false);
	daemon_run(twins_daemon);
	ck_assert_uint_eq(store_count("twin"), 2);
	ck_assert_uint_eq(store_count(long_name), 0);
}
END_TEST

static void naming_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	char longest[STATE_NAME_MAX + 1];

	memset(longest, 'l', sizeof(longest));
	longest[STATE_NAME_MAX] = '\0';
	must(state_store_fd(state, longest, 0) == -EINVAL);
	must(state_store_fd(state, "", 0) == -EINVAL);
	must(state_store_fd(state, "a:b", 0) == -EINVAL);
	must(state_store_fd(state, "a\nb", 0) == -EINVAL);
	must(state_store_fd(state, "\xc3\xa4", 0) == -EINVAL);
	must(state_store_fd(state, "none", -1) == -EINVAL);
	longest[STATE_NAME_MAX - 1] = '\0';
	store_marked(state, longest, 'l');
}

START_TEST(names_are_checked)
{
	daemon_run(naming_daemon);
	ck_assert_uint_eq(store.n, 2 + 1);
}
END_TEST

static const char *numbered(unsigned int i)
{
	static char name[STATE_NAME_MAX];

	snprintf(name, sizeof(name), "%0*u", STATE_NAME_MAX - 1, i);
	return name;
}

/* More than one environment string can have of them. */
static void hoarding_daemon(struct state *state, const struct state_handover *handover _unused_)
{
	_cleanup_close_ int fd = marked('h');
	unsigned int n = 0;
	int r;

	while ((r = state_store_fd(state, numbered(n), fd)) == 0)
		n++;
	must(r == -ENOSPC);
	must(n * STATE_NAME_MAX < 128 * 1024 && n * STATE_NAME_MAX > 120 * 1024);
	must(state_store_fd(state, numbered(0), fd) == 0); /* it is there already */
	state_drop_fd(state, numbered(1));
	must(state_store_fd(state, numbered(n), fd) == 0);
	must(state_store_fd(state, numbered(1), fd) == -ENOSPC);
}

START_TEST(names_fit_into_the_environment)
{
	daemon_run(hoarding_daemon);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tcase = tcase_create("state");

	tcase_add_checked_fixture(tcase, store_setup, store_teardown);
	tcase_add_test(tcase, without_a_store_everything_works);
	tcase_add_test(tcase, a_manager_that_does_not_listen_is_no_store);
	tcase_add_test(tcase, a_store_for_nothing_is_no_store);
	tcase_add_test(tcase, records_survive_in_order);
	tcase_add_test(tcase, a_file_that_the_store_lost_is_made_again);
	tcase_add_test(tcase, a_full_store_loses_no_records);
	tcase_add_loop_test(tcase, unreadable_records_are_put_aside, 0, ARRAY_SIZE(unreadable));
	tcase_add_test(tcase, too_many_records_are_put_aside);
	tcase_add_test(tcase, a_link_is_not_followed_to_write_aside);
	tcase_add_test(tcase, records_that_are_lost_are_missed);
	tcase_add_test(tcase, unknown_members_are_ignored);
	tcase_add_test(tcase, descriptors_survive);
	tcase_add_test(tcase, what_is_replaced_is_not_dropped_with_the_rest);
	tcase_add_test(tcase, foreign_descriptors_are_closed);
	tcase_add_test(tcase, names_are_checked);
	tcase_add_test(tcase, names_fit_into_the_environment);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
