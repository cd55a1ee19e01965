/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TEST_VARLINK_FIXTURE_H
#define RPORT_TEST_VARLINK_FIXTURE_H

/*
 * Server and clients are in one process and one thread: a client never blocks, and waiting for
 * something means to run the server's loop until it is there.
 */

#include <check.h>

#include "base/frame.h"
#include "varlink/call.h"
#include "varlink/server-state.h"

#define OUTPUT_LIMIT (1024 * 1024)
#define CONNECTIONS  8
#define PER_UID      3
#define OTHER_UID    65534 /* not root */
#define STREAMS      3
#define STREAM_LIMIT (64 * 1024)
#define USER_MEMORY  (4 * OUTPUT_LIMIT)

/* What the method Items lists; a piece is more than a socket takes. */
#define ITEMS           10000
#define ITEMS_PER_PIECE 2500
#define ITEM_LENGTH     100

#define COUNT  "{\"method\":\"org.example.Test.Count\"}"
#define PIECES "{\"method\":\"org.example.Test.Pieces\"}"
#define BIG    "{\"method\":\"org.example.Test.Big\",\"parameters\":{\"size\":1000000}}"

extern char varlink_path[64];
extern struct varlink_server *varlink_server;
extern unsigned int varlink_counted;     /* calls of Count and Change */
extern unsigned int varlink_pieces_done; /* how often a reply in pieces ended */
extern const struct varlink_server_options varlink_default_options;

extern struct varlink_later *varlink_later; /* of the last call of Later */
extern unsigned int varlink_gone;           /* how often its client was gone before the answer */

/* A stream that a call of Watch made. */
struct watcher {
	struct varlink_stream *stream;
	unsigned int closed; /* how often */
};

extern struct watcher varlink_watchers[8];
extern unsigned int varlink_n_watchers;

/* Fixtures: a server on a socket in a directory of its own; the directory alone. */
void varlink_setup(void);
void varlink_teardown(void);
void varlink_setup_directory(void);
void varlink_teardown_directory(void);

/* Another server, after the one there was has been freed. */
void varlink_start(const struct varlink_server_options *options);

/* Run the loop until the server has had nothing to do for a while; give the number of events. */
void varlink_settle(void);
unsigned int varlink_run_for(uint64_t usec);

struct client {
	int fd;
	struct frame_buffer input;
};

int client_connect(void);
void client_open(struct client *client);
/* As another user, if this one is root, with these groups; as the user OTHER_UID. */
void client_open_as(struct client *client, uid_t uid, const gid_t *groups, size_t n);
void client_open_as_user(struct client *client, const gid_t *groups, size_t n);
void client_close(struct client *client);
void client_send_bytes(struct client *client, const char *data, size_t size);
void client_send(struct client *client, const char *text);
/* The next message, or NULL when the server closed the connection. */
json_t *client_receive(struct client *client);
void client_expect(struct client *client, const char *text);
void client_expect_count(struct client *client, int count);
void client_expect_closed(struct client *client);
void client_expect_silence(struct client *client);
size_t client_expect_big(struct client *client);
/* One more reply of a stream, and what came of it: a number, and a text as long as is said. */
void watcher_reply(struct watcher *watcher, int count, size_t size);
void client_expect_reply(struct client *client, int count, size_t size);
/* One call on a connection of its own. */
void client_expect_answer(const char *call, const char *answer);

#endif
