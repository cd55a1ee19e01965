/* SPDX-License-Identifier: ISC */
/* Records in a pair of files: what is refused, how long the files get, and what a kill leaves. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "store/journal.h"
#include "store/memfd.h"
#include "store_fixture.h"
#include "suite.h"

#define HEADER_OF(version, generation) \
	"{\"rport-state\":" version ",\"generation\":" generation "}\n"

static struct journal *journal;

static void setup(void)
{
	ck_assert_int_eq(journal_new(1, &journal), 0);
}

static void teardown(void)
{
	journal_free(journal);
	journal_free(NULL);
}

/* --- helpers ---------------------------------------------------------------------------------- */

static int put(const char *key, int n, size_t padding)
{
	_cleanup_free_ char *text = malloc(padding + 1);
	json_t *value;
	int r;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', padding);
	text[padding] = '\0';
	value = json_pack("{s:i, s:s}", "n", n, "text", text);
	r = journal_put(journal, key, value);
	json_decref(value);
	return r;
}

static char listed[4096];

static void list_one(const char *key, json_t *value, void *userdata _unused_)
{
	size_t used = strlen(listed);

	snprintf(listed + used, sizeof(listed) - used, "%s=%d ", key,
		 (int)json_integer_value(json_object_get(value, "n")));
}

static const char *records(void)
{
	listed[0] = '\0';
	ck_assert_int_eq(journal_foreach(journal, list_one, NULL), 0);
	return listed;
}

static size_t size_of(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

/* As another process would find the files. */
static void reload(unsigned int version)
{
	char reason[JOURNAL_REASON_MAX];
	int fds[JOURNAL_FILES], bad;

	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		fds[i] = dup(journal_fd(journal, i));
	journal_free(journal);
	journal = NULL;
	ck_assert_int_eq(journal_load(version, fds, &journal, &bad, reason), 0);
	ck_assert_int_eq(fds[0], -1);
	ck_assert_int_eq(fds[1], -1);
}

static void write_file(unsigned int i, const char *text, size_t size)
{
	ck_assert_int_eq(ftruncate(journal_fd(journal, i), 0), 0);
	ck_assert_int_eq(pwrite(journal_fd(journal, i), text, size, 0), (ssize_t)size);
}

/* What the file says that is not empty. The other is, unless a compaction was interrupted. */
static int generation(void)
{
	unsigned int active = size_of(journal_fd(journal, 0)) == 0;
	char text[64];
	json_t *header;
	int found;

	ck_assert_uint_eq(size_of(journal_fd(journal, 1 - active)), 0);
	ck_assert_int_eq(pread(journal_fd(journal, active), text, sizeof(text), 0), sizeof(text));
	header = json_loadb(text, sizeof(text), JSON_REJECT_DUPLICATES, NULL);
	ck_assert_int_eq(json_integer_value(json_object_get(header, "rport-state")), 1);
	found = (int)json_integer_value(json_object_get(header, "generation"));
	json_decref(header);
	return found;
}

/* --- what may be put -------------------------------------------------------------------------- */

START_TEST(bad_records_are_refused)
{
	json_t *object = json_object(), *array = json_array();
	char key[JOURNAL_KEY_MAX + 1];

	memset(key, 'k', sizeof(key));
	key[JOURNAL_KEY_MAX] = '\0';
	ck_assert_int_eq(journal_put(journal, key, object), -EINVAL);
	ck_assert_int_eq(journal_put(journal, "", object), -EINVAL);
	ck_assert_int_eq(journal_put(journal, "a\nb", object), -EINVAL);
	ck_assert_int_eq(journal_put(journal, "a\x7f", object), -EINVAL);
	ck_assert_int_eq(journal_put(journal, "\xff", object), -EINVAL);
	ck_assert_int_eq(journal_put(journal, "a", array), -EINVAL);
	ck_assert_int_eq(journal_put(journal, "a", NULL), -EINVAL);
	ck_assert_str_eq(records(), "");
	key[JOURNAL_KEY_MAX - 1] = '\0';
	ck_assert_int_eq(journal_put(journal, key, object), 0);
	ck_assert_int_eq(journal_put(journal, "\xc3\xa4 \"\\", object), 0);
	json_decref(object);
	json_decref(array);
	reload(1);
	ck_assert_int_eq(journal_remove(journal, key), 0);
	ck_assert_str_eq(records(), "\xc3\xa4 \"\\=0 ");
}
END_TEST

START_TEST(long_records)
{
	ck_assert_int_eq(put("a", 1, 200000), 0);
	ck_assert_int_eq(put("b", 1, JOURNAL_RECORD_MAX / 2), 0);
	ck_assert_int_eq(put("a", 2, JOURNAL_RECORD_MAX), -E2BIG);
	ck_assert_int_eq(put("c", 2, JOURNAL_RECORD_MAX), -E2BIG);
	reload(1);
	ck_assert_str_eq(records(), "a=1 b=1 ");
}
END_TEST

START_TEST(all_together_have_a_limit)
{
	const size_t size = JOURNAL_RECORD_MAX / 2;
	char key[16];
	int n = 0;

	do
		snprintf(key, sizeof(key), "key%d", n);
	while (put(key, n, size) == 0 && ++n < 1000);
	ck_assert_int_lt(n, (int)(JOURNAL_LIVE_MAX / size) + 1);
	ck_assert_int_ge(n, (int)(JOURNAL_LIVE_MAX / size) - 1);
	ck_assert_int_eq(put("more", 1, size), -ENOSPC);
	ck_assert_int_eq(journal_remove(journal, "more"), 0);
	ck_assert_int_eq(put("key0", 0, size), 0); /* in place of what is there */
	ck_assert_int_eq(journal_remove(journal, "key1"), 0);
	ck_assert_int_eq(put("more", 1, size), 0);
}
END_TEST

/* --- files ------------------------------------------------------------------------------------ */

START_TEST(files_stay_short)
{
	size_t longest = 0;
	char key[16];

	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "key%d", i % 100);
		ck_assert_int_eq(put(key, i, 500), 0);
		longest = MAX(longest,
			      size_of(journal_fd(journal, 0)) + size_of(journal_fd(journal, 1)));
	}
	/* 100 records of some 550 bytes, and as much garbage as is never worth it */
	ck_assert_uint_le(longest, JOURNAL_GARBAGE + 100 * 600);
	reload(1);
	for (int i = 0; i < 99; i++) {
		snprintf(key, sizeof(key), "key%d", i);
		ck_assert_int_eq(journal_remove(journal, key), 0);
	}
	ck_assert_str_eq(records(), "key99=19999 ");
	/* removing alone is garbage, too */
	for (int i = 0; i < 20000; i++) {
		ck_assert_int_eq(put("key", i, 10), 0);
		ck_assert_int_eq(journal_remove(journal, "key"), 0);
	}
	ck_assert_uint_le(size_of(journal_fd(journal, 0)) + size_of(journal_fd(journal, 1)),
			  JOURNAL_GARBAGE + 2000);
	reload(1);
	ck_assert_str_eq(records(), "key99=19999 ");
}
END_TEST

/* Compaction keeps the order, and what is put between two of them. */
START_TEST(order_outlives_compaction)
{
	char key[16], expected[4096] = "";

	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof(key), "key%d", i * 7 % 50);
		ck_assert_int_eq(put(key, 0, 10), 0);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(key, sizeof(key), "key%d", i % 50);
		ck_assert_int_eq(put(key, i, 1000), 0);
	}
	for (int i = 0; i < 50; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 "key%d=%d ", i * 7 % 50, 1950 + i * 7 % 50);
	ck_assert_str_eq(records(), expected);
	ck_assert_int_gt(generation(), 1);
	reload(1);
	ck_assert_str_eq(records(), expected);
}
END_TEST

/* Every prefix of a file whose header is whole can be read. */
START_TEST(a_line_without_end_is_ignored)
{
	static const char text[] = HEADER_OF("1", "1") "{\"put\":\"a\",\"value\":{\"n\":1}}\n"
						       "{\"put\":\"b\",\"value\":{\"n\":2,"
						       "\"text\":\"longer than the next one\"}}\n";
	const size_t header = strlen(HEADER_OF("1", "1"));
	const size_t one = header + strlen("{\"put\":\"a\",\"value\":{\"n\":1}}\n");

	for (size_t size = header; size <= strlen(text); size++) {
		const char *left = size < one ? "" : size < strlen(text) ? "a=1 " : "a=1 b=2 ";
		char expected[32];

		write_file(0, text, size);
		write_file(1, "", 0);
		reload(1);
		ck_assert_str_eq(records(), left);
		/* the next line comes in its place, also when it is shorter */
		ck_assert_int_eq(put("c", 3, 0), 0);
		reload(1);
		snprintf(expected, sizeof(expected), "%sc=3 ", left);
		ck_assert_str_eq(records(), expected);
	}
}
END_TEST

#define OLD HEADER_OF("1", "4") "{\"put\":\"old\",\"value\":{\"n\":1}}\n"
#define NEW HEADER_OF("1", "5") "{\"put\":\"new\",\"value\":{\"n\":2}}\n"

static const struct {
	const char *files[JOURNAL_FILES];
	size_t sizes[JOURNAL_FILES];
	const char *records;
} interrupted[] = {
	/* before the first line of the other, and after it */
	{ { OLD, "\0\0\0\0{\"put\":\"new\"" }, { sizeof(OLD) - 1, 16 }, "old=1 " },
	{ { OLD, NEW }, { sizeof(OLD) - 1, sizeof(NEW) - 1 }, "new=2 " },
	{ { NEW, OLD }, { sizeof(NEW) - 1, sizeof(OLD) - 1 }, "new=2 " },
	{ { "", NEW }, { 0, sizeof(NEW) - 1 }, "new=2 " },
	/* no kill does that, but then the former is better than nothing */
	{ { OLD, HEADER_OF("1", "5") "?\n" },
	  { sizeof(OLD) - 1, sizeof(HEADER_OF("1", "5")) + 1 },
	  "old=1 " },
	{ { OLD, "rubbish\n" }, { sizeof(OLD) - 1, 8 }, "old=1 " },
};

START_TEST(of_two_files_the_newest_whole_one_counts)
{
	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		write_file(i, interrupted[_i].files[i], interrupted[_i].sizes[i]);
	reload(1);
	ck_assert_str_eq(records(), interrupted[_i].records);
	ck_assert_int_eq(put("more", 3, 0), 0);
	reload(1);
	ck_assert_int_eq(journal_remove(journal, "more"), 0);
	ck_assert_str_eq(records(), interrupted[_i].records);
}
END_TEST

START_TEST(an_older_version_is_written_anew)
{
	char header[64] = "";

	ck_assert_int_eq(put("a", 1, 0), 0);
	reload(2);
	ck_assert_str_eq(records(), "a=1 ");
	ck_assert_uint_eq(size_of(journal_fd(journal, 0)), 0);
	ck_assert_int_gt(pread(journal_fd(journal, 1), header, sizeof(header) - 1, 0), 0);
	ck_assert_ptr_nonnull(strstr(header, "{\"rport-state\":2,\"generation\":2}"));
	reload(2);
	ck_assert_str_eq(records(), "a=1 ");
}
END_TEST

/* --- a kill ----------------------------------------------------------------------------------- */

#define ROUNDS 50
#define N_KEYS 7

static unsigned int *acknowledged; /* operations that returned; shared with the daemons */

static json_t *model;

static void see_one(const char *key, json_t *value, void *userdata)
{
	json_t *seen = userdata;

	json_object_set(seen, key, json_object_get(value, "n"));
}

static void operation(unsigned int n, char key[static 16], bool *ret_removes)
{
	snprintf(key, 16, "key%u", n % N_KEYS);
	*ret_removes = n % 5 == 3;
}

static void advance(unsigned int n)
{
	char key[16];
	bool removes;

	operation(n, key, &removes);
	if (removes)
		json_object_del(model, key);
	else
		json_object_set_new(model, key, json_integer(n));
}

/* Continue where the last one was killed: what it had done is there, and perhaps one more. */
static void killed_daemon(struct state *state, const struct state_handover *handover)
{
	_cleanup_free_ char *padding = malloc(20001);
	json_t *seen = json_object();
	char key[16];
	bool removes;

	must(!handover->unreadable);
	model = json_object();
	for (unsigned int n = 1; n <= *acknowledged; n++)
		advance(n);
	must(state_foreach(state, see_one, seen) == 0);
	if (!json_equal(seen, model)) {
		advance(++*acknowledged);
		must(json_equal(seen, model));
	}
	memset(padding, 'x', 20000);
	padding[20000] = '\0';
	must(sd_notify(0, "READY=1") > 0);
	for (unsigned int n = *acknowledged + 1;; n++) {
		operation(n, key, &removes);
		if (removes)
			must(state_remove(state, key) == 0);
		else
			must(state_put(state, key,
				       json_pack("{s:i, s:s#}", "n", (int)n, "text", padding,
						 (int)(n * 7919 % 20000))) == 0);
		*acknowledged = n;
	}
}

START_TEST(a_kill_loses_nothing)
{
	acknowledged = mmap(NULL, sizeof(*acknowledged), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(acknowledged, MAP_FAILED);
	srand(20260101);
	for (int i = 0; i < ROUNDS; i++)
		daemon_kill(killed_daemon, 1 + (unsigned int)rand() % 30000);
	ck_assert_uint_gt(*acknowledged, 0);
	munmap(acknowledged, sizeof(*acknowledged));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tcase = tcase_create("journal"), *kills = tcase_create("kills");
	TCase *volume = tcase_create("volume");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60); /* for valgrind */
	tcase_add_test(tcase, bad_records_are_refused);
	tcase_add_test(tcase, long_records);
	tcase_add_test(tcase, order_outlives_compaction);
	tcase_add_test(tcase, a_line_without_end_is_ignored);
	tcase_add_loop_test(tcase, of_two_files_the_newest_whole_one_counts, 0,
			    ARRAY_SIZE(interrupted));
	tcase_add_test(tcase, an_older_version_is_written_anew);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(volume, setup, teardown);
	tcase_set_tags(volume, "volume");
	tcase_set_timeout(volume, 60);
	tcase_add_test(volume, all_together_have_a_limit);
	tcase_add_test(volume, files_stay_short);
	suite_add_tcase(suite, volume);
	tcase_add_checked_fixture(kills, store_setup, store_teardown);
	tcase_add_test(kills, a_kill_loses_nothing);
	tcase_set_timeout(kills, 60);
	tcase_set_tags(kills, "volume");
	suite_add_tcase(suite, kills);
	return suite_run(suite);
}
