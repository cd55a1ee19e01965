/* SPDX-License-Identifier: ISC */

/* Varlink calls, one a line on standard input, are made on one connection, each when the one before
 * is answered; the time of each in microseconds is printed. */

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/util.h"

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(path);
	return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			die("send");
		data += n;
		size -= (size_t)n;
	}
}

/* Until the NUL that ends it. An error is named at the beginning of a reply, which is printed. */
static void receive_reply(int fd)
{
	static char data[65536];
	bool first = true, failed = false;
	ssize_t n;

	do {
		n = recv(fd, data, sizeof(data) - 1, 0);
		if (n <= 0)
			die(n == 0 ? "no reply" : "recv");
		data[n] = '\0';
		if (first)
			failed = strncmp(data, "{\"error\"", strlen("{\"error\"")) == 0;
		first = false;
	} while (data[n - 1] != '\0');
	if (failed) {
		fprintf(stderr, "calls: %s\n", data);
		exit(1);
	}
}

int main(int argc, char *argv[])
{
	_cleanup_free_ char *line = NULL;
	size_t allocated = 0;
	ssize_t length;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "Usage: calls SOCKET\n"
				"Make the Varlink calls that are on standard input, one a line, "
				"and time them.\n");
		return 2;
	}
	fd = connect_to(argv[1]);
	while ((length = getline(&line, &allocated, stdin)) > 1) {
		double start = now_us();

		line[length - 1] = '\0'; /* in place of the newline */
		send_all(fd, line, (size_t)length);
		receive_reply(fd);
		printf("%.0f\n", now_us() - start);
	}
	close(fd);
	return 0;
}
