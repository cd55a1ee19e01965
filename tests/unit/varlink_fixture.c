/* SPDX-License-Identifier: ISC */

/* A Varlink server in a thread of its own, and clients of it. */

#include <check.h>
#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "varlink_fixture.h"

#define WAIT_SECONDS 5

char varlink_path[64];
struct varlink_server *varlink_server;
unsigned int varlink_counted;
unsigned int varlink_pieces_done;
struct varlink_later *varlink_later;
unsigned int varlink_gone;
struct watcher varlink_watchers[8];
unsigned int varlink_n_watchers;

static char directory[] = "/tmp/test_varlink.XXXXXX";
static sd_event *event;

/* --- the interface under test ----------------------------------------------------------------- */

static void method_echo(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	varlink_reply(call, json_incref(parameters));
}

static void method_count(struct varlink_call *call, json_t *parameters _unused_, void *userdata)
{
	varlink_reply(call, json_pack("{s:i}", "count", (int)++*(unsigned int *)userdata));
}

static void method_big(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	size_t size = (size_t)json_integer_value(json_object_get(parameters, "size"));
	char *text = malloc(size + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', size);
	text[size] = '\0';
	varlink_reply(call, json_pack("{s:s}", "text", text));
	free(text);
}

static void method_fail(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	if (!json_is_string(json_object_get(parameters, "why")))
		varlink_error_invalid_parameter(call, "why");
	else
		varlink_error(call, "org.example.Test.Failed", json_incref(parameters));
}

static void method_no_memory(struct varlink_call *call, json_t *parameters _unused_,
			     void *userdata _unused_)
{
	varlink_reply(call, NULL);
}

static int piece_next(char **ret, void *userdata)
{
	unsigned int *left = userdata;

	if (*left == 0)
		return 0;
	*ret = malloc(100001);
	ck_assert_ptr_nonnull(*ret);
	memset(*ret, ' ', 100000);
	(*ret)[100000] = '\0';
	memcpy(*ret + 50000, --*left == 0 ? "{}" : "  ", 2);
	return 1;
}

static void piece_done(void *userdata)
{
	free(userdata);
	varlink_pieces_done++;
}

/* An empty object, in 100 pieces of 100,000 bytes. */
static void method_pieces(struct varlink_call *call, json_t *parameters _unused_,
			  void *userdata _unused_)
{
	unsigned int *left = malloc(sizeof(*left));

	ck_assert_ptr_nonnull(left);
	*left = 100;
	varlink_reply_pieces(call, &(struct varlink_pieces){ .next = piece_next,
							     .done = piece_done,
							     .userdata = left });
}

/* Return: 1; 0 at the end. */
static int items_next(char **ret, void *userdata)
{
	unsigned int *made = userdata, last = *made + ITEMS_PER_PIECE;
	FILE *text;
	size_t size;

	if (*made == ITEMS)
		return 0;
	text = open_memstream(ret, &size);
	ck_assert_ptr_nonnull(text);
	fputs(*made == 0 ? "{\"items\":[" : ",", text);
	for (; *made < last; ++*made)
		fprintf(text, "\"%0*u\"%s", ITEM_LENGTH, *made, *made + 1 < last ? "," : "");
	fputs(*made == ITEMS ? "]}" : "", text);
	ck_assert_int_eq(fclose(text), 0);
	return 1;
}

/* {"items":[...]}, of ITEMS numbers. */
static void method_items(struct varlink_call *call, json_t *parameters _unused_,
			 void *userdata _unused_)
{
	unsigned int *made = calloc(1, sizeof(*made));

	ck_assert_ptr_nonnull(made);
	varlink_reply_pieces(call, &(struct varlink_pieces){ .next = items_next,
							     .done = piece_done,
							     .userdata = made });
}

static void later_gone(void *userdata)
{
	++*(unsigned int *)userdata;
}

static void method_later(struct varlink_call *call, json_t *parameters _unused_,
			 void *userdata _unused_)
{
	varlink_later = varlink_later_new(call, later_gone, &varlink_gone);
}

static void method_silent(struct varlink_call *call _unused_, json_t *parameters _unused_,
			  void *userdata _unused_)
{
}

static void watcher_closed(void *userdata)
{
	((struct watcher *)userdata)->closed++;
}

static json_t *watch_text(int count, size_t size)
{
	char *text = malloc(size + 1);
	json_t *parameters;

	ck_assert_ptr_nonnull(text);
	memset(text, 'a' + count % 26, size);
	text[size] = '\0';
	parameters = json_pack("{s:i, s:s}", "count", count, "text", text);
	free(text);
	return parameters;
}

static size_t parameter_number(json_t *parameters, const char *key)
{
	return (size_t)json_integer_value(json_object_get(parameters, key));
}

/* The first reply, with a text of "size" bytes, and as many of the others as "replies" says. */
static void method_watch(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	struct watcher *watcher = &varlink_watchers[varlink_n_watchers];
	size_t size = parameter_number(parameters, "size");
	int replies = (int)parameter_number(parameters, "replies");

	ck_assert_uint_lt(varlink_n_watchers, ARRAY_SIZE(varlink_watchers));
	if (!varlink_stream_make_place(call) && !json_object_get(parameters, "unasked")) {
		varlink_error(call, "org.example.Test.Full", NULL);
		return;
	}
	watcher->stream = varlink_stream_new(call, watch_text(0, size), watcher_closed, watcher);
	if (!watcher->stream)
		return;
	varlink_n_watchers++;
	for (int i = 1; i <= replies; i++)
		watcher_reply(watcher, i, size);
}

/* Replies to its own stream until that is closed for not reading: while a piece is in the making.
 */
static int flood_next(char **ret, void *userdata)
{
	struct watcher *watcher = userdata;

	for (int i = 0; i < 4; i++)
		watcher_reply(watcher, i, STREAM_LIMIT);
	ck_assert_uint_eq(varlink_pieces_done, 0);
	*ret = strdup("{}");
	return 1;
}

static void flood_done(void *userdata _unused_)
{
	varlink_pieces_done++;
}

static void method_flood(struct varlink_call *call, json_t *parameters _unused_,
			 void *userdata _unused_)
{
	struct watcher *watcher = &varlink_watchers[varlink_n_watchers++];
	struct varlink_pieces pieces = { .next = flood_next,
					 .done = flood_done,
					 .userdata = watcher };

	watcher->stream = varlink_stream_new_pieces(call, &pieces, watcher_closed, watcher);
	ck_assert_ptr_nonnull(watcher->stream);
}

static void method_watch_no_memory(struct varlink_call *call, json_t *parameters _unused_,
				   void *userdata _unused_)
{
	ck_assert_ptr_null(varlink_stream_new(call, NULL, watcher_closed, &varlink_watchers[0]));
}

static const struct varlink_method methods[] = {
	{ "Echo", method_echo, false },     { "Count", method_count, false },
	{ "Big", method_big, false },       { "Pieces", method_pieces, false },
	{ "Fail", method_fail, false },     { "NoMemory", method_no_memory, false },
	{ "Silent", method_silent, false }, { "Change", method_count, true },
	{ "Watch", method_watch, false },   { "WatchNoMemory", method_watch_no_memory, false },
	{ "Flood", method_flood, false },   { "Items", method_items, false },
	{ "Later", method_later, false },   { "ChangeLater", method_later, true },
};

static const struct varlink_interface interface = {
	.name = "org.example.Test",
	.description = "interface org.example.Test\n",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};

const struct varlink_server_options varlink_default_options = {
	.interface = &interface,
	.userdata = &varlink_counted,
	.group = (gid_t)-1,
	.limits = { CONNECTIONS, PER_UID, 4096, OUTPUT_LIMIT, STREAMS, STREAM_LIMIT, USER_MEMORY,
		    2 * USER_MEMORY, 0 },
	.vendor = "vendor",
	.product = "product",
	.version = "1.2.3",
	.url = "https://example.org",
};

void varlink_start(const struct varlink_server_options *options)
{
	struct dir_entry entry;
	int fd = -1;

	ck_assert_int_eq(varlink_listen(varlink_path, &entry, &fd), 0);
	entry_close(&entry);
	ck_assert_int_eq(varlink_server_new(event, fd, options, &varlink_server), 0);
}

void varlink_setup_directory(void)
{
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chmod(directory, 0755), 0);
	snprintf(varlink_path, sizeof(varlink_path), "%s/socket", directory);
}

void varlink_teardown_directory(void)
{
	unlink(varlink_path);
	rmdir(directory);
}

void varlink_setup(void)
{
	varlink_setup_directory();
	varlink_counted = 0;
	varlink_pieces_done = 0;
	varlink_gone = 0;
	varlink_n_watchers = 0;
	memset(varlink_watchers, 0, sizeof(varlink_watchers));
	ck_assert_int_eq(sd_event_new(&event), 0);
	varlink_start(&varlink_default_options);
}

void varlink_teardown(void)
{
	varlink_server_free(varlink_server);
	varlink_server = NULL;
	event = sd_event_unref(event);
	varlink_teardown_directory();
}

/* --- clients ---------------------------------------------------------------------------------- */

int client_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	memcpy(address.sun_path, varlink_path, strlen(varlink_path) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void client_open(struct client *client)
{
	client->fd = client_connect();
	frame_buffer_init(&client->input, 16 * OUTPUT_LIMIT);
}

void client_close(struct client *client)
{
	client->fd = safe_close(client->fd);
	frame_buffer_release(&client->input);
}

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void run_once(void)
{
	ck_assert_int_ge(sd_event_run(event, 1000), 0);
}

unsigned int varlink_run_for(uint64_t usec)
{
	unsigned int events = 0;

	while (sd_event_run(event, usec) > 0)
		events++;
	return events;
}

void varlink_settle(void)
{
	varlink_run_for(20 * 1000);
}

void client_send_bytes(struct client *client, const char *data, size_t size)
{
	time_t end = now() + WAIT_SECONDS;

	while (size > 0) {
		ssize_t n = send(client->fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			ck_assert_int_eq(errno, EAGAIN);
		else
			data += n, size -= (size_t)n;
		if (size > 0)
			run_once();
		ck_assert(now() < end);
	}
}

void client_send(struct client *client, const char *text)
{
	client_send_bytes(client, text, strlen(text) + 1);
}

/* The next message, or NULL when the server closed the connection. */
json_t *client_receive(struct client *client)
{
	time_t end = now() + WAIT_SECONDS;
	json_t *message;
	char *room;
	int r;

	while ((r = frame_buffer_next(&client->input, &message)) == 0) {
		ssize_t n = frame_buffer_space(&client->input, &room);

		ck_assert_int_gt(n, 0);
		n = recv(client->fd, room, (size_t)n, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return NULL;
		if (n > 0)
			frame_buffer_filled(&client->input, (size_t)n);
		else
			ck_assert_int_eq(errno, EAGAIN);
		run_once();
		ck_assert(now() < end);
	}
	ck_assert_int_eq(r, 1);
	return message;
}

void client_expect(struct client *client, const char *text)
{
	json_t *message = client_receive(client);
	char *got;

	ck_assert_ptr_nonnull(message);
	got = json_dumps(message, JSON_COMPACT);
	ck_assert_str_eq(got, text);
	free(got);
	json_decref(message);
}

void client_expect_count(struct client *client, int count)
{
	char text[64];

	snprintf(text, sizeof(text), "{\"parameters\":{\"count\":%d}}", count);
	client_expect(client, text);
}

void client_expect_closed(struct client *client)
{
	ck_assert_ptr_null(client_receive(client));
}

void client_expect_silence(struct client *client)
{
	char byte;

	varlink_settle();
	ck_assert_int_eq(recv(client->fd, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, EAGAIN);
}

size_t client_expect_big(struct client *client)
{
	json_t *message = client_receive(client);
	size_t length;

	ck_assert_ptr_nonnull(message);
	length =
		json_string_length(json_object_get(json_object_get(message, "parameters"), "text"));
	json_decref(message);
	return length;
}

void watcher_reply(struct watcher *watcher, int count, size_t size)
{
	varlink_stream_reply(watcher->stream, watch_text(count, size));
}

void client_expect_reply(struct client *client, int count, size_t size)
{
	json_t *message = client_receive(client);
	json_t *wanted =
		json_pack("{s:b, s:o}", "continues", true, "parameters", watch_text(count, size));

	ck_assert_ptr_nonnull(message);
	ck_assert(json_equal(message, wanted));
	json_decref(wanted);
	json_decref(message);
}

/* One call on a connection of its own. */
void client_expect_answer(const char *call, const char *answer)
{
	struct client client;

	client_open(&client);
	client_send(&client, call);
	client_expect(&client, answer);
	client_close(&client);
}

/* The kernel notes who somebody is at connect(). */
void client_open_as(struct client *client, uid_t uid, const gid_t *groups, size_t n)
{
	gid_t saved[64];
	int n_saved;

	if (geteuid() != 0) {
		client_open(client);
		return;
	}
	n_saved = getgroups(ARRAY_SIZE(saved), saved);
	ck_assert_int_ge(n_saved, 0);
	ck_assert_int_eq(setgroups(n, groups), 0);
	ck_assert_int_eq(setegid(OTHER_UID), 0);
	ck_assert_int_eq(seteuid(uid), 0);
	client_open(client);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	ck_assert_int_eq(setgroups((size_t)n_saved, saved), 0);
}

void client_open_as_user(struct client *client, const gid_t *groups, size_t n)
{
	client_open_as(client, OTHER_UID, groups, n);
}
