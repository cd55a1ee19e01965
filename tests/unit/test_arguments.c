/* SPDX-License-Identifier: ISC */
/* The options of rportd, and the table of engines that --datapath goes by. */

#include <check.h>
#include <getopt.h>

#include "daemon/arguments.h"
#include "datapath/engines.h"
#include "suite.h"

/* The engines that a choice allows, in order; ended by NULL. */
static const struct choice {
	const char *choice;
	const struct engine_class *engines[4];
} choices[] = {
	{ NULL, { &engine_batch, &engine_pending, &engine_epoll } },
	{ "auto", { &engine_batch, &engine_pending, &engine_epoll } },
	{ "uring", { &engine_batch, &engine_pending } },
	{ "uring-batch", { &engine_batch } },
	{ "uring-pending", { &engine_pending } },
	{ "epoll", { &engine_epoll } },
	{ "uring-", { NULL } },
	{ "ur", { NULL } },
	{ "", { NULL } },
	{ "uring-batch-more", { NULL } },
};

START_TEST(a_choice_allows_engines)
{
	const struct choice *choice = &choices[_i];
	const struct engine_class *engine = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(choice->engines); i++) {
		engine = engines_next(choice->choice, engine);
		ck_assert_ptr_eq(engine, choice->engines[i]);
		if (!engine)
			break;
	}
}
END_TEST

START_TEST(choices_are_listed)
{
	char text[ENGINES_TEXT_MAX];

	ck_assert_str_eq(engines_format(false, text),
			 "auto, uring, uring-batch, uring-pending or epoll");
	ck_assert_str_eq(engines_format(true, text), "auto, uring, uring-batch (Linux 6.4), "
						     "uring-pending (Linux 6.1) or epoll");
}
END_TEST

#define WORDS_MAX 4

/* Words of a command line, and what arguments_parse() returns. */
static const struct line {
	const char *words[WORDS_MAX];
	int result;
} lines[] = {
	{ { NULL }, 1 },
	{ { "--datapath", "uring" }, 1 },
	{ { "--datapath=epoll", "--workers", "3" }, 1 },
	{ { "--datapath", "uring-other" }, -EINVAL },
	{ { "--workers", "0" }, -EINVAL },
	{ { "--workers", "65" }, -EINVAL },
	{ { "--workers", "-1" }, -EINVAL },
	{ { "--workers", "2x" }, -EINVAL },
	{ { "--busy-poll", "10000" }, 1 },
	{ { "--busy-poll", "10001" }, -EINVAL },
	{ { "--limit", "links=0" }, 1 },
	{ { "--limit", "links" }, -EINVAL },
	{ { "--limit", "link=1" }, -EINVAL },
	{ { "--limit", "ports=0" }, -EINVAL },
	{ { "--seccomp", "kill" }, 1 },
	{ { "--seccomp", "" }, -EINVAL },
	{ { "--log-level", "debug" }, 1 },
	{ { "--log-level", "loud" }, -EINVAL },
	{ { "--config-path", "" }, -EINVAL },
	{ { "--check-config", "--unwatched-queues" }, 1 },
	{ { "--check-config=1" }, -EINVAL },
	{ { "--nothing" }, -EINVAL },
	{ { "word" }, -EINVAL },
	{ { "--check-config", "a.rport", "b.rport" }, 1 },
	{ { "--help" }, 0 },
	{ { "--version" }, 0 },
};

static int parse(const char *const words[WORDS_MAX], struct arguments *ret)
{
	char program[] = "rportd";
	char *argv[WORDS_MAX + 2] = { program };
	int argc = 1;

	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		argv[argc++] = (char *)words[i];
	optind = 0; /* getopt_long(3) begins anew */
	return arguments_parse(argc, argv, ret);
}

START_TEST(lines_are_parsed)
{
	struct arguments arguments;

	ck_assert_int_eq(parse(lines[_i].words, &arguments), lines[_i].result);
}
END_TEST

START_TEST(values_are_stored)
{
	struct arguments arguments;

	ck_assert_int_eq(parse((const char *[WORDS_MAX]){ "--workers=7", "--limit=ports=5",
							  "--datapath=epoll", "--socket=/s" },
			       &arguments),
			 1);
	ck_assert_uint_eq(arguments.workers, 7);
	ck_assert_uint_eq(arguments.limits.ports, 5);
	ck_assert_uint_eq(arguments.limits.links, 10000);
	ck_assert_str_eq(arguments.datapath, "epoll");
	ck_assert_str_eq(arguments.socket, "/s");
	ck_assert_str_eq(arguments.config_path, ""); /* the files belong to another daemon */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arguments");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, a_choice_allows_engines, 0, ARRAY_SIZE(choices));
	tcase_add_test(tcase, choices_are_listed);
	tcase_add_loop_test(tcase, lines_are_parsed, 0, ARRAY_SIZE(lines));
	tcase_add_test(tcase, values_are_stored);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
