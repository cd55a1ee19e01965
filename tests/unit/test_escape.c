/* SPDX-License-Identifier: ISC */

/*
 * The escaped form of names: any bytes go out printable, and come back the same.
 *
 * passes: plain asan
 */

#include <check.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/names.h"
#include "port/spec-json.h"
#include "suite.h"

#define ROUNDS 200000

static const struct {
	const char *text, *escaped;
} cases[] = {
	{ "", "" },
	{ "rport0", "rport0" },
	{ "a b", "a b" },
	{ "gr\xc3\xbcn", "gr\xc3\xbcn" },
	{ "x\xff", "x\\xff" },
	{ "\033[31m", "\\x1b[31m" },
	{ "a\nb\tc", "a\\x0ab\\x09c" },
	{ "\\", "\\x5c" },
	{ "\\x41", "\\x5cx41" },
	{ "\x7f", "\\x7f" },
	/* C1, a direction mark, a surrogate, beyond U+10FFFF, longer than need be, cut short */
	{ "\xc2\x9b", "\\xc2\\x9b" },
	{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
	{ "\xc0\xaf", "\\xc0\\xaf" },
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xe2\x82"
	  "a",
	  "\\xe2\\x82"
	  "a" },
};

START_TEST(test_cases)
{
	char buf[ESCAPED_SIZE(16)];

	escape_into(buf, sizeof(buf), cases[_i].text, ESCAPE_BACKSLASH);
	ck_assert_str_eq(buf, cases[_i].escaped);
	escape_undo(buf);
	ck_assert_str_eq(buf, cases[_i].text);
}
END_TEST

START_TEST(test_flags)
{
	char buf[64];

	escape_into(buf, sizeof(buf), "a \\\n\t\033", 0);
	ck_assert_str_eq(buf, "a \\\\x0a\\x09\\x1b");
	escape_into(buf, sizeof(buf), "a \n", ESCAPE_BLANK);
	ck_assert_str_eq(buf, "a\\x20\\x0a");
	escape_into(buf, sizeof(buf), "a \n\t\r", ESCAPE_KEEP_LINES);
	ck_assert_str_eq(buf, "a \n\t\\x0d");
}
END_TEST

START_TEST(test_undo_takes_anything)
{
	static const struct {
		const char *text, *undone;
	} loose[] = {
		{ "\\", "\\" },         { "\\x", "\\x" },        { "\\x4", "\\x4" },
		{ "\\x4g", "\\x4g" },   { "\\x41", "A" },        { "\\x4A\\x4a", "JJ" },
		{ "\\x00a", "\\x00a" }, { "\\\\x41", "\\A" },    { "a\\b", "a\\b" },
		{ "\\X41", "\\X41" },   { "\\x5cx41", "\\x41" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(loose); i++) {
		char buf[32];

		strcpy(buf, loose[i].text);
		escape_undo(buf);
		ck_assert_str_eq(buf, loose[i].undone);
	}
}
END_TEST

/* Cut text ends before an escape, never inside one, and is always terminated. */
static const struct {
	const char *text, *word;
} words[] = {
	{ "rport0", "rport0" },
	{ "netns:/run/a-b_c.d@e/x", "netns:/run/a-b_c.d@e/x" },
	{ "", "''" },
	{ "a b", "'a b'" },
	{ "$(reboot)", "'$(reboot)'" },
	{ "a'b", "'a'\"'\"'b'" },
	{ "''", "''\"'\"''\"'\"''" },
	{ "~x", "'~x'" },
	{ "\xff", "'\xff'" },
};

START_TEST(test_word)
{
	char buf[ESCAPED_WORD_SIZE(32)];

	ck_assert_str_eq(escape_word(words[_i].text, buf), words[_i].word);
	ck_assert_uint_lt(strlen(buf), ESCAPED_WORD_SIZE(strlen(words[_i].text)));
}
END_TEST

START_TEST(test_cut)
{
	static const char whole[] = "a\\xff\xc3\xbc\\x1b";

	for (size_t size = 1; size <= sizeof(whole); size++) {
		char buf[sizeof(whole) + 1];
		size_t used;

		memset(buf, '#', sizeof(buf));
		used = escape_into(buf, size, "a\xff\xc3\xbc\033", ESCAPE_BACKSLASH);
		ck_assert_uint_lt(used, size);
		ck_assert_uint_eq(strlen(buf), used);
		ck_assert_int_eq(strncmp(buf, whole, used), 0);
		ck_assert_msg(used == 0 || used == 1 || used == 5 || used == 7 || used == 11, "%zu",
			      used);
		ck_assert_int_eq(buf[size], '#');
	}
}
END_TEST

START_TEST(test_width)
{
	size_t width;
	char *text = escape_text("\xc3\xbc\xff", 0, &width);

	ck_assert_str_eq(text, "\xc3\xbc\\xff");
	ck_assert_uint_eq(width, 5);
	free(text);
}
END_TEST

/* 1 to 15 bytes that the kernel takes for the name of an interface. */
static void random_name(char name[static IFNAMSIZ])
{
	do {
		int length = 1 + rand() % (IFNAMSIZ - 1);

		for (int i = 0; i < length; i++)
			name[i] = (char)(1 + rand() % 255);
		name[length] = '\0';
	} while (!ifname_valid(name));
}

/* Printable, JSON without jansson's help, and the same bytes again. */
START_TEST(test_any_name)
{
	srand(1);
	for (int round = 0; round < ROUNDS; round++) {
		char name[IFNAMSIZ], buf[ESCAPED_SIZE(IFNAMSIZ)];
		json_t *json;

		random_name(name);
		escape_into(buf, sizeof(buf), name, ESCAPE_BACKSLASH);
		ck_assert(text_printable(buf));
		json = escape_json(name);
		ck_assert_ptr_nonnull(json);
		ck_assert_str_eq(json_string_value(json), buf);
		json_decref(json);
		escape_undo(buf);
		ck_assert_str_eq(buf, name);
	}
}
END_TEST

/* What a restart reads is what was written, whatever names there are. */
START_TEST(test_any_name_in_a_record)
{
	srand(2);
	for (int round = 0; round < ROUNDS / 100; round++) {
		struct port_spec spec = PORT_SPEC_INIT, again = PORT_SPEC_INIT;
		struct rport_error err = { 0 };
		json_t *json;
		char *text;

		random_name(spec.ifname);
		spec.domain.netns = DOMAIN_NETNS_NAMED;
		random_name(spec.domain.name);
		json = spec_json_write(&spec);
		ck_assert_ptr_nonnull(json);
		text = json_dumps(json, JSON_COMPACT);
		json_decref(json);
		json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_msg(json != NULL, "%s", text);
		ck_assert_msg(spec_json_read(json, &again, &err) == 0, "%s: %s", text, err.message);
		ck_assert_str_eq(again.ifname, spec.ifname);
		ck_assert(domain_equal(&again.domain, &spec.domain));
		json_decref(json);
		free(text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("escape");
	TCase *forms = tcase_create("forms"), *names = tcase_create("names");

	suite_add_tcase(suite, forms);
	tcase_add_loop_test(forms, test_cases, 0, ARRAY_SIZE(cases));
	tcase_add_test(forms, test_flags);
	tcase_add_test(forms, test_undo_takes_anything);
	tcase_add_loop_test(forms, test_word, 0, ARRAY_SIZE(words));
	tcase_add_test(forms, test_cut);
	tcase_add_test(forms, test_width);
	suite_add_tcase(suite, names);
	tcase_set_timeout(names, 60);
	tcase_add_test(names, test_any_name);
	tcase_add_test(names, test_any_name_in_a_record);

	return suite_run(suite);
}
