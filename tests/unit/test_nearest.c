/* SPDX-License-Identifier: ISC */

/* Which word was meant. */

#include <check.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "base/util.h"
#include "suite.h"

static const char *meant(const char *word, const char *const *known)
{
	static struct nearest nearest;

	nearest_begin(&nearest, word);
	for (; *known; known++)
		nearest_offer(&nearest, *known);
	return nearest_found(&nearest);
}

#define COMMANDS                                                                       \
	(const char *const[])                                                          \
	{                                                                              \
		"pair", "unpair", "list", "show", "set", "up", "exists", "ports", NULL \
	}

static const struct {
	const char *word;
	const char *meant; /* NULL: nothing is near enough */
} cases[] = {
	{ "lst", "list" },  { "lists", "list" },    { "lsit", "list" },     { "LIST", "list" },
	{ "pear", "pair" }, { "unpiar", "unpair" }, { "port", "ports" },    { "sohw", "show" },
	{ "x", NULL },      { "", NULL },           { "frobnicate", NULL }, { "status", NULL },
	{ "u", "up" },      { "exsist", "exists" },
};

START_TEST(the_nearest_is_found)
{
	const char *found = meant(cases[_i].word, COMMANDS);

	ck_assert_pstr_eq(found, cases[_i].meant);
}
END_TEST

START_TEST(the_first_of_two_is_found)
{
	ck_assert_str_eq(meant("cat", (const char *const[]){ "bat", "car", NULL }), "bat");
	ck_assert_str_eq(meant("Mtu", (const char *const[]){ "Mti", "MTU", NULL }), "MTU");
}
END_TEST

START_TEST(long_words_are_left_alone)
{
	char longest[NEAREST_MAX + 2];

	memset(longest, 'a', sizeof(longest));
	longest[NEAREST_MAX + 1] = '\0';
	ck_assert_ptr_null(meant(longest, (const char *const[]){ longest, NULL }));
	longest[NEAREST_MAX] = '\0';
	ck_assert_str_eq(meant(longest, (const char *const[]){ longest, NULL }), longest);
	longest[0] = 'b';
	ck_assert_ptr_nonnull(meant(longest, (const char *const[]){ longest + 1, NULL }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nearest");
	TCase *tcase = tcase_create("nearest");

	tcase_add_loop_test(tcase, the_nearest_is_found, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tcase, the_first_of_two_is_found);
	tcase_add_test(tcase, long_words_are_left_alone);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
