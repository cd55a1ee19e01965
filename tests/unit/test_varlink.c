/* SPDX-License-Identifier: ISC */

/* The Varlink server: calls, answers, errors; runs its other tests, too. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "suite.h"
#include "varlink_load.h"
#include "varlink_users.h"
#include "varlink_later.h"
#include "varlink_streams.h"

/* --- methods and errors ----------------------------------------------------------------------- */

START_TEST(info)
{
	client_expect_answer("{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}",
			     "{\"parameters\":{\"vendor\":\"vendor\",\"product\":\"product\","
			     "\"version\":\"1.2.3\",\"url\":\"https://example.org\","
			     "\"interfaces\":[\"org.varlink.service\",\"org.example.Test\"]}}");
}
END_TEST

START_TEST(description)
{
	client_expect_answer(
		"{\"method\":\"org.varlink.service.GetInterfaceDescription\","
		"\"parameters\":{\"interface\":\"org.example.Test\"}}",
		"{\"parameters\":{\"description\":\"interface org.example.Test\\n\"}}");
}
END_TEST

START_TEST(description_of_the_standard_interface)
{
	struct client client;
	const char *text;
	json_t *message;

	client_open(&client);
	client_send(&client, "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			     "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
	message = client_receive(&client);
	text = json_string_value(
		json_object_get(json_object_get(message, "parameters"), "description"));
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "interface org.varlink.service\n"));
	ck_assert_ptr_nonnull(strstr(text, "error ExpectedMore ()\n"));
	json_decref(message);
	client_close(&client);
}
END_TEST

#define CALL(method)            "{\"method\":\"" method "\"}"
#define CALL_WITH(method, rest) "{\"method\":\"" method "\"," rest "}"
#define ECHO_WITH(rest)         CALL_WITH("org.example.Test.Echo", rest)
#define FAIL_WITH(rest)         CALL_WITH("org.example.Test.Fail", rest)
#define DESCRIBE_WITH(parameters) \
	CALL_WITH("org.varlink.service.GetInterfaceDescription", "\"parameters\":" parameters)
#define STANDARD_ERROR(name, key, value) \
	"{\"error\":\"org.varlink.service." name "\",\"parameters\":{\"" key "\":\"" value "\"}}"
#define NOTHING "{\"parameters\":{}}"

/* A call, and under it what is answered. */
static const char *const calls[] = {
	DESCRIBE_WITH("{\"interface\":\"org.example.Other\"}"),
	STANDARD_ERROR("InterfaceNotFound", "interface", "org.example.Other"),

	DESCRIBE_WITH("{\"interface\":1}"),
	STANDARD_ERROR("InvalidParameter", "parameter", "interface"),

	CALL("org.varlink.service.GetInterfaceDescription"),
	STANDARD_ERROR("InvalidParameter", "parameter", "interface"),

	CALL("org.example.Other.Echo"),
	STANDARD_ERROR("InterfaceNotFound", "interface", "org.example.Other"),

	CALL("org.example.Test.Nothing"),
	STANDARD_ERROR("MethodNotFound", "method", "org.example.Test.Nothing"),

	CALL("org.example.Test."),
	STANDARD_ERROR("MethodNotFound", "method", "org.example.Test."),

	CALL(".Echo"),
	STANDARD_ERROR("InterfaceNotFound", "interface", ""),

	CALL("Echo"),
	STANDARD_ERROR("InvalidParameter", "parameter", "method"),

	ECHO_WITH("\"upgrade\":true"),
	STANDARD_ERROR("MethodNotImplemented", "method", "org.example.Test.Echo"),

	CALL("org.example.Test.Fail"),
	STANDARD_ERROR("InvalidParameter", "parameter", "why"),

	FAIL_WITH("\"parameters\":{\"why\":\"so\"}"),
	"{\"error\":\"org.example.Test.Failed\",\"parameters\":{\"why\":\"so\"}}",

	ECHO_WITH("\"parameters\":{\"a\":[1,\"\xc3\xbc\"]}"),
	"{\"parameters\":{\"a\":[1,\"\xc3\xbc\"]}}",

	CALL("org.example.Test.Echo"),
	NOTHING,

	ECHO_WITH("\"parameters\":null,\"more\":null"),
	NOTHING,

	ECHO_WITH("\"more\":true"),
	NOTHING,

	ECHO_WITH("\"oneway\":false,\"more\":false,\"upgrade\":false"),
	NOTHING,

	ECHO_WITH("\"unknown\":{\"key\":1}"),
	NOTHING,
};

START_TEST(call_and_answer)
{
	client_expect_answer(calls[2 * _i], calls[2 * _i + 1]);
}
END_TEST

START_TEST(oneway_is_not_answered)
{
	struct client client;

	client_open(&client);
	client_send(&client, "{\"method\":\"org.example.Test.Count\",\"oneway\":true}");
	client_send(&client, "{\"method\":\"org.example.Test.Fail\",\"oneway\":true}");
	client_send(&client, "{\"method\":\"org.example.Test.Nothing\",\"oneway\":true}");
	client_expect_silence(&client);
	ck_assert_uint_eq(varlink_counted, 1);
	client_send(&client, COUNT);
	client_expect_count(&client, 2);
	client_close(&client);
}
END_TEST

START_TEST(oneway_runs_after_the_client_left)
{
	struct client client;

	client_open(&client);
	client_send(&client, "{\"method\":\"org.example.Test.Count\",\"oneway\":true}");
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_counted, 1);
	ck_assert_uint_eq(varlink_server->n_connections, 0);
}
END_TEST

/* --- permission ------------------------------------------------------------------------------- */

#define CHANGE "{\"method\":\"org.example.Test.Change\"}"
#define DENIED "{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}"

START_TEST(other_user_may_read_but_not_change)
{
	struct client client;

	client_open_as_user(&client, NULL, 0);
	client_send(&client, CHANGE);
	client_expect(&client, DENIED);
	client_send(&client, COUNT);
	client_expect_count(&client, 1);
	client_close(&client);
}
END_TEST

START_TEST(root_may_change)
{
	if (geteuid() != 0)
		return;
	client_expect_answer(CHANGE, "{\"parameters\":{\"count\":1}}");
}
END_TEST

START_TEST(member_of_the_group_may_change)
{
	struct varlink_server_options options = varlink_default_options;
	gid_t groups[100]; /* more than fit at the first try */
	struct client client;

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		groups[i] = (gid_t)(1000 + i);
	options.group = geteuid() == 0 ? 1099 : getegid();
	varlink_server_free(varlink_server);
	varlink_start(&options);
	client_open_as_user(&client, groups, ARRAY_SIZE(groups));
	client_send(&client, CHANGE);
	client_expect_count(&client, 1);
	client_close(&client);
}
END_TEST

/* What the audit function was told. */
static struct {
	unsigned int calls, later;
	char text[256];
	struct varlink_caller caller;
} audited;

static void audit(const struct varlink_call *call, const json_t *reply, void *userdata _unused_)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;

	audited.calls++;
	audited.later += !reply;
	snprintf(audited.text, sizeof(audited.text), "%s %s", varlink_call_method(call),
		 text ? text : "later");
	varlink_call_caller(call, &audited.caller);
	ck_assert_uint_eq(varlink_call_uid(call), audited.caller.uid);
	free(text);
}

static void start_audited(void)
{
	struct varlink_server_options options = varlink_default_options;

	memset(&audited, 0, sizeof(audited));
	options.audit = audit;
	options.group = geteuid() == 0 ? (gid_t)-1 : getegid();
	varlink_server_free(varlink_server);
	varlink_start(&options);
}

START_TEST(changes_are_audited)
{
	struct client client;

	start_audited();
	client_open(&client);
	client_send(&client, COUNT); /* it only reads */
	client_expect_count(&client, 1);
	ck_assert_uint_eq(audited.calls, 0);
	client_send(&client, CHANGE);
	client_expect_count(&client, 2);
	ck_assert_str_eq(audited.text, "Change {\"parameters\":{\"count\":2}}");
	ck_assert_uint_eq(audited.caller.uid, geteuid());
	ck_assert_int_eq(audited.caller.pid, getpid());
	ck_assert_int_gt(strlen(audited.caller.program), 0);
	/* also where nobody waits for the answer */
	client_send(&client, CALL_WITH("org.example.Test.Change", "\"oneway\":true"));
	client_send(&client, COUNT);
	client_expect_count(&client, 4);
	ck_assert_uint_eq(audited.calls, 2);
	/* and where it comes later */
	client_send(&client, CALL("org.example.Test.ChangeLater"));
	varlink_settle();
	ck_assert_str_eq(audited.text, "ChangeLater later");
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(audited.calls, 3);
	ck_assert_uint_eq(audited.later, 1);
}
END_TEST

START_TEST(refusals_are_audited)
{
	struct client client;

	if (geteuid() != 0)
		return;
	start_audited();
	client_open_as_user(&client, NULL, 0);
	client_send(&client, CHANGE);
	client_expect(&client, DENIED);
	ck_assert_str_eq(audited.text, "Change " DENIED);
	ck_assert_uint_ne(audited.caller.uid, 0);
	client_close(&client);
}
END_TEST

START_TEST(may_change)
{
	static const gid_t groups[] = { 10, 20 };
	const gid_t nobody = (gid_t)-1;

	ck_assert(varlink_may_change(0, 0, NULL, 0, nobody));
	ck_assert(varlink_may_change(0, 5, groups, 2, 30));
	ck_assert(varlink_may_change(1000, 30, NULL, 0, 30));
	ck_assert(varlink_may_change(1000, 5, groups, 2, 20));
	ck_assert(!varlink_may_change(1000, 5, groups, 1, 20));
	ck_assert(!varlink_may_change(1000, 5, groups, 2, 30));
	ck_assert(!varlink_may_change(1000, 0, NULL, 0, 30));
	ck_assert(!varlink_may_change(1000, 5, groups, 2, nobody));
	ck_assert(!varlink_may_change(1000, nobody, &nobody, 1, nobody));
}
END_TEST

START_TEST(connections_of_a_user_are_limited)
{
	struct client clients[PER_UID], extra;

	for (size_t i = 0; i < PER_UID; i++)
		client_open_as_user(&clients[i], NULL, 0);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, PER_UID);
	client_open_as_user(&extra, NULL, 0);
	client_expect_closed(&extra);
	client_close(&extra);
	if (geteuid() == 0)
		client_expect_answer(COUNT, "{\"parameters\":{\"count\":1}}");
	for (size_t i = 0; i < PER_UID; i++)
		client_close(&clients[i]);
}
END_TEST

/* --- the listening socket --------------------------------------------------------------------- */

static struct dir_entry entry = ENTRY_INIT;

START_TEST(listen_ignores_the_umask)
{
	mode_t mask = umask(077);
	struct stat st;
	int fd = -1;

	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &fd), 0);
	umask(mask);
	ck_assert_int_eq(stat(varlink_path, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 07777, 0666);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	close(fd);
	entry_close(&entry);
}
END_TEST

START_TEST(listen_replaces_a_stale_socket)
{
	int fd = -1;

	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &fd), 0);
	close(fd);
	entry_close(&entry);
	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &fd), 0);
	close(fd);
	entry_close(&entry);
}
END_TEST

START_TEST(listen_respects_a_live_socket)
{
	int fd = -1, second = -1, client;

	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &fd), 0);
	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &second), -EADDRINUSE);
	ck_assert_int_eq(second, -1);
	client = client_connect();
	close(client);
	close(fd);
	entry_close(&entry);
}
END_TEST

START_TEST(listen_leaves_other_files_alone)
{
	int fd = open(varlink_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	int listening = -1;
	struct stat st;

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &listening), -EEXIST);
	ck_assert_int_eq(stat(varlink_path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
}
END_TEST

/* The owner of the directory may exchange the socket: what is there then is not ours to remove. */
START_TEST(entry_of_another_file_stays)
{
	struct stat st;
	int fd = -1, other;

	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &fd), 0);
	ck_assert(entry_is_ours(&entry));
	ck_assert_int_eq(unlink(varlink_path), 0);
	ck_assert_int_eq(entry_remove(&entry), -ESTALE);
	other = open(varlink_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(other, 0);
	close(other);
	ck_assert(!entry_is_ours(&entry));
	ck_assert_int_eq(entry_remove(&entry), -ESTALE);
	ck_assert_int_eq(stat(varlink_path, &st), 0);
	entry_close(&entry);
	entry_close(&entry);
	close(fd);
}
END_TEST

START_TEST(entry_needs_a_name)
{
	ck_assert_int_eq(entry_open("/tmp/", &entry), -EINVAL);
	ck_assert_int_eq(entry_open("", &entry), -EINVAL);
	ck_assert_int_eq(entry_open("/tmp/..", &entry), -EINVAL);
	ck_assert_int_eq(entry_open("/nonexistent/name", &entry), -ENOENT);
	ck_assert_int_eq(entry_open("name", &entry), 0);
	entry_close(&entry);
	ck_assert_int_eq(entry_open("/name", &entry), 0);
	ck_assert_str_eq(entry.name, "name");
	entry_close(&entry);
}
END_TEST

START_TEST(listen_does_not_truncate)
{
	char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	int fd = -1;

	memset(text, 'x', sizeof(text));
	memcpy(text, "/tmp/", 5);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(varlink_listen(text, &entry, &fd), -ENAMETOOLONG);
	ck_assert_int_eq(varlink_listen("", &entry, &fd), -EINVAL);
	ck_assert_int_eq(varlink_listen("/nonexistent/socket", &entry, &fd), -ENOENT);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(free_takes_null_and_open_connections)
{
	struct client client;

	varlink_server_free(NULL);
	client_open(&client);
	client_send(&client, BIG);
	varlink_settle();
	varlink_server_free(varlink_server);
	varlink_server = NULL;
	client_close(&client);
}
END_TEST

/* --- the suite -------------------------------------------------------------------------------- */

static void add_server_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, varlink_setup, varlink_teardown);
	tcase_add_test(tcase, info);
	tcase_add_test(tcase, description);
	tcase_add_test(tcase, description_of_the_standard_interface);
	tcase_add_loop_test(tcase, call_and_answer, 0, ARRAY_SIZE(calls) / 2);
	tcase_add_test(tcase, oneway_is_not_answered);
	tcase_add_test(tcase, oneway_runs_after_the_client_left);
	tcase_add_test(tcase, other_user_may_read_but_not_change);
	tcase_add_test(tcase, root_may_change);
	tcase_add_test(tcase, member_of_the_group_may_change);
	tcase_add_test(tcase, changes_are_audited);
	tcase_add_test(tcase, refusals_are_audited);
	tcase_add_test(tcase, may_change);
	tcase_add_test(tcase, connections_of_a_user_are_limited);
	tcase_add_test(tcase, free_takes_null_and_open_connections);
}

static void add_listen_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, varlink_setup_directory, varlink_teardown_directory);
	tcase_add_test(tcase, listen_ignores_the_umask);
	tcase_add_test(tcase, listen_replaces_a_stale_socket);
	tcase_add_test(tcase, listen_respects_a_live_socket);
	tcase_add_test(tcase, listen_leaves_other_files_alone);
	tcase_add_test(tcase, listen_does_not_truncate);
	tcase_add_test(tcase, entry_of_another_file_stays);
	tcase_add_test(tcase, entry_needs_a_name);
}

static Suite *varlink_suite(void)
{
	Suite *suite = suite_create("varlink");
	TCase *server_case = tcase_create("server");
	TCase *volume = tcase_create("volume");
	TCase *load_case = tcase_create("load");
	TCase *users_case = tcase_create("users");
	TCase *streams_case = tcase_create("streams");
	TCase *later_case = tcase_create("later");
	TCase *listen_case = tcase_create("listen");

	add_server_tests(server_case);
	varlink_load_tests(load_case, volume);
	varlink_users_tests(users_case, volume);
	tcase_set_timeout(load_case, 30);
	varlink_streams_tests(streams_case, volume);
	tcase_set_timeout(streams_case, 30);
	varlink_later_tests(later_case);
	add_listen_tests(listen_case);
	suite_add_tcase(suite, server_case);
	tcase_add_checked_fixture(volume, varlink_setup, varlink_teardown);
	tcase_set_tags(volume, "volume");
	tcase_set_timeout(volume, 30);
	suite_add_tcase(suite, volume);
	suite_add_tcase(suite, load_case);
	suite_add_tcase(suite, users_case);
	suite_add_tcase(suite, streams_case);
	suite_add_tcase(suite, later_case);
	suite_add_tcase(suite, listen_case);
	return suite;
}

int main(void)
{
	return suite_run(varlink_suite());
}
