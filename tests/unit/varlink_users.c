/* SPDX-License-Identifier: ISC */

/* The Varlink server: classes, users, replies in pieces. */

#include <sys/resource.h>

#include "varlink_users.h"

/* --- users and classes ------------------------------------------------------------------------ */

/* A long reply is never whole in memory, and still one message. */
START_TEST(pieces_wait_for_the_reader)
{
	struct client slow, other;

	client_open(&slow);
	client_send_bytes(&slow, PIECES "\0" COUNT, sizeof(PIECES) + sizeof(COUNT));
	varlink_settle();
	ck_assert_uint_eq(varlink_pieces_done, 0);
	ck_assert_uint_le(varlink_server->connections->output.waiting, 100000);
	client_open(&other);
	client_send(&other, COUNT);
	client_expect_count(&other, 1);
	client_expect(&slow, "{\"parameters\":{}}");
	client_expect_count(&slow, 2);
	ck_assert_uint_eq(varlink_pieces_done, 1);
	client_close(&other);
	client_close(&slow);
}
END_TEST

START_TEST(pieces_end_with_their_client)
{
	struct client client;

	client_open(&client);
	client_send(&client, PIECES);
	varlink_settle();
	client_close(&client);
	varlink_settle();
	ck_assert_uint_eq(varlink_pieces_done, 1);
	ck_assert_uint_eq(varlink_server->n_connections, 0);
}
END_TEST

/* A stream that is closed while its first reply is being made keeps what makes it until then. */
START_TEST(pieces_outlive_the_stream_they_close)
{
	struct client client;

	client_open(&client);
	client_send(&client, "{\"method\":\"org.example.Test.Flood\",\"more\":true}");
	client_expect_closed(&client);
	ck_assert_uint_eq(varlink_pieces_done, 1);
	ck_assert_uint_eq(varlink_watchers[0].closed, 1);
	client_close(&client);
}
END_TEST

START_TEST(places_by_class)
{
	ck_assert_uint_eq(varlink_places(VARLINK_ROOT, 256), 256);
	ck_assert_uint_eq(varlink_places(VARLINK_GROUP, 256), 224);
	ck_assert_uint_eq(varlink_places(VARLINK_OTHER, 256), 192);
	/* however few there are, one is root's */
	for (unsigned int limit = 1; limit < 16; limit++)
		ck_assert_uint_lt(varlink_places(VARLINK_GROUP, limit), limit);
	ck_assert_uint_eq(varlink_places(VARLINK_OTHER, 2), 1);
	ck_assert_uint_eq(varlink_places(VARLINK_OTHER, 1), 0);
	ck_assert_uint_eq(varlink_places(VARLINK_OTHER, 0), 0);
	ck_assert_uint_eq(varlink_places(VARLINK_ROOT, 1), 1);
}
END_TEST

static struct varlink_user *user_with(uid_t uid, unsigned int connections)
{
	struct varlink_user *user = varlink_user_get(varlink_server, uid, VARLINK_OTHER);

	ck_assert_ptr_nonnull(user);
	user->connections += connections;
	varlink_server->n_other += connections;
	varlink_server->n_connections += connections;
	return user;
}

START_TEST(others_leave_places_for_root)
{
	struct varlink_user *many[2], *root;

	many[0] = user_with(1001, PER_UID);
	many[1] = user_with(1002, PER_UID);
	ck_assert_int_eq(varlink_server_admit(varlink_server, many[0]), -EUSERS);
	ck_assert_int_eq(varlink_server_admit(varlink_server, user_with(1003, 0)), -EUSERS);
	root = varlink_user_get(varlink_server, 0, VARLINK_ROOT);
	ck_assert_int_eq(varlink_server_admit(varlink_server, root), 0);
}
END_TEST

/* A user of many connections gets no more time than a user of one. */
START_TEST(time_is_a_budget_of_each_user)
{
	struct varlink_user *busy = user_with(1001, 1), *quiet = user_with(1002, 1);
	struct varlink_user *root = varlink_user_get(varlink_server, 0, VARLINK_ROOT);

	ck_assert(!varlink_user_is_throttled(varlink_server, busy));
	varlink_user_spend(varlink_server, busy, USEC_PER_SEC);
	varlink_user_spend(varlink_server, root, 100 * USEC_PER_SEC);
	ck_assert(varlink_user_is_throttled(varlink_server, busy));
	ck_assert(!varlink_user_is_throttled(varlink_server, root));
	varlink_server->others.debt = 0;
	ck_assert(!varlink_user_is_throttled(varlink_server, quiet));
	/* a new connection brings no new budget */
	ck_assert_ptr_eq(varlink_user_get(varlink_server, 1001, VARLINK_OTHER), busy);
	busy->budget.paid_at -= 8 * USEC_PER_SEC;
	ck_assert(!varlink_user_is_throttled(varlink_server, busy));
}
END_TEST

/* Also when it is asked for so often that no share of a microsecond has passed in between. */
START_TEST(debt_is_paid_however_often_it_is_asked_for)
{
	struct varlink_user *user = user_with(1001, 1);
	uint64_t end = monotonic_usec() + USEC_PER_SEC;

	varlink_user_spend(varlink_server, user, 60 * USEC_PER_MSEC);
	while (monotonic_usec() < end)
		(void)varlink_user_is_throttled(varlink_server, user);
	ck_assert_uint_eq(user->budget.debt, 0);
	ck_assert_uint_eq(varlink_server->others.debt, 0);
}
END_TEST

START_TEST(throttled_connection_is_resumed)
{
	struct client client;

	if (geteuid() != 0)
		return; /* the client has to be another user */
	client_open_as_user(&client, NULL, 0);
	client_send(&client, COUNT);
	client_expect_count(&client, 1);
	varlink_user_spend(varlink_server, varlink_server->connections->user, 150000);
	client_send_bytes(&client, COUNT "\0" COUNT, 2 * sizeof(COUNT));
	(void)varlink_run_for(0);
	ck_assert(varlink_server->connections->throttled);
	client_expect_count(&client, 2);
	client_expect_count(&client, 3);
	client_close(&client);
}
END_TEST

/* A user in debt who connects once more does not get a step that is not paid for. */
START_TEST(new_connection_of_a_user_in_debt_waits)
{
	struct client first, second;

	if (geteuid() != 0)
		return;
	client_open_as_user(&first, NULL, 0);
	client_send(&first, COUNT);
	client_expect_count(&first, 1);
	varlink_user_spend(varlink_server, varlink_server->connections->user, 150000);
	client_open_as_user(&second, NULL, 0);
	client_send(&second, COUNT);
	(void)varlink_run_for(0);
	ck_assert(varlink_server->connections->throttled);
	ck_assert_uint_eq(varlink_server->connections->output.waiting, 0);
	client_expect_count(&second, 2);
	client_close(&first);
	client_close(&second);
}
END_TEST

/* A user with few streams takes a place from the user with the most. */
START_TEST(places_of_streams_are_shared)
{
	struct varlink_connection connection = { .server = varlink_server };
	struct varlink_call call = { .connection = &connection };
	struct client clients[2];
	struct varlink_user *user;

	if (geteuid() != 0)
		return;
	varlink_server->options.limits.streams = 11; /* 9 of the others, 2 of one user */
	for (int i = 0; i < 2; i++) {
		client_open_as_user(&clients[i], NULL, 0);
		client_send(&clients[i], "{\"method\":\"org.example.Test.Watch\",\"more\":true}");
		varlink_settle();
		varlink_server->connections->since -= i == 0 ? 2 * VARLINK_EVICT_USEC : 0;
	}
	ck_assert_uint_eq(varlink_server->n_other_streams, 2);
	for (uid_t uid = 1001; uid <= 1007; uid++) {
		user_with(uid, 1)->streams++;
		varlink_server->n_streams++;
		varlink_server->n_other_streams++;
	}
	/* nobody has two more than this one */
	connection.user = varlink_user_get(varlink_server, 1001, VARLINK_OTHER);
	ck_assert(!varlink_stream_make_place(&call));
	connection.user = user_with(1008, 1);
	ck_assert(varlink_stream_make_place(&call));
	ck_assert_uint_eq(varlink_server->n_other_streams, 8);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_other_streams, 8);
	user = varlink_user_get(varlink_server, OTHER_UID, VARLINK_OTHER);
	ck_assert_uint_eq(user->streams, 1);
	ck_assert_uint_eq(user->connections, 1);
	for (int i = 0; i < 2; i++)
		client_close(&clients[i]);
}
END_TEST

/* Return: the limit as it was; no descriptor can be opened until it is set again. */
static struct rlimit take_descriptors(void)
{
	struct rlimit limit, none;
	int next = dup(STDERR_FILENO);

	ck_assert_int_ge(next, 0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	return limit;
}

START_TEST(root_is_accepted_without_descriptors)
{
	struct client held, refused, root;
	struct rlimit limit;

	if (geteuid() != 0)
		return;
	client_open_as_user(&held, NULL, 0);
	varlink_settle();
	varlink_server->connections->since -= 2 * VARLINK_EVICT_USEC;
	client_open_as_user(&refused, NULL, 0);
	client_open(&root);
	client_send(&root, COUNT);
	limit = take_descriptors();
	client_expect_count(&root, 1);
	client_expect_closed(&refused);
	/* its descriptor is the next reserve */
	client_expect_closed(&held);
	ck_assert_int_ge(varlink_server->spare_fd, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client_close(&held);
	client_close(&refused);
	client_close(&root);
}
END_TEST

/* With the last client of the queue refused, EMFILE is no reason to make the next one wait. */
START_TEST(accepting_goes_on_without_descriptors)
{
	int enabled = SD_EVENT_OFF;
	struct client refused;
	struct rlimit limit;

	if (geteuid() != 0)
		return;
	varlink_settle();
	ck_assert_int_ge(varlink_server->spare_fd, 0);
	client_open_as_user(&refused, NULL, 0);
	limit = take_descriptors();
	client_expect_closed(&refused);
	ck_assert_int_eq(sd_event_source_get_enabled(varlink_server->listen, &enabled), 1);
	ck_assert_int_eq(enabled, SD_EVENT_ON);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client_close(&refused);
}
END_TEST

START_TEST(idle_connection_of_the_others_is_closed)
{
	struct client idle, root;

	if (geteuid() != 0)
		return;
	varlink_server->options.limits.idle = 1;
	client_open(&root);
	client_open_as_user(&idle, NULL, 0);
	client_send_bytes(&idle, "{\"half", 6);
	client_expect_closed(&idle);
	client_send(&root, COUNT);
	client_expect_count(&root, 1);
	client_close(&idle);
	client_close(&root);
}
END_TEST

START_TEST(memory_of_a_user_is_limited)
{
	struct client clients[2];

	if (geteuid() != 0)
		return;
	varlink_server->options.limits.user_memory = 1000000;
	for (int i = 0; i < 2; i++) {
		client_open_as_user(&clients[i], NULL, 0);
		client_send(&clients[i], BIG);
		varlink_settle();
	}
	ck_assert_uint_eq(varlink_server->n_connections, 1);
	ck_assert_uint_le(varlink_server->memory, 1000000);
	ck_assert_uint_eq(client_expect_big(&clients[0]), 1000000);
	for (int i = 0; i < 2; i++)
		client_close(&clients[i]);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->memory, 0);
}
END_TEST

/* --- slow readers ----------------------------------------------------------------------------- */

#define ITEMS_CALL   "{\"method\":\"org.example.Test.Items\"}"
#define SLOW_USERS   4
#define SLOW_READERS 64
#define SLOW_EACH    (SLOW_READERS / SLOW_USERS) /* connections of one user */
/* A quote, a quote and a comma for each item, and the frame around all. */
#define PIECE_SIZE   ((size_t)ITEMS_PER_PIECE * (ITEM_LENGTH + 3) + 64)

static struct client slow_readers[SLOW_READERS];

static void forgive_debts(void)
{
	for (struct varlink_user *user = varlink_server->users; user; user = user->next)
		user->budget.debt = 0;
	varlink_server->others.debt = 0;
}

static unsigned int count_waiting(void)
{
	unsigned int n = 0;

	for (struct varlink_connection *c = varlink_server->connections; c; c = c->next)
		n += c->output.waiting > 0;
	return n;
}

/* All of them have called, and read nothing: a socket is full, and a reply is on its way. One place
 * of each user is left. */
static void slow_readers_open(void)
{
	varlink_server->options.limits.connections = 256;
	varlink_server->options.limits.connections_per_uid = SLOW_EACH + 1;
	for (unsigned int i = 0; i < SLOW_READERS; i++) {
		client_open_as(&slow_readers[i], 1001 + i % SLOW_USERS, NULL, 0);
		client_send(&slow_readers[i], ITEMS_CALL);
	}
	for (unsigned int i = 0; i < 100 && count_waiting() < SLOW_READERS; i++) {
		forgive_debts();
		varlink_settle();
	}
	ck_assert_uint_eq(count_waiting(), SLOW_READERS);
}

static void slow_readers_close(void)
{
	for (unsigned int i = 0; i < SLOW_READERS; i++)
		client_close(&slow_readers[i]);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 0);
	ck_assert_uint_eq(varlink_server->memory, 0);
}

/* What is counted is what they hold. Return: bytes that wait in the longest queue of all. */
static size_t slow_readers_check(void)
{
	const struct varlink_limits *limits = &varlink_server->options.limits;
	size_t longest = 0, held = 0;

	for (struct varlink_connection *c = varlink_server->connections; c; c = c->next) {
		ck_assert_uint_eq(c->accounted, c->input.allocated + c->output.waiting);
		longest = MAX(longest, c->output.waiting);
		held += c->accounted;
	}
	ck_assert_uint_eq(varlink_server->memory, held);
	ck_assert_uint_le(held, limits->memory);
	for (struct varlink_user *user = varlink_server->users; user; user = user->next)
		ck_assert_uint_le(user->memory, limits->user_memory);
	return longest;
}

static void expect_items(struct client *client)
{
	json_t *message = client_receive(client), *items;

	ck_assert_ptr_nonnull(message);
	items = json_object_get(json_object_get(message, "parameters"), "items");
	ck_assert_uint_eq(json_array_size(items), ITEMS);
	for (size_t i = 0; i < ITEMS; i++)
		ck_assert_uint_eq(strtoul(json_string_value(json_array_get(items, i)), NULL, 10),
				  i);
	json_decref(message);
}

/* 64 lists of a megabyte are under way, and each waits as one piece. */
START_TEST(slow_readers_hold_a_piece_each)
{
	struct client reader;

	if (geteuid() != 0)
		return; /* they have to be several users */
	slow_readers_open();
	ck_assert_uint_eq(varlink_server->n_connections, SLOW_READERS);
	ck_assert_uint_le(slow_readers_check(), PIECE_SIZE);
	client_open_as(&reader, 1001, NULL, 0);
	client_send(&reader, ITEMS_CALL);
	expect_items(&reader);
	ck_assert_uint_eq(varlink_pieces_done, 1);
	ck_assert_uint_le(slow_readers_check(), PIECE_SIZE);
	client_close(&reader);
	/* who reads later gets all of it, too */
	expect_items(&slow_readers[SLOW_READERS - 1]);
	ck_assert_uint_le(slow_readers_check(), PIECE_SIZE);
	slow_readers_close();
	ck_assert_uint_eq(varlink_pieces_done, SLOW_READERS + 1);
}
END_TEST

/* All together hold twice what they may: each user loses some connections, and none loses all. */
START_TEST(slow_readers_over_the_budget_are_closed)
{
	struct varlink_limits *limits = &varlink_server->options.limits;
	struct client reader;

	if (geteuid() != 0)
		return;
	slow_readers_open();
	limits->memory = varlink_server->memory / 2;
	ck_assert_int_eq(sd_event_source_set_time_relative(varlink_server->sweep, 0), 0);
	varlink_settle();
	ck_assert_uint_le(slow_readers_check(), PIECE_SIZE);
	for (struct varlink_user *user = varlink_server->users; user; user = user->next) {
		ck_assert_uint_ge(user->connections, SLOW_EACH / 4);
		ck_assert_uint_lt(user->connections, SLOW_EACH);
	}
	ck_assert_uint_eq(varlink_pieces_done, SLOW_READERS - varlink_server->n_connections);
	/* somebody else is served */
	client_open_as(&reader, 2001, NULL, 0);
	client_send(&reader, ITEMS_CALL);
	expect_items(&reader);
	client_close(&reader);
	slow_readers_close();
}
END_TEST

START_TEST(slow_readers_are_closed_when_nothing_moves)
{
	if (geteuid() != 0)
		return;
	slow_readers_open();
	varlink_server->options.limits.idle = 1;
	for (struct varlink_connection *c = varlink_server->connections; c; c = c->next)
		c->active -= 2 * USEC_PER_SEC;
	ck_assert_int_eq(sd_event_source_set_time_relative(varlink_server->sweep, 0), 0);
	varlink_settle();
	ck_assert_uint_eq(varlink_server->n_connections, 0);
	ck_assert_uint_eq(varlink_pieces_done, SLOW_READERS);
	slow_readers_close();
}
END_TEST

void varlink_users_tests(TCase *tcase, TCase *volume)
{
	tcase_add_checked_fixture(tcase, varlink_setup, varlink_teardown);
	tcase_add_test(tcase, pieces_wait_for_the_reader);
	tcase_add_test(tcase, pieces_end_with_their_client);
	tcase_add_test(tcase, pieces_outlive_the_stream_they_close);
	tcase_add_test(tcase, places_by_class);
	tcase_add_test(tcase, others_leave_places_for_root);
	tcase_add_test(tcase, time_is_a_budget_of_each_user);
	tcase_add_test(tcase, debt_is_paid_however_often_it_is_asked_for);
	tcase_add_test(tcase, throttled_connection_is_resumed);
	tcase_add_test(tcase, new_connection_of_a_user_in_debt_waits);
	tcase_add_test(tcase, places_of_streams_are_shared);
	tcase_add_test(tcase, root_is_accepted_without_descriptors);
	tcase_add_test(tcase, accepting_goes_on_without_descriptors);
	tcase_add_test(tcase, idle_connection_of_the_others_is_closed);
	tcase_add_test(volume, memory_of_a_user_is_limited);
	tcase_add_test(volume, slow_readers_hold_a_piece_each);
	tcase_add_test(volume, slow_readers_over_the_budget_are_closed);
	tcase_add_test(tcase, slow_readers_are_closed_when_nothing_moves);
}
