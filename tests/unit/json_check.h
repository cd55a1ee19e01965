/* SPDX-License-Identifier: ISC */
#ifndef TEST_JSON_CHECK_H
#define TEST_JSON_CHECK_H

/* JSON in tests: from a text, and compared with one. */

#include <check.h>
#include <jansson.h>

/**
 * json() - make a value
 * @text: of it; anything else is a failure
 *
 * Return: the value, which the caller owns.
 */
static inline json_t *json(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

	ck_assert_msg(value, "%s: %s", error.text, text);
	return value;
}

/**
 * assert_json() - compare a value with a text
 * @got: the value, which is released; NULL is a failure
 * @want: the text, compact and with sorted keys
 */
static inline void assert_json(json_t *got, const char *want)
{
	char *text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(text, want);
	free(text);
	json_decref(got);
}

#endif
