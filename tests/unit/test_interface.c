/* SPDX-License-Identifier: ISC */
/* org.rportd.Manager: its text, its methods and its errors name the same things. */

#include <check.h>
#include <ctype.h>
#include <stdio.h>

#include "api/interface.h"
#include "base/error.h"
#include "suite.h"

#define NAMES_MAX 64
#define NAME_MAX_ 40

struct names {
	char names[NAMES_MAX][NAME_MAX_];
	size_t n;
};

/* The names behind @keyword at the beginning of a line. */
static struct names named_in_text(const char *keyword)
{
	struct names ret = { 0 };
	const char *line = api_interface.description;
	size_t length = strlen(keyword);

	for (; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t end = length;

		if (strncmp(line, keyword, length) != 0)
			continue;
		while (isalnum((unsigned char)line[end]))
			end++;
		ck_assert_uint_lt(ret.n, NAMES_MAX);
		ck_assert_uint_lt(end - length, NAME_MAX_);
		memcpy(ret.names[ret.n++], line + length, end - length);
	}
	return ret;
}

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (streq(names->names[i], name))
			return true;
	return false;
}

/* Each name of @a is in @b. */
static void all_in(const struct names *a, const struct names *b, const char *where)
{
	for (size_t i = 0; i < a->n; i++)
		ck_assert_msg(has(b, a->names[i]), "%s: no %s", where, a->names[i]);
}

static void add(struct names *names, const char *name)
{
	ck_assert_msg(!has(names, name), "%s is there twice", name);
	ck_assert_uint_lt(names->n, NAMES_MAX);
	snprintf(names->names[names->n++], NAME_MAX_, "%s", name);
}

START_TEST(text_and_table_have_the_same_methods)
{
	struct names text = named_in_text("method "), table = { 0 };

	for (size_t i = 0; i < api_interface.n_methods; i++)
		add(&table, api_interface.methods[i].name);
	ck_assert_uint_gt(text.n, 10);
	all_in(&text, &table, "the table of methods");
	all_in(&table, &text, "the .varlink text");
}
END_TEST

START_TEST(text_and_kinds_have_the_same_errors)
{
	struct names text = named_in_text("error "), kinds = { 0 };

	for (int kind = 0; kind < RPORT_ERR_KINDS; kind++)
		add(&kinds, rport_error_name((enum rport_error_kind)kind));
	ck_assert_uint_gt(text.n, 10);
	all_in(&text, &kinds, "the kinds of errors");
	all_in(&kinds, &text, "the .varlink text");
}
END_TEST

START_TEST(errors_have_an_exit_status)
{
	ck_assert_int_eq(rport_error_status("LinkNotFound"), STATUS_NOT_FOUND);
	ck_assert_int_eq(rport_error_status("NoParent"), STATUS_NOT_FOUND);
	ck_assert_int_eq(rport_error_status("PortBusy"), STATUS_REFUSED);
	ck_assert_int_eq(rport_error_status("OfAnotherVersion"), STATUS_REFUSED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("interface");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, text_and_table_have_the_same_methods);
	tcase_add_test(tcase, text_and_kinds_have_the_same_errors);
	tcase_add_test(tcase, errors_have_an_exit_status);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
