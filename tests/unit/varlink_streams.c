/* SPDX-License-Identifier: ISC */

/* The Varlink server: streams. */

#include <stdio.h>
#include <sys/socket.h>

#include "varlink_streams.h"

#define WATCH_WITH(rest) "{\"method\":\"org.example.Test.Watch\"," rest "}"
#define WATCH            WATCH_WITH("\"more\":true")
#define WATCH_BIG        WATCH_WITH("\"more\":true,\"parameters\":{\"size\":1000000}")
#define WATCH_UNASKED    WATCH_WITH("\"more\":true,\"parameters\":{\"unasked\":1}")
#define WATCH_NO_MEMORY  "{\"method\":\"org.example.Test.WatchNoMemory\",\"more\":true}"
#define EXPECTED_MORE    "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}"
#define FULL             "{\"error\":\"org.example.Test.Full\",\"parameters\":{}}"

/* A client with a stream that got its first reply, and the server's side of it. */
static struct watcher *watch(struct client *client)
{
	client_open(client);
	client_send(client, WATCH);
	client_expect_reply(client, 0, 0);
	return &varlink_watchers[varlink_n_watchers - 1];
}

/* Replies for which there is no room any more, in one go. */
static void reply_beyond_the_limit(struct watcher *watcher)
{
	for (int i = 1; i <= 2000; i++)
		watcher_reply(watcher, i, 1000);
}

static void expect_the_end(unsigned int streams_left)
{
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_streams, streams_left);
	ck_assert_uint_eq(varlink_server->n_connections, streams_left);
}

/* --- replies ---------------------------------------------------------------------------------- */

START_TEST(replies_come_in_order)
{
	struct client client;
	struct watcher *watcher = watch(&client);

	for (int i = 1; i <= 100; i++)
		watcher_reply(watcher, i, (size_t)i);
	for (int i = 1; i <= 100; i++)
		client_expect_reply(&client, i, (size_t)i);
	client_expect_silence(&client);
	ck_assert_uint_eq(watcher->closed, 0);
	client_close(&client);
}
END_TEST

START_TEST(replies_from_within_the_method)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_WITH("\"more\":true,\"parameters\":{\"replies\":10}"));
	for (int i = 0; i <= 10; i++)
		client_expect_reply(&client, i, 0);
	client_close(&client);
}
END_TEST

START_TEST(a_reply_to_many)
{
	struct client clients[STREAMS];
	json_t *parameters = json_pack("{s:i, s:s}", "count", 1, "text", "");

	for (size_t i = 0; i < STREAMS; i++)
		watch(&clients[i]);
	for (size_t i = 0; i < STREAMS; i++)
		varlink_stream_reply(varlink_watchers[i].stream, json_incref(parameters));
	json_decref(parameters);
	for (size_t i = 0; i < STREAMS; i++) {
		client_expect_reply(&clients[i], 1, 0);
		client_close(&clients[i]);
	}
}
END_TEST

START_TEST(big_first_reply_comes_whole)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_BIG);
	varlink_settle();
	ck_assert_uint_eq(varlink_n_watchers, 1);
	/* It does not count among what may wait in the stream. */
	for (int i = 1; i <= 50; i++)
		watcher_reply(&varlink_watchers[0], i, 1000);
	ck_assert_uint_gt(varlink_server->connections->output.first, STREAM_LIMIT);
	client_expect_reply(&client, 0, 1000000);
	for (int i = 1; i <= 50; i++)
		client_expect_reply(&client, i, 1000);
	ck_assert_ptr_null(varlink_server->connections->output.head);
	ck_assert_uint_eq(varlink_server->connections->output.first, 0);
	client_close(&client);
}
END_TEST

START_TEST(first_reply_has_the_limit_of_an_answer)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_WITH("\"more\":true,\"parameters\":{\"size\":4000000}"));
	expect_the_end(0);
	ck_assert_uint_eq(varlink_n_watchers, 0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 0);
	client_close(&client);
}
END_TEST

/* Pieces of all sizes, through a socket that is full all the time, and takes little at once. */
START_TEST(lagging_reader_gets_everything)
{
	struct client client;
	struct watcher *watcher = watch(&client);
	const struct varlink_output *output = &varlink_server->connections->output;
	int sent = 0, received = 0;
	const int small = 1; /* the kernel makes it 4608 */
	bool in_part = false;

	ck_assert_int_eq(setsockopt(varlink_server->connections->fd, SOL_SOCKET, SO_SNDBUF, &small,
				    sizeof(small)),
			 0);
	while (received < 1000) {
		while (sent < 1000 && output->waiting <= STREAM_LIMIT / 2) {
			sent++;
			watcher_reply(watcher, sent, (size_t)sent * 37 % 5000);
		}
		in_part |= output->sent > 0;
		received++;
		client_expect_reply(&client, received, (size_t)received * 37 % 5000);
	}
	ck_assert(in_part);
	ck_assert_ptr_null(output->head);
	client_expect_silence(&client);
	client_close(&client);
}
END_TEST

/* --- who does not get a stream ---------------------------------------------------------------- */

static const char *const without_more[] = {
	WATCH_WITH("\"parameters\":{}"),
	WATCH_WITH("\"more\":false"),
	WATCH_WITH("\"more\":null"),
};

START_TEST(more_is_expected)
{
	struct client client;

	client_open(&client);
	client_send(&client, without_more[_i]);
	client_expect(&client, EXPECTED_MORE);
	client_send(&client, COUNT);
	client_expect_count(&client, 1);
	ck_assert_uint_eq(varlink_server->n_streams, 0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 0);
	client_close(&client);
}
END_TEST

START_TEST(oneway_makes_no_stream)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_WITH("\"more\":true,\"oneway\":true"));
	client_expect_silence(&client);
	ck_assert_uint_eq(varlink_server->n_streams, 0);
	client_send(&client, COUNT);
	client_expect_count(&client, 1);
	client_close(&client);
}
END_TEST

START_TEST(streams_are_limited)
{
	struct client clients[STREAMS], extra;

	for (size_t i = 0; i < STREAMS; i++)
		watch(&clients[i]);
	client_open(&extra);
	client_send(&extra, WATCH);
	client_expect(&extra, FULL);
	client_close(&clients[1]);
	varlink_settle();
	ck_assert_uint_eq(varlink_watchers[1].closed, 1);
	client_send(&extra, WATCH);
	client_expect_reply(&extra, 0, 0);
	ck_assert_uint_eq(varlink_server->n_streams, STREAMS);
	client_close(&extra);
	client_close(&clients[0]);
	client_close(&clients[2]);
}
END_TEST

START_TEST(a_stream_too_many_closes)
{
	struct client clients[STREAMS], extra;

	for (size_t i = 0; i < STREAMS; i++)
		watch(&clients[i]);
	client_open(&extra);
	client_send(&extra, WATCH_UNASKED);
	client_expect_closed(&extra);
	client_close(&extra);
	ck_assert_uint_eq(varlink_n_watchers, STREAMS);
	ck_assert_uint_eq(varlink_watchers[STREAMS].closed, 0);
	for (size_t i = 0; i < STREAMS; i++)
		client_close(&clients[i]);
	expect_the_end(0);
}
END_TEST

/* --- what a client with a stream may do ------------------------------------------------------- */

START_TEST(calls_behind_a_stream_are_not_answered)
{
	struct client client;

	client_open(&client);
	client_send_bytes(&client, WATCH "\0" COUNT, sizeof(WATCH) + sizeof(COUNT));
	client_expect_reply(&client, 0, 0);
	client_send(&client, COUNT);
	client_send(&client, "this is not even JSON");
	client_expect_silence(&client);
	ck_assert_uint_eq(varlink_run_for(100 * 1000), 0); /* what is not read wakes nobody */
	ck_assert_uint_eq(varlink_counted, 0);
	watcher_reply(&varlink_watchers[0], 1, 0);
	client_expect_reply(&client, 1, 0);
	client_close(&client);
	expect_the_end(0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 1);
	ck_assert_uint_eq(varlink_counted, 0);
}
END_TEST

START_TEST(calls_before_a_stream_are_answered)
{
	struct client client;

	client_open(&client);
	client_send_bytes(&client, COUNT "\0" WATCH, sizeof(COUNT) + sizeof(WATCH));
	client_expect_count(&client, 1);
	client_expect_reply(&client, 0, 0);
	client_close(&client);
}
END_TEST

START_TEST(half_closed_client_is_served)
{
	struct client client;
	const char *call = _i ? WATCH_BIG : WATCH;
	size_t size = _i ? 1000000 : 0;

	client_open(&client);
	client_send(&client, call);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	client_expect_reply(&client, 0, size);
	varlink_settle();
	ck_assert_uint_eq(varlink_run_for(100 * 1000), 0);
	watcher_reply(&varlink_watchers[0], 1, 0);
	client_expect_reply(&client, 1, 0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 0);
	client_close(&client);
	expect_the_end(0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 1);
}
END_TEST

START_TEST(client_that_leaves_is_noticed)
{
	struct client client, other;
	struct watcher *watcher = watch(&client);
	struct watcher *stays = watch(&other);

	if (_i)
		reply_beyond_the_limit(watcher); /* the loop closes it next */
	client_close(&client);
	expect_the_end(1);
	ck_assert_uint_eq(watcher->closed, 1);
	ck_assert_uint_eq(stays->closed, 0);
	client_close(&other);
	expect_the_end(0);
	ck_assert_uint_eq(watcher->closed, 1);
	ck_assert_uint_eq(stays->closed, 1);
}
END_TEST

START_TEST(client_that_leaves_output_behind)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_BIG);
	varlink_settle();
	ck_assert_uint_gt(varlink_server->connections->output.waiting, 0);
	client_close(&client);
	expect_the_end(0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 1);
}
END_TEST

/* The loop has not been there between the client's leaving and the reply. */
START_TEST(reply_to_a_client_that_left)
{
	struct client client;
	struct watcher *watcher = watch(&client);

	if (_i)
		ck_assert_int_eq(shutdown(client.fd, SHUT_RD), 0); /* no EPOLLHUP of this */
	else
		client_close(&client);
	watcher_reply(watcher, 1, 0);
	watcher_reply(watcher, 2, 0);
	ck_assert_uint_eq(watcher->closed, 0);
	expect_the_end(0);
	ck_assert_uint_eq(watcher->closed, 1);
	client_close(&client);
}
END_TEST

/* --- who is dropped --------------------------------------------------------------------------- */

START_TEST(slow_reader_is_dropped_alone)
{
	struct client slow, good;
	struct watcher *dropped = watch(&slow);
	struct watcher *kept = watch(&good);
	int received = 0;

	for (int i = 1; i <= 2000; i++) {
		if (!dropped->closed)
			watcher_reply(dropped, i, 1000);
		watcher_reply(kept, i, 1000);
		client_expect_reply(&good, i, 1000);
	}
	ck_assert_uint_eq(dropped->closed, 1);
	ck_assert_uint_eq(kept->closed, 0);
	expect_the_end(1);
	/* What the socket held is still there, in order, and perhaps cut in a frame. */
	for (json_t *message; (message = client_receive(&slow)); json_decref(message))
		received++;
	ck_assert_int_gt(received, STREAM_LIMIT / 1100);
	ck_assert_int_lt(received, 2000);
	client_close(&slow);
	client_close(&good);
}
END_TEST

START_TEST(dropping_waits_for_the_loop)
{
	struct client client;
	struct watcher *watcher = watch(&client);
	const struct varlink_connection *connection = varlink_server->connections;

	reply_beyond_the_limit(watcher);
	ck_assert_int_eq(connection->close_reason, -ENOBUFS);
	ck_assert_ptr_null(connection->output.head);
	ck_assert_uint_eq(watcher->closed, 0);
	varlink_stream_reply(watcher->stream, NULL);
	ck_assert_int_eq(connection->close_reason, -ENOBUFS);
	expect_the_end(0);
	ck_assert_uint_eq(watcher->closed, 1);
	client_close(&client);
}
END_TEST

START_TEST(dropped_within_the_method)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_WITH("\"more\":true,"
					"\"parameters\":{\"size\":1000,\"replies\":2000}"));
	expect_the_end(0);
	ck_assert_uint_eq(varlink_n_watchers, 1);
	ck_assert_uint_eq(varlink_watchers[0].closed, 1);
	client_close(&client);
}
END_TEST

/* The client has read, and the loop has only not been there to see it. */
START_TEST(reader_that_kept_up_is_not_dropped)
{
	static char room[8 * STREAM_LIMIT];
	bool waited = false;
	struct client client;
	struct watcher *watcher = watch(&client);
	const struct varlink_connection *connection = varlink_server->connections;

	for (int i = 1; i <= 5000; i++) {
		watcher_reply(watcher, i, 1000);
		if (connection->output.waiting <= STREAM_LIMIT - 2000)
			continue;
		waited = true;
		while (recv(client.fd, room, sizeof(room), 0) > 0)
			;
	}
	ck_assert(waited);
	ck_assert_int_eq(connection->close_reason, 0);
	client_close(&client);
}
END_TEST

START_TEST(no_memory_for_the_first_reply)
{
	struct client client;

	client_open(&client);
	client_send(&client, WATCH_NO_MEMORY);
	client_expect_closed(&client);
	expect_the_end(0);
	ck_assert_uint_eq(varlink_watchers[0].closed, 0);
	client_close(&client);
}
END_TEST

START_TEST(no_memory_for_a_reply)
{
	struct client client, other;
	struct watcher *watcher = watch(&client);
	struct watcher *stays = watch(&other);

	varlink_stream_reply(watcher->stream, NULL);
	watcher_reply(watcher, 1, 0);
	watcher_reply(stays, 1, 0);
	ck_assert_uint_eq(watcher->closed, 0);
	client_expect_closed(&client);
	client_expect_reply(&other, 1, 0);
	expect_the_end(1);
	ck_assert_uint_eq(watcher->closed, 1);
	ck_assert_uint_eq(stays->closed, 0);
	client_close(&other);
	client_close(&client);
}
END_TEST

START_TEST(the_server_ends)
{
	struct client clients[STREAMS];

	for (size_t i = 0; i < STREAMS; i++)
		watch(&clients[i]);
	reply_beyond_the_limit(&varlink_watchers[1]); /* dropped, and not closed yet */
	client_close(&clients[2]);
	varlink_server_free(varlink_server);
	varlink_server = NULL;
	for (size_t i = 0; i < STREAMS; i++)
		ck_assert_uint_eq(varlink_watchers[i].closed, 1);
	client_expect_closed(&clients[0]);
	client_close(&clients[0]);
	client_close(&clients[1]);
}
END_TEST

void varlink_streams_tests(TCase *tcase, TCase *volume)
{
	tcase_add_checked_fixture(tcase, varlink_setup, varlink_teardown);
	tcase_add_test(tcase, replies_come_in_order);
	tcase_add_test(tcase, replies_from_within_the_method);
	tcase_add_test(tcase, a_reply_to_many);
	tcase_add_test(tcase, big_first_reply_comes_whole);
	tcase_add_test(tcase, first_reply_has_the_limit_of_an_answer);
	tcase_add_test(volume, lagging_reader_gets_everything);
	tcase_add_loop_test(tcase, more_is_expected, 0, ARRAY_SIZE(without_more));
	tcase_add_test(tcase, oneway_makes_no_stream);
	tcase_add_test(tcase, streams_are_limited);
	tcase_add_test(tcase, a_stream_too_many_closes);
	tcase_add_test(tcase, calls_behind_a_stream_are_not_answered);
	tcase_add_test(tcase, calls_before_a_stream_are_answered);
	tcase_add_loop_test(tcase, half_closed_client_is_served, 0, 2);
	tcase_add_loop_test(tcase, client_that_leaves_is_noticed, 0, 2);
	tcase_add_test(tcase, client_that_leaves_output_behind);
	tcase_add_loop_test(tcase, reply_to_a_client_that_left, 0, 2);
	tcase_add_test(volume, slow_reader_is_dropped_alone);
	tcase_add_test(tcase, dropping_waits_for_the_loop);
	tcase_add_test(tcase, dropped_within_the_method);
	tcase_add_test(tcase, reader_that_kept_up_is_not_dropped);
	tcase_add_test(tcase, no_memory_for_the_first_reply);
	tcase_add_test(tcase, no_memory_for_a_reply);
	tcase_add_test(tcase, the_server_ends);
}
