/* SPDX-License-Identifier: ISC */

/* rportctl's client, against daemons that answer in every way. */

#include <check.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "rportctl/client.h"
#include "base/util.h"
#include "suite.h"

/*
 * A daemon of one connection is in a child process: it takes the call, which a test looks at by
 * what it is answered, says what the test put down for it, and closes.
 */

#define BIG 20000000 /* bytes in a reply; much more than a socket holds */

#define FIRST    "{\"continues\":true,\"parameters\":{\"n\":1}}"
#define SECOND   "{\"continues\":true,\"parameters\":{\"n\":2}}"
#define LAST     "{\"parameters\":{\"n\":3}}"
#define NOT_MORE "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}"
#define NO_LINK                                           \
	"{\"error\":\"org.rportd.Manager.LinkNotFound\"," \
	"\"parameters\":{\"message\":\"no such link\"}}"

static char directory[] = "/tmp/test_client.XXXXXX";
static char path[64];
static struct ctl_options options = { .socket = path };
static int listen_fd;
static pid_t child;

/* What came of the replies. */
static int numbers[8];
static size_t n_replies;
static size_t enough; /* so many replies are wanted */
static size_t longest;

static void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/socket", directory);
	memcpy(address.sun_path, path, strlen(path) + 1);
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(listen_fd, 0);
	ck_assert_int_eq(bind(listen_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listen_fd, 1), 0);
	n_replies = longest = 0;
	enough = ARRAY_SIZE(numbers);
	child = 0;
}

static void teardown(void)
{
	if (child > 0)
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	listen_fd = safe_close(listen_fd);
	unlink(path);
	rmdir(directory);
}

static void say(int fd, const char *text)
{
	size_t size = strlen(text) + 1;

	for (ssize_t n; size > 0; text += n, size -= (size_t)n) {
		n = send(fd, text, size, MSG_NOSIGNAL);
		if (n < 0)
			_exit(1);
	}
}

/* The call has to be @call to the letter; another one is not answered. */
static void serve(const char *call, const char *const *answers, size_t n)
{
	char got[256] = "";

	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int fd = accept(listen_fd, NULL, NULL);

		if (recv(fd, got, sizeof(got) - 1, 0) < 0 || !streq(got, call))
			_exit(1);
		for (size_t i = 0; i < n; i++)
			say(fd, answers[i]);
		_exit(0);
	}
}

static bool take_reply(const json_t *parameters, void *userdata)
{
	ck_assert_ptr_eq(userdata, &enough);
	ck_assert_uint_lt(n_replies, ARRAY_SIZE(numbers));
	numbers[n_replies++] = (int)json_integer_value(json_object_get(parameters, "n"));
	longest = MAX(longest, json_string_length(json_object_get(parameters, "text")));
	return n_replies < enough;
}

static enum ctl_status stream(struct client_answer *answer)
{
	return client_stream(&options, "org.example.Watch", json_object(), take_reply, &enough,
			     answer);
}

#define STREAM_CALL "{\"method\":\"org.example.Watch\",\"more\":true,\"parameters\":{}}"
#define PLAIN_CALL  "{\"method\":\"org.example.Get\",\"parameters\":{}}"

static const struct stream_case {
	const char *answers[3];
	size_t n_answers;
	size_t enough; /* 0: all there are */
	size_t n_replies;
	enum ctl_status status;
	const char *message;
} stream_cases[] = {
	{ { FIRST, SECOND, LAST }, 3, 0, 3, STATUS_DONE, "" },
	{ { LAST }, 1, 0, 1, STATUS_DONE, "" },
	{ { LAST, FIRST }, 2, 0, 1, STATUS_DONE, "" },
	{ { FIRST, SECOND, LAST }, 3, 2, 2, STATUS_DONE, "" },
	{ { FIRST, SECOND }, 2, 0, 2, STATUS_NO_DAEMON, "went away" },
	{ { 0 }, 0, 0, 0, STATUS_NO_DAEMON, "without an answer" },
	{ { FIRST, "[]" }, 2, 0, 1, STATUS_NO_DAEMON, "cannot be understood" },
	{ { FIRST, "{\"continues\":true}" }, 2, 0, 1, STATUS_NO_DAEMON, "cannot be understood" },
	{ { NOT_MORE }, 1, 0, 0, STATUS_REFUSED, "ExpectedMore" },
	{ { FIRST, NO_LINK, LAST }, 3, 0, 1, STATUS_NOT_FOUND, "no such link" },
};

START_TEST(stream_to_its_end)
{
	const struct stream_case *c = &stream_cases[_i];
	struct client_answer answer;

	if (c->enough)
		enough = c->enough;
	serve(STREAM_CALL, c->answers, c->n_answers);
	ck_assert_int_eq(stream(&answer), c->status);
	ck_assert_int_eq(answer.status, c->status);
	ck_assert_ptr_nonnull(strstr(answer.message, c->message));
	ck_assert_int_eq(*answer.message == '\0', c->status == STATUS_DONE);
	ck_assert_ptr_null(answer.parameters);
	ck_assert_uint_eq(n_replies, c->n_replies);
	for (size_t i = 0; i + 1 < n_replies; i++)
		ck_assert_int_eq(numbers[i], (int)i + 1);
	client_answer_release(&answer);
}
END_TEST

START_TEST(replies_of_any_size)
{
	char *big = malloc(BIG + 128);
	const char *answers[] = { big, FIRST, LAST };
	struct client_answer answer;
	int n;

	ck_assert_ptr_nonnull(big);
	n = snprintf(big, 128, "{\"continues\":true,\"parameters\":{\"text\":\"");
	memset(big + n, 'x', BIG);
	strcpy(big + n + BIG, "\"}}");
	serve(STREAM_CALL, answers, ARRAY_SIZE(answers));
	free(big);
	ck_assert_int_eq(stream(&answer), STATUS_DONE);
	ck_assert_uint_eq(longest, BIG);
	ck_assert_uint_eq(n_replies, 3);
	client_answer_release(&answer);
}
END_TEST

START_TEST(call_has_one_answer)
{
	static const char *const answers[] = { LAST, FIRST };
	struct client_answer answer;

	serve(PLAIN_CALL, answers, ARRAY_SIZE(answers));
	ck_assert_int_eq(client_call(&options, "org.example.Get", json_object(), &answer),
			 STATUS_DONE);
	ck_assert_int_eq(json_integer_value(json_object_get(answer.parameters, "n")), 3);
	client_answer_release(&answer);
}
END_TEST

static void take_progress(const json_t *parameters, void *userdata)
{
	(void)take_reply(parameters, userdata);
}

static const struct progress_case {
	const char *answers[3];
	size_t n_answers;
	size_t n_replies; /* before the last one */
	enum ctl_status status;
} progress_cases[] = {
	{ { FIRST, SECOND, LAST }, 3, 2, STATUS_DONE }, { { LAST, FIRST }, 2, 0, STATUS_DONE },
	{ { FIRST, NO_LINK }, 2, 1, STATUS_NOT_FOUND }, { { NO_LINK }, 1, 0, STATUS_NOT_FOUND },
	{ { FIRST, SECOND }, 2, 2, STATUS_NO_DAEMON },  { { FIRST, "[]" }, 2, 1, STATUS_NO_DAEMON },
};

START_TEST(call_with_progress)
{
	const struct progress_case *c = &progress_cases[_i];
	struct client_answer answer;

	serve(STREAM_CALL, c->answers, c->n_answers);
	ck_assert_int_eq(client_call_progress(&options, "org.example.Watch", json_object(),
					      take_progress, &enough, &answer),
			 c->status);
	ck_assert_uint_eq(n_replies, c->n_replies);
	ck_assert_int_eq(answer.parameters != NULL, c->status == STATUS_DONE);
	if (answer.parameters)
		ck_assert_int_eq(json_integer_value(json_object_get(answer.parameters, "n")), 3);
	client_answer_release(&answer);
}
END_TEST

START_TEST(call_fails)
{
	static const char *const answers[] = { NO_LINK };
	struct client_answer answer;

	serve(PLAIN_CALL, answers, ARRAY_SIZE(answers));
	ck_assert_int_eq(client_call(&options, "org.example.Get", json_object(), &answer),
			 STATUS_NOT_FOUND);
	ck_assert_str_eq(answer.message, "no such link");
	ck_assert_ptr_null(answer.parameters);
	client_answer_release(&answer);
}
END_TEST

START_TEST(no_memory_for_the_call)
{
	struct client_answer answer;

	ck_assert_int_eq(client_call(&options, "org.example.Get", NULL, &answer), STATUS_NO_DAEMON);
	ck_assert_ptr_nonnull(strstr(answer.message, strerror(ENOMEM)));
	client_answer_release(&answer);
}
END_TEST

START_TEST(nobody_listens)
{
	struct client_answer answer;

	listen_fd = safe_close(listen_fd);
	ck_assert_int_eq(stream(&answer), STATUS_NO_DAEMON);
	ck_assert_ptr_nonnull(strstr(answer.message, "is rportd running?"));
	ck_assert_uint_eq(n_replies, 0);
	client_answer_release(&answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = tcase_create("client"), *volume = tcase_create("volume");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, stream_to_its_end, 0, ARRAY_SIZE(stream_cases));
	tcase_add_test(tcase, call_has_one_answer);
	tcase_add_loop_test(tcase, call_with_progress, 0, ARRAY_SIZE(progress_cases));
	tcase_add_test(tcase, call_fails);
	tcase_add_test(tcase, no_memory_for_the_call);
	tcase_add_test(tcase, nobody_listens);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, volume);
	tcase_add_checked_fixture(volume, setup, teardown);
	tcase_set_tags(volume, "volume");
	tcase_set_timeout(volume, 30);
	tcase_add_test(volume, replies_of_any_size);
	return suite_run(suite);
}
