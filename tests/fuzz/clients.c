/* SPDX-License-Identifier: ISC */
/* Clients of a Varlink server in this process. See clients.h. */

#include <sys/socket.h>
#include <sys/un.h>

#include "clients.h"

#define REPLY_MAX (16 * 1024 * 1024) /* bytes */

int fuzz_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	fuzz_require(fd >= 0);
	/* without a path, the kernel chooses an abstract one: unix(7), autobind */
	fuzz_require(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
	fuzz_require(listen(fd, 64) == 0);
	return fd;
}

/* The kernel notes the user of a client when it connects. */
void fuzz_client_open(struct fuzz_client *client, int listen_fd, uid_t uid)
{
	bool change = uid != 0 && geteuid() == 0;
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	if (client->fd >= 0)
		return;
	fuzz_require(getsockname(listen_fd, (struct sockaddr *)&address, &size) == 0);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	fuzz_require(client->fd >= 0);
	frame_buffer_init(&client->input, REPLY_MAX);
	if (change)
		fuzz_require(setegid(uid) == 0 && seteuid(uid) == 0);
	if (connect(client->fd, (struct sockaddr *)&address, size) < 0)
		client->fd = safe_close(client->fd); /* the queue is full */
	if (change)
		fuzz_require(seteuid(0) == 0 && setegid(0) == 0);
}

void fuzz_client_send(struct fuzz_client *client, const void *data, size_t size)
{
	if (client->fd >= 0)
		(void)!send(client->fd, data, size, MSG_NOSIGNAL);
}

static void take_messages(struct fuzz_client *client)
{
	json_t *message;
	int r;

	while ((r = frame_buffer_next(&client->input, &message)) > 0) {
		const json_t *parameters = json_object_get(message, "parameters");
		const json_t *error = json_object_get(message, "error");

		fuzz_require(json_is_object(parameters));
		fuzz_require(!error || json_is_string(error));
		client->replies++;
		json_decref(message);
	}
	fuzz_require(r == 0);
}

void fuzz_client_read(struct fuzz_client *client)
{
	char *room;
	ssize_t n = 1;

	while (client->fd >= 0 && n > 0) {
		n = frame_buffer_space(&client->input, &room);
		fuzz_require(n > 0);
		n = recv(client->fd, room, (size_t)n, 0);
		if (n > 0) {
			frame_buffer_filled(&client->input, (size_t)n);
			take_messages(client);
		} else if (n == 0 || errno != EAGAIN) {
			fuzz_client_close(client);
		}
	}
}

void fuzz_client_close(struct fuzz_client *client)
{
	client->fd = safe_close(client->fd);
	frame_buffer_release(&client->input);
}

void fuzz_run(sd_event *event, unsigned int steps)
{
	int r = 1;

	for (unsigned int i = 0; r > 0 && i < steps; i++)
		r = sd_event_run(event, 0);
	fuzz_require(r >= 0);
}
