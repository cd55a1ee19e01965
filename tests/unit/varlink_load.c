/* SPDX-License-Identifier: ISC */

/* The Varlink server: framing, limits and load. */

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "varlink_load.h"

/* --- framing ---------------------------------------------------------------------------------- */

START_TEST(pipelined_calls_are_answered_in_order)
{
	static char stream[100 * sizeof(COUNT)];
	struct client client;

	for (size_t i = 0; i < 100; i++)
		memcpy(stream + i * sizeof(COUNT), COUNT, sizeof(COUNT));
	client_open(&client);
	client_send_bytes(&client, stream, sizeof(stream));
	for (int i = 1; i <= 100; i++)
		client_expect_count(&client, i);
	client_close(&client);
}
END_TEST

START_TEST(call_in_single_bytes)
{
	struct client client;

	client_open(&client);
	for (size_t i = 0; i < sizeof(COUNT); i++) {
		client_send_bytes(&client, COUNT + i, 1);
		varlink_settle();
	}
	client_expect_count(&client, 1);
	client_close(&client);
}
END_TEST

START_TEST(calls_before_the_end_of_the_stream_are_answered)
{
	struct client client;

	client_open(&client);
	client_send_bytes(&client, COUNT "\0" COUNT "\0{\"half", 2 * sizeof(COUNT) + 6);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	client_expect_count(&client, 1);
	client_expect_count(&client, 2);
	client_expect_closed(&client);
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 0);
}
END_TEST

START_TEST(half_a_message_then_close)
{
	struct client client;

	client_open(&client);
	client_send_bytes(&client, COUNT, 10);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 1);
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 0);
	ck_assert_uint_eq(varlink_counted, 0);
}
END_TEST

static const char *const garbage[] = {
	"",
	"GET / HTTP/1.1\r\n",
	"{}",
	"[]",
	"{\"method\":1}",
	"{\"method\":null}",
	"{\"method\":\"org.example.Test.Echo\",\"method\":\"org.example.Test.Echo\"}",
	"{\"method\":\"org.example.Test.Echo\",\"parameters\":[]}",
	"{\"method\":\"org.example.Test.Echo\",\"parameters\":\"x\"}",
	"{\"method\":\"org.example.Test.Echo\",\"more\":1}",
	"{\"method\":\"org.example.Test.Echo\",\"oneway\":\"true\"}",
	"{\"method\":\"org.example.Test.Echo\",\"upgrade\":{}}",
	"{\"method\":\"org.example.Test.Echo\"}}",
	"{\"method\":\"\xff\"}",
};

START_TEST(garbage_closes_only_its_connection)
{
	struct client good, bad;

	client_open(&good);
	client_open(&bad);
	client_send(&good, COUNT);
	client_expect_count(&good, 1);
	client_send(&bad, garbage[_i]);
	client_expect_closed(&bad);
	client_send(&good, COUNT);
	client_expect_count(&good, 2);
	ck_assert_uint_eq(varlink_server->n_connections, 1);
	client_close(&bad);
	client_close(&good);
}
END_TEST

START_TEST(endless_message_is_cut)
{
	static char text[4096 + 1];
	struct client client;

	memset(text, ' ', sizeof(text));
	client_open(&client);
	client_send_bytes(&client, text, sizeof(text));
	client_expect_closed(&client);
	client_close(&client);
}
END_TEST

static const char *const unanswered[] = { "NoMemory", "Silent" };

START_TEST(method_without_an_answer_closes)
{
	struct client client;
	char call[128];

	snprintf(call, sizeof(call), "{\"method\":\"org.example.Test.%s\"}", unanswered[_i]);
	client_open(&client);
	client_send(&client, call);
	client_expect_closed(&client);
	client_close(&client);
}
END_TEST

/* --- load ------------------------------------------------------------------------------------- */

START_TEST(slow_reader_holds_up_itself_alone)
{
	struct client slow, other;

	client_open(&slow);
	client_send_bytes(&slow, BIG "\0" COUNT "\0" BIG, 2 * sizeof(BIG) + sizeof(COUNT));
	varlink_settle();
	ck_assert_uint_eq(varlink_counted, 0);
	client_open(&other);
	client_send(&other, COUNT);
	client_expect_count(&other, 1);
	ck_assert_uint_eq(client_expect_big(&slow), 1000000);
	client_expect_count(&slow, 2);
	ck_assert_uint_eq(client_expect_big(&slow), 1000000);
	client_close(&other);
	client_close(&slow);
}
END_TEST

START_TEST(slow_reader_that_leaves)
{
	struct client slow;

	client_open(&slow);
	client_send(&slow, BIG);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 1);
	client_close(&slow);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 0);
}
END_TEST

START_TEST(too_much_output_closes)
{
	struct client client, other;

	client_open(&client);
	client_send(&client,
		    "{\"method\":\"org.example.Test.Big\",\"parameters\":{\"size\":4000000}}");
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 0);
	client_open(&other);
	client_send(&other, COUNT);
	client_expect_count(&other, 1);
	client_close(&other);
	client_close(&client);
}
END_TEST

START_TEST(pipelining_does_not_starve_others)
{
	static char stream[100 * sizeof(COUNT)];
	struct client busy, other;
	json_t *message;

	for (size_t i = 0; i < 100; i++)
		memcpy(stream + i * sizeof(COUNT), COUNT, sizeof(COUNT));
	client_open(&busy);
	client_open(&other);
	varlink_settle();
	ck_assert_int_eq(send(busy.fd, stream, sizeof(stream), 0), (int)sizeof(stream));
	ck_assert_int_eq(send(other.fd, COUNT, sizeof(COUNT), 0), (int)sizeof(COUNT));
	message = client_receive(&other);
	ck_assert_ptr_nonnull(message);
	ck_assert_uint_lt(varlink_counted, 10);
	json_decref(message);
	client_close(&other);
	client_close(&busy);
}
END_TEST

START_TEST(connections_are_limited)
{
	struct client clients[CONNECTIONS], extra;

	if (geteuid() != 0)
		return; /* the limit of a user comes first */
	for (size_t i = 0; i < CONNECTIONS; i++)
		client_open(&clients[i]);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, CONNECTIONS);
	client_open(&extra);
	client_expect_closed(&extra);
	client_close(&extra);
	client_close(&clients[3]);
	varlink_settle();
	client_open(&clients[3]);
	client_send(&clients[3], COUNT);
	client_expect_count(&clients[3], 1);
	for (size_t i = 0; i < CONNECTIONS; i++)
		client_close(&clients[i]);
}
END_TEST

/* Valgrind has the kernel accept the client before it fails the call, and so loses it. */
static bool on_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

START_TEST(accepting_pauses_without_descriptors)
{
	struct rlimit limit, none;
	struct client client;

	if (on_valgrind())
		return;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	client_open(&client);
	client_send(&client, COUNT);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_uint_le(varlink_run_for(500 * 1000), 3); /* it does not spin, either */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(varlink_server->n_connections, 0);
	client_expect_count(&client, 1);
	client_close(&client);
}
END_TEST

void varlink_load_tests(TCase *tcase, TCase *volume)
{
	tcase_add_checked_fixture(tcase, varlink_setup, varlink_teardown);
	tcase_add_test(tcase, pipelined_calls_are_answered_in_order);
	tcase_add_test(volume, call_in_single_bytes);
	tcase_add_test(tcase, calls_before_the_end_of_the_stream_are_answered);
	tcase_add_test(tcase, half_a_message_then_close);
	tcase_add_loop_test(tcase, garbage_closes_only_its_connection, 0, ARRAY_SIZE(garbage));
	tcase_add_test(tcase, endless_message_is_cut);
	tcase_add_loop_test(tcase, method_without_an_answer_closes, 0, ARRAY_SIZE(unanswered));
	tcase_add_test(tcase, slow_reader_holds_up_itself_alone);
	tcase_add_test(tcase, slow_reader_that_leaves);
	tcase_add_test(tcase, too_much_output_closes);
	tcase_add_test(tcase, pipelining_does_not_starve_others);
	tcase_add_test(tcase, connections_are_limited);
	tcase_add_test(tcase, accepting_pauses_without_descriptors);
}
