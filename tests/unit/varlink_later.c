/* SPDX-License-Identifier: ISC */

/* Calls that are answered after their method has returned. */

#include <stdio.h>
#include <sys/socket.h>

#include "varlink_later.h"

#define LATER      "{\"method\":\"org.example.Test.Later\"}"
#define LATER_MORE "{\"method\":\"org.example.Test.Later\",\"more\":true}"
#define ONEWAY     "{\"method\":\"org.example.Test.Later\",\"oneway\":true}"
#define ANSWER     "{\"parameters\":{\"n\":1}}"

static json_t *number(int n)
{
	return json_pack("{s:i}", "n", n);
}

/* A client whose call waits for its answer. */
static void ask(struct client *client, const char *call)
{
	client_open(client);
	client_send(client, call);
	client_expect_silence(client);
	ck_assert_ptr_nonnull(varlink_later);
}

static void answer(void)
{
	varlink_later_reply(varlink_later, number(1));
	varlink_later = NULL;
}

/* The next call of the client is answered, too. */
static void expect_count(struct client *client)
{
	client_send(client, COUNT);
	client_expect_count(client, (int)varlink_counted + 1);
}

START_TEST(later_is_answered)
{
	struct client client;

	ask(&client, LATER);
	answer();
	client_expect(&client, ANSWER);
	expect_count(&client);
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_gone, 0);
}
END_TEST

START_TEST(later_is_an_error)
{
	struct client client;

	ask(&client, LATER);
	varlink_later_error(varlink_later, "org.example.Test.Failed", NULL);
	client_expect(&client, "{\"error\":\"org.example.Test.Failed\",\"parameters\":{}}");
	expect_count(&client);
	client_close(&client);
}
END_TEST

/* Calls behind it wait, and so does what asks for no answer. */
START_TEST(calls_behind_it_wait)
{
	struct client client;

	ask(&client, LATER);
	client_send(&client, COUNT);
	client_send(&client, ONEWAY);
	client_send(&client, COUNT);
	client_expect_silence(&client);
	ck_assert_uint_eq(varlink_counted, 0);
	answer();
	client_expect(&client, ANSWER);
	client_expect_count(&client, 1);
	client_expect_count(&client, 2);
	ck_assert_ptr_null(varlink_later);
	client_close(&client);
}
END_TEST

START_TEST(others_are_served_meanwhile)
{
	struct client client, other;

	ask(&client, LATER);
	client_open(&other);
	expect_count(&other);
	client_close(&other);
	answer();
	client_expect(&client, ANSWER);
	client_close(&client);
}
END_TEST

START_TEST(interim_replies)
{
	struct client client;

	ask(&client, LATER_MORE);
	for (int i = 2; i < 5; i++) {
		char text[64];

		snprintf(text, sizeof(text), "{\"continues\":true,\"parameters\":{\"n\":%d}}", i);
		varlink_later_interim(varlink_later, number(i));
		client_expect(&client, text);
	}
	answer();
	client_expect(&client, ANSWER);
	client_close(&client);
}
END_TEST

START_TEST(no_interim_reply_unasked)
{
	struct client client;

	ask(&client, LATER);
	varlink_later_interim(varlink_later, number(2));
	client_expect_silence(&client);
	answer();
	client_expect(&client, ANSWER);
	client_close(&client);
}
END_TEST

/* What the client does not read does not pile up; the last reply comes whole. */
START_TEST(interim_replies_to_a_slow_reader)
{
	struct client client;
	json_t *message, *last;
	int n = 0;

	ask(&client, LATER_MORE);
	for (int i = 0; i < 100000; i++)
		varlink_later_interim(varlink_later, number(i));
	ck_assert_uint_lt(varlink_server->connections->output.waiting, 100);
	answer();
	for (;;) {
		message = client_receive(&client);
		ck_assert_ptr_nonnull(message);
		last = json_object_get(message, "continues");
		json_decref(message);
		if (!last)
			break;
		n++;
	}
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, 100000);
	expect_count(&client);
	client_close(&client);
}
END_TEST

START_TEST(a_client_that_leaves)
{
	struct client client;

	ask(&client, LATER_MORE);
	varlink_later_interim(varlink_later, number(2));
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_gone, 1);
	ck_assert_uint_eq(varlink_server->n_connections, 0);
}
END_TEST

/* It has sent all that it has to say, and waits. */
START_TEST(a_client_that_says_no_more)
{
	struct client client;

	ask(&client, LATER);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	client_expect_silence(&client);
	ck_assert_uint_eq(varlink_gone, 0);
	answer();
	client_expect(&client, ANSWER);
	client_expect_closed(&client);
	client_close(&client);
}
END_TEST

START_TEST(the_server_ends_first)
{
	struct client client;

	ask(&client, LATER);
	varlink_server_free(varlink_server);
	varlink_server = NULL;
	ck_assert_uint_eq(varlink_gone, 1);
	client_close(&client);
}
END_TEST

/* The client is dropped before the answer is there, and the method does not know yet. */
START_TEST(an_answer_to_a_connection_that_is_to_close)
{
	struct client client;

	ask(&client, LATER_MORE);
	varlink_connection_close_later(varlink_server->connections, -EXFULL);
	varlink_later_interim(varlink_later, number(2));
	answer();
	client_expect_closed(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_gone, 0);
	client_close(&client);
}
END_TEST

START_TEST(no_memory_for_the_answer)
{
	struct client client;

	ask(&client, LATER);
	varlink_later_reply(varlink_later, NULL);
	client_expect_closed(&client);
	ck_assert_uint_eq(varlink_gone, 0);
	client_close(&client);
}
END_TEST

void varlink_later_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, varlink_setup, varlink_teardown);
	tcase_add_test(tcase, later_is_answered);
	tcase_add_test(tcase, later_is_an_error);
	tcase_add_test(tcase, calls_behind_it_wait);
	tcase_add_test(tcase, others_are_served_meanwhile);
	tcase_add_test(tcase, interim_replies);
	tcase_add_test(tcase, no_interim_reply_unasked);
	tcase_add_test(tcase, interim_replies_to_a_slow_reader);
	tcase_add_test(tcase, a_client_that_leaves);
	tcase_add_test(tcase, a_client_that_says_no_more);
	tcase_add_test(tcase, the_server_ends_first);
	tcase_add_test(tcase, an_answer_to_a_connection_that_is_to_close);
	tcase_add_test(tcase, no_memory_for_the_answer);
}
