/* SPDX-License-Identifier: ISC */

/* Streams: TCP and Unix sockets, copied from stdin and to stdout in both directions at once. */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/un.h>

#include "traffic.h"

#define STREAM_BUFFER (256 * 1024)

/* One direction of a copy. */
struct pipe_half {
	char *data;
	size_t from, to; /* bytes of data that wait to be written */
	bool over;       /* nothing more will be read */
	bool shut;       /* and the other side has been told */
};

static int half_read(struct pipe_half *half, int fd)
{
	ssize_t n = read(fd, half->data, STREAM_BUFFER);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		half->over = true;
	half->from = 0;
	half->to = (size_t)n;
	return 0;
}

static int half_write(struct pipe_half *half, int fd)
{
	ssize_t n = write(fd, half->data + half->from, half->to - half->from);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	half->from += (size_t)n;
	return 0;
}

/* stdin to the socket (unless @out.over), the socket to stdout, until both are at their end */
static int stream_copy(int fd, bool send, const struct traffic_options *options)
{
	struct pipe_half in = { .data = malloc(STREAM_BUFFER) };
	struct pipe_half out = { .data = malloc(STREAM_BUFFER), .over = !send, .shut = !send };
	unsigned long long deadline = traffic_now() + options->timeout_ms;
	int r = in.data && out.data ? 0 : -ENOMEM;

	while (!r && !(in.over && in.from == in.to && out.shut)) {
		bool fill = !out.over && out.from == out.to;
		struct pollfd pfds[3] = {
			{ .fd = fill ? STDIN_FILENO : -1, .events = POLLIN },
			{ .fd = fd },
			{ .fd = in.from < in.to ? STDOUT_FILENO : -1, .events = POLLOUT },
		};
		unsigned long long now = traffic_now();
		int n;

		if (!in.over && in.from == in.to)
			pfds[1].events |= POLLIN;
		if (out.from < out.to)
			pfds[1].events |= POLLOUT;
		if (!pfds[1].events)
			pfds[1].fd = -1;
		n = poll(pfds, 3, now < deadline ? (int)(deadline - now) : 0);
		if (n < 0 && errno != EINTR)
			r = -errno;
		if (n == 0 && traffic_now() >= deadline)
			r = -ETIMEDOUT;
		if (n <= 0)
			continue;
		if (pfds[0].revents)
			r = half_read(&out, STDIN_FILENO);
		if (!r && (pfds[1].revents & (POLLIN | POLLHUP | POLLERR)) &&
		    (pfds[1].events & POLLIN))
			r = half_read(&in, fd);
		if (!r && (pfds[1].revents & (POLLOUT | POLLHUP | POLLERR)) &&
		    (pfds[1].events & POLLOUT))
			r = half_write(&out, fd);
		if (!r && pfds[2].revents)
			r = half_write(&in, STDOUT_FILENO);
		if (!r && out.over && out.from == out.to && !out.shut) {
			shutdown(fd, SHUT_WR);
			out.shut = true;
		}
	}
	free(in.data);
	free(out.data);
	close(fd);
	if (r) {
		errno = -r;
		traffic_die("copy");
	}
	return 0;
}

static int stream_connect(const struct sockaddr *to, socklen_t length, int fd,
			  unsigned long long deadline, const char *name)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (connect(fd, to, length) < 0) {
		if (errno != EINPROGRESS)
			return -errno;
		if (!traffic_wait(fd, POLLOUT, deadline))
			return -ETIMEDOUT;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
			traffic_die("%s", name);
	}
	return -error;
}

int traffic_pattern(const struct traffic_options *options, char **args _unused_)
{
	uint64_t block[4096], state = 0x9e3779b97f4a7c15ULL * (options->seed + 1);
	unsigned long long left = options->bytes;

	while (left) {
		size_t size = (size_t)MIN(left, (unsigned long long)sizeof(block));

		/* xorshift64: fast, and no two blocks alike */
		for (size_t i = 0; i < ARRAY_SIZE(block); i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			block[i] = state;
		}
		if (fwrite(block, 1, size, stdout) != size)
			traffic_die("write");
		left -= size;
	}
	if (fflush(stdout))
		traffic_die("write");
	return 0;
}

int traffic_tcp_listen(const struct traffic_options *options, char **args)
{
	struct sockaddr_storage address;
	socklen_t length = traffic_address(args[0], args[1], &address);
	unsigned long long deadline = traffic_now() + options->timeout_ms;
	int listener = traffic_socket(address.ss_family, SOCK_STREAM, options);
	int fd;

	if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0)
		traffic_die("listen on %s port %s", args[0], args[1]);
	traffic_ready(options);
	do {
		if (!traffic_wait(listener, POLLIN, deadline)) {
			errno = ETIMEDOUT;
			traffic_die("accept");
		}
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED)
			traffic_die("accept");
	} while (fd < 0);
	close(listener);
	return stream_copy(fd, options->duplex, options);
}

int traffic_tcp_send(const struct traffic_options *options, char **args)
{
	struct sockaddr_storage address;
	socklen_t length = traffic_address(args[0], args[1], &address);
	int fd = traffic_socket(address.ss_family, SOCK_STREAM, options);
	int r = stream_connect((struct sockaddr *)&address, length, fd,
			       traffic_now() + options->timeout_ms, args[0]);

	if (r) {
		errno = -r;
		traffic_die("connect to %s port %s", args[0], args[1]);
	}
	return stream_copy(fd, true, options);
}

static void unix_address(const char *path, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret->sun_path)) {
		errno = ENAMETOOLONG;
		traffic_die("%s", path);
	}
	strcpy(ret->sun_path, path);
}

int traffic_unix_send(const struct traffic_options *options, char **args)
{
	struct sockaddr_un address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unix_address(args[0], &address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		traffic_die("connect to %s", args[0]);
	return stream_copy(fd, true, options);
}

/* Did the other side close this connection by now? */
static bool closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

int traffic_unix_hold(const struct traffic_options *options, char **args)
{
	struct sockaddr_un address;
	unsigned long n_refused = 0, n_closed = 0, n = 0;
	int *fds = calloc(options->count, sizeof(*fds));

	unix_address(args[0], &address);
	if (!fds)
		traffic_die("memory");
	while (n < options->count) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			break;
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
			n_refused++;
			fd = safe_close(fd);
		}
		fds[n++] = fd;
	}
	traffic_ready(options);
	poll(NULL, 0, (int)options->idle_ms);
	for (unsigned long i = 0; i < n; i++)
		if (fds[i] >= 0 && closed(fds[i]))
			n_closed++;
	printf("opened=%lu refused=%lu closed=%lu\n", n - n_refused, n_refused, n_closed);
	for (unsigned long i = 0; i < n; i++)
		safe_close(fds[i]);
	free(fds);
	return 0;
}
