/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes the Varlink server with several clients. A part of the input is sent by the client that
 * its first byte names; bits of that byte say what else happens:
 *
 *	0x07	which client; those from 4 on are not root
 *	0x08	end the part with a NUL, as a message is
 *	0x10	let the server work afterwards
 *	0x20	read what came
 *	0x40	close the connection
 *	0x80	shut down the sending side
 *
 * Properties: the server answers in whole messages and never ends; once the clients have gone,
 * nothing of them is left, and each stream was closed once.
 */

#include <sys/socket.h>

#include "clients.h"
#include "varlink/server.h"

#define CLIENTS     8
#define STREAMS_MAX 4
#define STEPS       64
#define TEXT_MAX    (64 * 1024)

static sd_event *event;
static unsigned int open_streams;
static struct varlink_stream *last_stream;

/* --- the interface ---------------------------------------------------------------------------- */

static void method_echo(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	varlink_reply(call, json_incref(parameters));
}

static json_t *make_text(const json_t *parameters)
{
	json_int_t size = json_integer_value(json_object_get(parameters, "size"));
	_cleanup_free_ char *text = calloc(1, TEXT_MAX + 1);

	fuzz_require(text);
	memset(text, 'x', (size_t)MIN(MAX(size, 0), TEXT_MAX));
	return json_pack("{s:s}", "text", text);
}

static void method_text(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	varlink_reply(call, make_text(parameters));
}

static void method_fail(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	if (!json_is_string(json_object_get(parameters, "why")))
		varlink_error_invalid_parameter(call, "why");
	else
		varlink_error(call, "org.example.Test.Failed", json_incref(parameters));
}

static void method_silent(struct varlink_call *call _unused_, json_t *parameters _unused_,
			  void *userdata _unused_)
{
}

static void stream_closed(void *userdata)
{
	struct varlink_stream **stream = userdata;

	fuzz_require(open_streams > 0);
	open_streams--;
	if (last_stream == *stream)
		last_stream = NULL;
	free(stream);
}

static void method_watch(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	struct varlink_stream **stream;

	if (!varlink_stream_make_place(call)) {
		varlink_error(call, "org.example.Test.Full", NULL);
		return;
	}
	stream = calloc(1, sizeof(*stream));
	fuzz_require(stream);
	*stream = varlink_stream_new(call, make_text(parameters), stream_closed, stream);
	if (!*stream) {
		free(stream);
		return;
	}
	last_stream = *stream;
	open_streams++;
}

/* One more reply for the youngest stream. */
static void method_tell(struct varlink_call *call, json_t *parameters, void *userdata _unused_)
{
	if (last_stream)
		varlink_stream_reply(last_stream, make_text(parameters));
	varlink_reply(call, json_object());
}

static const struct varlink_method methods[] = {
	{ "Echo", method_echo, false },  { "Text", method_text, false },
	{ "Fail", method_fail, false },  { "Silent", method_silent, false },
	{ "Change", method_echo, true }, { "Watch", method_watch, false },
	{ "Tell", method_tell, false },
};

static const struct varlink_interface interface = {
	.name = "org.example.Test",
	.description = "interface org.example.Test\n",
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
};

/* --- clients ---------------------------------------------------------------------------------- */

static struct varlink_server *start_server(int *ret_fd)
{
	struct varlink_server_options options = {
		.interface = &interface,
		.group = (gid_t)-1,
		.limits = {
			.connections = CLIENTS - 1,
			.connections_per_uid = 3,
			.message = 4096,
			.output = 128 * 1024,
			.streams = STREAMS_MAX,
			.stream_output = 32 * 1024,
			.user_memory = 512 * 1024,
			.memory = 1024 * 1024,
			.idle = 60,
		},
		.vendor = "vendor",
		.product = "product",
		.version = "1",
		.url = "https://example.org",
	};
	struct varlink_server *server;
	int fd = fuzz_listen();

	fuzz_require(varlink_server_new(event, fd, &options, &server) == 0);
	*ret_fd = fd;
	return server;
}

static void act(struct fuzz_client *clients, int listen_fd, struct fuzz_input *part)
{
	uint8_t what = fuzz_take_byte(part);
	struct fuzz_client *client = &clients[what & 0x07];

	fuzz_client_open(client, listen_fd, what & 0x04 ? FUZZ_OTHER_UID : 0);
	if (part->size > 0)
		fuzz_client_send(client, part->data, part->size);
	if (what & 0x08)
		fuzz_client_send(client, "", 1);
	if (what & 0x80 && client->fd >= 0)
		shutdown(client->fd, SHUT_WR);
	if (what & 0x10)
		fuzz_run(event, STEPS);
	if (what & 0x20)
		fuzz_client_read(client);
	if (what & 0x40)
		fuzz_client_close(client);
}

int LLVMFuzzerInitialize(int *argc _unused_, char ***argv _unused_)
{
	fuzz_be_quiet();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size }, part;
	struct fuzz_client clients[CLIENTS];
	unsigned int before = fuzz_count_entries("/proc/self/fd");
	struct varlink_server *server;
	int listen_fd;

	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = (struct fuzz_client){ .fd = -1 };
	fuzz_require(sd_event_new(&event) >= 0);
	server = start_server(&listen_fd);
	while (fuzz_take_part(&input, &part))
		act(clients, listen_fd, &part);
	fuzz_run(event, STEPS);
	for (size_t i = 0; i < CLIENTS; i++) {
		fuzz_client_read(&clients[i]);
		fuzz_client_close(&clients[i]);
	}
	varlink_server_free(server);
	event = sd_event_unref(event);
	fuzz_require(open_streams == 0 && !last_stream);
	fuzz_require(fuzz_count_entries("/proc/self/fd") == before);
	return 0;
}
