/* SPDX-License-Identifier: ISC */

/* The listening socket of rport-exporter, when it is not handed over. */

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/util.h"
#include "listen.h"

#define BACKLOG 32

union address {
	struct sockaddr any;
	struct sockaddr_in ip;
	struct sockaddr_in6 ip6;
	struct sockaddr_un local;
};

static int read_port(const char *text, in_port_t *ret)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (end == text || *end || port == 0 || port > UINT16_MAX)
		return -EINVAL;
	*ret = htons((uint16_t)port);
	return 0;
}

static int read_inet(const char *where, union address *ret, socklen_t *ret_size)
{
	const char *colon = strrchr(where, ':');
	char host[INET6_ADDRSTRLEN];
	size_t length = colon ? (size_t)(colon - where) : 0;
	in_port_t port;

	if (!colon || read_port(colon + 1, &port) < 0)
		return -EINVAL;
	if (length > 2 && where[0] == '[' && colon[-1] == ']') {
		where++;
		length -= 2;
	}
	if (length == 0 || length >= sizeof(host))
		return -EINVAL;
	memcpy(host, where, length);
	host[length] = '\0';
	*ret = (union address){ 0 };
	if (inet_pton(AF_INET, host, &ret->ip.sin_addr) == 1) {
		ret->ip.sin_family = AF_INET;
		ret->ip.sin_port = port;
		*ret_size = sizeof(ret->ip);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &ret->ip6.sin6_addr) != 1)
		return -EINVAL;
	ret->ip6.sin6_family = AF_INET6;
	ret->ip6.sin6_port = port;
	*ret_size = sizeof(ret->ip6);
	return 0;
}

static bool is_served(const union address *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, &address->any, sizeof(address->local)) == 0;
}

static int read_unix(const char *path, union address *ret, socklen_t *ret_size)
{
	struct stat st;

	*ret = (union address){ .local.sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof(ret->local.sun_path))
		return -EINVAL;
	memcpy(ret->local.sun_path, path, strlen(path));
	*ret_size = sizeof(ret->local);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && !is_served(ret))
		(void)unlink(path);
	return 0;
}

static int listen_at(const union address *address, socklen_t size)
{
	_cleanup_close_ int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	if (address->any.sa_family != AF_UNIX)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &address->any, size) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return steal_fd(&fd);
}

int exporter_listen(const char *where)
{
	static const char local[] = "unix:";
	union address address;
	socklen_t size;
	int r;

	if (skip_prefix(where, local))
		r = read_unix(where + strlen(local), &address, &size);
	else
		r = read_inet(where, &address, &size);
	if (r < 0) {
		fprintf(stderr,
			"rport-exporter: \"%s\" is no place to listen: say ADDRESS:PORT, "
			"[ADDRESS]:PORT or unix:PATH\n",
			where);
		return r;
	}
	r = listen_at(&address, size);
	if (r < 0)
		fprintf(stderr, "rport-exporter: cannot listen at %s: %s\n", where, strerror(-r));
	return r == -EINVAL ? -EADDRNOTAVAIL : r;
}
