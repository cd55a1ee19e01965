/* SPDX-License-Identifier: ISC */

/* Varlink framing: messages in pieces, too long, and malformed. */

#include <check.h>

#include "base/frame.h"
#include "suite.h"

#define LIMIT 64

static struct frame_buffer buffer;

static void setup(void)
{
	frame_buffer_init(&buffer, LIMIT);
}

static void teardown(void)
{
	frame_buffer_release(&buffer);
}

/* As a socket would: as much at once as there is room for. */
static void feed(const char *data, size_t size)
{
	while (size > 0) {
		char *room;
		ssize_t n = frame_buffer_space(&buffer, &room);

		ck_assert_int_gt(n, 0);
		n = MIN((size_t)n, size);
		memcpy(room, data, (size_t)n);
		frame_buffer_filled(&buffer, (size_t)n);
		data += n;
		size -= (size_t)n;
	}
}

static void expect_number(json_int_t number)
{
	json_t *message = NULL;

	ck_assert_int_eq(frame_buffer_next(&buffer, &message), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(message, "n")), number);
	json_decref(message);
}

static void expect_none(int result)
{
	json_t *untouched = json_null(), *message = untouched;

	ck_assert_int_eq(frame_buffer_next(&buffer, &message), result);
	ck_assert_ptr_eq(message, untouched);
}

START_TEST(empty_buffer_has_no_message)
{
	expect_none(0);
}
END_TEST

START_TEST(messages_split_at_every_byte)
{
	static const char stream[] = "{\"n\":1}\0{\"n\":2}";

	for (size_t i = 0; i <= sizeof(stream); i++) {
		size_t given = 0;
		json_t *message;

		feed(stream, i);
		while (frame_buffer_next(&buffer, &message) == 1) {
			json_decref(message);
			given++;
		}
		ck_assert_uint_eq(given, i >= sizeof(stream) ? 2 : i >= 8 ? 1 : 0);
		feed(stream + i, sizeof(stream) - i);
		if (given == 0)
			expect_number(1);
		if (given < 2 && i < sizeof(stream))
			expect_number(2);
		expect_none(0);
		frame_buffer_release(&buffer);
	}
}
END_TEST

START_TEST(several_messages_in_one_read)
{
	feed("{\"n\":1}\0{\"n\":2}\0{\"n\":3}\0{\"n\"", 28);
	expect_number(1);
	expect_number(2);
	expect_number(3);
	expect_none(0);
	feed(":4}", 4);
	expect_number(4);
	expect_none(0);
}
END_TEST

START_TEST(unfinished_message_survives_compaction)
{
	/* Many times what the buffer may hold, with message and buffer out of step. */
	for (int i = 0; i < 1000; i++) {
		feed("{\"n\":7}\0{\"n\"", 12);
		expect_number(7);
		expect_none(0);
		feed(":  8}", 6);
		expect_number(8);
	}
	ck_assert_uint_le(buffer.allocated, LIMIT + 1);
}
END_TEST

static size_t make_message(char *out, size_t length)
{
	int used = sprintf(out, "{\"n\":1,\"x\":\"");

	memset(out + used, 'x', length - (size_t)used - 2);
	memcpy(out + length - 2, "\"}", 3);
	return length + 1;
}

START_TEST(longest_message_is_taken)
{
	char message[LIMIT + 2];

	feed(message, make_message(message, LIMIT));
	expect_number(1);
	feed(message, make_message(message, LIMIT));
	expect_number(1);
}
END_TEST

START_TEST(longer_message_is_refused)
{
	char message[LIMIT + 3];

	make_message(message, LIMIT + 1);
	feed(message, LIMIT + 1);
	expect_none(-EMSGSIZE);
	ck_assert_uint_le(buffer.allocated, LIMIT + 1);
}
END_TEST

START_TEST(buffer_that_is_not_emptied_does_not_grow)
{
	char *room;

	feed("{}\0", 3);
	while (buffer.used < LIMIT + 1)
		feed("x", 1);
	ck_assert_int_eq(frame_buffer_space(&buffer, &room), -ENOMEM);
}
END_TEST

START_TEST(trickle_is_scanned_once)
{
	char *room;

	frame_buffer_release(&buffer);
	frame_buffer_init(&buffer, FRAME_MESSAGE_MAX);
	for (size_t i = 0; i < FRAME_MESSAGE_MAX; i++) {
		ck_assert_int_gt(frame_buffer_space(&buffer, &room), 0);
		*room = ' ';
		frame_buffer_filled(&buffer, 1);
		expect_none(0);
		ck_assert_uint_eq(buffer.scanned, i + 1);
	}
}
END_TEST

static const struct {
	const char *text;
	size_t length;
} malformed[] = {
#define TEXT(text)                 \
	{                          \
		text, sizeof(text) \
	} /* with the NUL */
	TEXT(""),
	TEXT(" "),
	TEXT("1"),
	TEXT("null"),
	TEXT("\"text\""),
	TEXT("[{}]"),
	TEXT("{"),
	TEXT("{}}"),
	TEXT("{} {}"),
	TEXT("{}x"),
	TEXT("{\"n\":1,}"),
	TEXT("{\"n\":1,\"n\":2}"),
	TEXT("{\"a\":{\"n\":1,\"n\":1}}"),
	TEXT("{\"n\":\"\xff\"}"),
	TEXT("{\"n\":\"\xc0\xaf\"}"),
	TEXT("{\"n\":\"\xed\xa0\x80\"}"),
	TEXT("{\"n\":\"\\u0000\"}"),
	TEXT("{\"n\":\"\\ud800\"}"),
	TEXT("{\"n\":\"\n\"}"),
	TEXT("{\"n\":99999999999999999999}"),
	TEXT("{'n':1}"),
#undef TEXT
};

START_TEST(malformed_message_is_refused)
{
	feed(malformed[_i].text, malformed[_i].length);
	expect_none(-EBADMSG);
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
	static char text[8192];
	int used = sprintf(text, "{\"n\":");

	memset(text + used, '[', 4000);
	frame_buffer_release(&buffer);
	frame_buffer_init(&buffer, FRAME_MESSAGE_MAX);
	feed(text, strlen(text) + 1);
	expect_none(-EBADMSG);
}
END_TEST

START_TEST(encoded_message_is_compact_and_ends_with_nul)
{
	json_t *message = json_pack("{s:i, s:[s, n]}", "n", 5, "list", "\xc3\xbc");
	size_t size = 0;
	char *text = frame_encode(message, &size);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, "{\"n\":5,\"list\":[\"\xc3\xbc\",null]}");
	ck_assert_uint_eq(size, strlen(text) + 1);
	feed(text, size);
	expect_number(5);
	free(text);
	json_decref(message);
}
END_TEST

START_TEST(release_takes_a_zeroed_buffer)
{
	struct frame_buffer zeroed = { 0 };

	frame_buffer_release(&zeroed);
}
END_TEST

static Suite *frame_suite(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("frame"), *volume = tcase_create("volume");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, empty_buffer_has_no_message);
	tcase_add_test(tcase, messages_split_at_every_byte);
	tcase_add_test(tcase, several_messages_in_one_read);
	tcase_add_test(tcase, unfinished_message_survives_compaction);
	tcase_add_test(tcase, longest_message_is_taken);
	tcase_add_test(tcase, longer_message_is_refused);
	tcase_add_test(tcase, buffer_that_is_not_emptied_does_not_grow);
	tcase_add_loop_test(tcase, malformed_message_is_refused, 0, ARRAY_SIZE(malformed));
	tcase_add_test(tcase, deep_nesting_is_refused);
	tcase_add_test(tcase, encoded_message_is_compact_and_ends_with_nul);
	tcase_add_test(tcase, release_takes_a_zeroed_buffer);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(volume, setup, teardown);
	tcase_set_tags(volume, "volume");
	tcase_add_test(volume, trickle_is_scanned_once);
	suite_add_tcase(suite, volume);
	return suite;
}

int main(void)
{
	return suite_run(frame_suite());
}
