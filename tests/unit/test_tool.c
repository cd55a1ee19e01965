/* SPDX-License-Identifier: ISC */
/* Programs of others that print much or nothing, end early, late or never. */

#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "rportctl/tool.h"
#include "suite.h"

#define LONG_MSEC 60000 /* no test waits for so long */

static int ask_shell(const char *script, unsigned int msec, struct tool_answer *ret)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	return tool_ask(&(struct tool_call){ .argv = argv, .msec = msec }, ret);
}

static size_t open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

/* Each test leaves neither descriptors nor processes. */
static size_t opened;

static void setup(void)
{
	opened = open_descriptors();
}

static void teardown(void)
{
	ck_assert_uint_eq(open_descriptors(), opened);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(output_and_complaint)
{
	struct tool_answer answer;

	ck_assert_int_eq(ask_shell("echo out; echo first >&2; echo second >&2; exit 3", LONG_MSEC,
				   &answer),
			 3);
	ck_assert_str_eq(answer.output, "out\n");
	ck_assert_str_eq(answer.complaint, "first");
	tool_answer_release(&answer);
	ck_assert_int_eq(ask_shell(":", LONG_MSEC, &answer), 0);
	ck_assert_str_eq(answer.output, "");
	ck_assert_str_eq(answer.complaint, "");
	tool_answer_release(&answer);
}
END_TEST

/* Where processes share no memory after vfork(2), as in valgrind and qemu-user, it is the status. */
START_TEST(no_program)
{
	const char *const argv[] = { "no-such-program", NULL };
	struct tool_answer answer;
	int r = tool_ask(&(struct tool_call){ .argv = argv, .msec = LONG_MSEC }, &answer);

	if (r == 127)
		tool_answer_release(&answer);
	else
		ck_assert_int_eq(r, -ENOENT);
}
END_TEST

START_TEST(killed)
{
	struct tool_answer answer;

	ck_assert_int_eq(ask_shell("kill -KILL $$", LONG_MSEC, &answer), -EINTR);
}
END_TEST

/* Also one that has closed all it could be heard by. */
START_TEST(never_ends)
{
	struct tool_answer answer;

	ck_assert_int_eq(ask_shell("exec sleep 60", 50, &answer), -ETIMEDOUT);
	ck_assert_int_eq(ask_shell("exec sleep 60 >&- 2>&-", 50, &answer), -ETIMEDOUT);
}
END_TEST

START_TEST(output_is_bounded)
{
	struct tool_answer answer;

	ck_assert_int_eq(ask_shell("head -c 1048576 /dev/zero | tr '\\0' x", LONG_MSEC, &answer),
			 0);
	ck_assert_uint_eq(strlen(answer.output), TOOL_OUTPUT_MAX);
	tool_answer_release(&answer);
	ck_assert_int_eq(ask_shell("exec cat /dev/zero", LONG_MSEC, &answer), -E2BIG);
	ck_assert_int_eq(ask_shell("exec cat /dev/zero >&2", LONG_MSEC, &answer), -E2BIG);
}
END_TEST

/* More than a pipe holds, to programs that read all of it, or nothing. */
START_TEST(input)
{
	static char text[300000];
	static const char *const argv[] = { "sh", "-c", "test -z \"$SKIP\" || exit 4; cat", NULL };
	const struct tool_call call = {
		.argv = argv, .input = text, .input_size = sizeof(text) - 1, .msec = LONG_MSEC
	};
	struct tool_answer answer;

	memset(text, 'x', sizeof(text) - 1);
	ck_assert_int_eq(tool_ask(&call, &answer), 0);
	ck_assert_str_eq(answer.output, text);
	tool_answer_release(&answer);
	ck_assert_int_eq(setenv("SKIP", "1", 1), 0);
	ck_assert_int_eq(tool_ask(&call, &answer), 4);
	tool_answer_release(&answer);
}
END_TEST

START_TEST(no_input)
{
	struct tool_answer answer;

	ck_assert_int_eq(ask_shell("cat", LONG_MSEC, &answer), 0);
	ck_assert_str_eq(answer.output, "");
	tool_answer_release(&answer);
}
END_TEST

START_TEST(standard_error_is_shared)
{
	const char *const argv[] = { "sh", "-c", "test /proc/$$/fd/2 -ef /proc/$PPID/fd/2", NULL };
	struct tool_call call = { .argv = argv, .share_stderr = true, .msec = LONG_MSEC };
	struct tool_answer answer;

	ck_assert_int_eq(tool_ask(&call, &answer), 0);
	ck_assert_str_eq(answer.complaint, "");
	tool_answer_release(&answer);
	call.share_stderr = false;
	ck_assert_int_eq(tool_ask(&call, &answer), 1);
	tool_answer_release(&answer);
}
END_TEST

/* A program expects that a write to a pipe that nobody reads ends it. */
START_TEST(signals_are_the_usual_ones)
{
	struct tool_answer answer;

	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(ask_shell("kill -PIPE $$", LONG_MSEC, &answer), -EINTR);
	(void)signal(SIGPIPE, SIG_DFL);
}
END_TEST

START_TEST(an_ignored_sigchld_does_not_hide_the_status)
{
	struct tool_answer answer;

	(void)signal(SIGCHLD, SIG_IGN); /* as execve(2) passes it on */
	ck_assert_int_eq(ask_shell("exit 3", LONG_MSEC, &answer), 3);
	tool_answer_release(&answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tool");
	TCase *tcase = tcase_create("tool");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, output_and_complaint);
	tcase_add_test(tcase, no_program);
	tcase_add_test(tcase, killed);
	tcase_add_test(tcase, never_ends);
	tcase_add_test(tcase, output_is_bounded);
	tcase_add_test(tcase, input);
	tcase_add_test(tcase, no_input);
	tcase_add_test(tcase, standard_error_is_shared);
	tcase_add_test(tcase, signals_are_the_usual_ones);
	tcase_add_test(tcase, an_ignored_sigchld_does_not_hide_the_status);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
