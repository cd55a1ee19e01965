/* SPDX-License-Identifier: ISC */
/*
 * One user at rportd's socket who tries everything, malformed and forbidden calls too: as many
 * connections as he gets, each doing one of the things below, chosen by chance, over and over.
 *
 *	stranger SOCKET SECONDS SEED
 *
 * For tests that measure something else meanwhile (98-hostile): he pauses after each round, so that
 * what is slow is rportd. crowd.c measures by itself: it is several users who call what they are
 * allowed to without a pause, and root beside them.
 *
 * Prints what he did, "connects=N sends=N bytes=N closed=N", and fails only when he could not even
 * connect once.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 96

#define CALL(method, more) \
	"{\"method\":\"org.rportd.Manager." method "\",\"parameters\":{},\"more\":" more "}"

#define DESCRIBE                                                                       \
	"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{" \
	"\"interface\":\"org.rportd.Manager\"}}"

#define PARENT(port) \
	"{\"method\":\"org.rportd.Manager.GetParent\",\"parameters\":{\"port\":\"" port "\"}}"

/* What is sent, with its NUL, and without */
#define MESSAGE(text) text, sizeof(text)
#define PART(text)    text, sizeof(text) - 1

static const struct {
	const char *text;
	size_t size;
	bool read; /* the answer is read */
} acts[] = {
	{ PART(""), false }, /* idle */
	{ MESSAGE(CALL("List", "false")), false },
	{ MESSAGE(CALL("List", "false")), true },
	{ MESSAGE(CALL("ListPorts", "false")), false },
	{ MESSAGE(CALL("Monitor", "true")), false },
	{ MESSAGE(CALL("Monitor", "true")), true },
	{ MESSAGE(CALL("Pair", "false")), true }, /* not permitted */
	{ MESSAGE(CALL("Nothing", "false")), true },
	{ MESSAGE(PARENT("netns:hung/rport0")), true }, /* a namespace that does not answer */
	{ MESSAGE(PARENT("pid:1/rport0")), true },
	{ MESSAGE(DESCRIBE), false },
	{ PART("{\"method\":"), false }, /* without an end */
	{ MESSAGE("[]"), true },
	{ MESSAGE("\x1b[2J\xff\xfe"), true },
};
#define N_ACTS (sizeof(acts) / sizeof(acts[0]))

struct connection {
	int fd; /* -1: none */
	unsigned int act;
};

static unsigned long connects, sends, bytes, closed;

static void open_connection(struct connection *connection, const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		close(fd);
		return;
	}
	connects++;
	connection->fd = fd;
	connection->act = (unsigned int)random() % N_ACTS;
}

static void close_connection(struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	closed++;
}

static void act(struct connection *connection)
{
	static char buffer[65536];
	ssize_t n = -1;

	errno = EAGAIN;
	if (acts[connection->act].size > 0)
		n = send(connection->fd, acts[connection->act].text, acts[connection->act].size,
			 MSG_NOSIGNAL);
	if (n > 0)
		sends++;
	if (n < 0 && errno != EAGAIN) {
		close_connection(connection);
		return;
	}
	if (!acts[connection->act].read)
		return;
	n = recv(connection->fd, buffer, sizeof(buffer), 0);
	if (n > 0)
		bytes += (unsigned long)n;
	else if (n == 0 || errno != EAGAIN)
		close_connection(connection);
}

int main(int argc, char *argv[])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct connection connections[CONNECTIONS];
	time_t last;

	if (argc != 4 || strlen(argv[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: stranger SOCKET SECONDS SEED\n");
		return 2;
	}
	strcpy(address.sun_path, argv[1]);
	last = time(NULL) + (time_t)strtoul(argv[2], NULL, 10);
	srandom((unsigned int)strtoul(argv[3], NULL, 10));
	for (size_t i = 0; i < CONNECTIONS; i++)
		connections[i].fd = -1;
	while (time(NULL) < last) {
		for (size_t i = 0; i < CONNECTIONS; i++) {
			if (connections[i].fd < 0)
				open_connection(&connections[i], &address);
			else if (random() % 256 == 0)
				close_connection(&connections[i]);
			else
				act(&connections[i]);
		}
		/* he wants the daemon's time, not the CPU of the test */
		poll(NULL, 0, 1);
	}
	printf("connects=%lu sends=%lu bytes=%lu closed=%lu\n", connects, sends, bytes, closed);
	return connects > 0 ? 0 : 1;
}
