/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"
#include "varlink/varlink-private.h"

#define ACCEPT_PAUSE_USEC (1000 * 1000)
#define LISTEN_BACKLOG    128

static int server_resume(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct varlink_server *server = userdata;
	int r;

	r = sd_event_source_set_enabled(server->listen, SD_EVENT_ON);
	if (r < 0)
		log_error("cannot accept clients any more: %s", strerror(-r));
	return 0;
}

/*
 * The client that cannot be accepted keeps the socket readable: without a pause the loop would spin
 * until somebody closes a descriptor.
 */
static void server_pause(struct varlink_server *server, int errnum)
{
	int r;

	log_limited(LOG_WARNING, "cannot accept a client, trying again in a second: %s",
		    strerror(errnum));
	r = sd_event_source_set_time_relative(server->resume, ACCEPT_PAUSE_USEC);
	if (r >= 0)
		r = sd_event_source_set_enabled(server->resume, SD_EVENT_ONESHOT);
	if (r >= 0)
		r = sd_event_source_set_enabled(server->listen, SD_EVENT_OFF);
	if (r < 0)
		log_error("cannot pause accepting clients: %s", strerror(-r));
}

static void server_add_client(struct varlink_server *server, int fd)
{
	int r;

	if (server->n_connections >= server->options.limits.connections)
		r = -EUSERS;
	else
		r = varlink_connection_new(server, fd);
	if (r < 0) {
		log_limited(LOG_WARNING, "refusing a client: %s",
			    r == -EUSERS ? "too many connections" : strerror(-r));
		safe_close(fd);
	}
}

static int server_accept(sd_event_source *source _unused_, int listen_fd, uint32_t revents _unused_,
			 void *userdata)
{
	struct varlink_server *server = userdata;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0)
		server_add_client(server, fd);
	else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		server_pause(server, errno);
	return 0;
}

static int server_add_sources(struct varlink_server *server, int listen_fd)
{
	int r;

	r = sd_event_add_io(server->event, &server->listen, listen_fd, EPOLLIN, server_accept,
			    server);
	if (r < 0)
		return r;
	r = sd_event_add_time(server->event, &server->resume, CLOCK_MONOTONIC, 0, 0, server_resume,
			      server);
	if (r < 0)
		return r;
	return sd_event_source_set_enabled(server->resume, SD_EVENT_OFF);
}

int varlink_server_new(sd_event *event, int listen_fd, const struct varlink_server_options *options,
		       struct varlink_server **ret)
{
	struct varlink_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->options = *options;
	server->event = sd_event_ref(event);
	server->listen_fd = -1; /* it is the caller's until nothing can fail any more */
	r = server_add_sources(server, listen_fd);
	if (r < 0) {
		varlink_server_free(server);
		return r;
	}
	server->listen_fd = listen_fd;
	*ret = server;
	return 0;
}

void varlink_server_free(struct varlink_server *server)
{
	if (!server)
		return;
	while (server->connections)
		varlink_connection_free(server->connections);
	sd_event_source_disable_unref(server->listen);
	sd_event_source_disable_unref(server->resume);
	safe_close(server->listen_fd);
	sd_event_unref(server->event);
	free(server);
}

/* --- the listening socket --------------------------------------------------------------------- */

static int address_from_path(const char *path, struct sockaddr_un *ret)
{
	size_t length = strlen(path);

	if (length == 0)
		return -EINVAL;
	if (length >= sizeof(ret->sun_path))
		return -ENAMETOOLONG;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, path, length + 1);
	return 0;
}

/* Remove what a server that is gone left behind; whatever else is at the path stays. */
static int remove_stale_socket(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A server that is too busy to take one more (EAGAIN) is alive, too. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) >= 0 || errno == EAGAIN)
		return -EADDRINUSE;
	if (errno == ENOENT)
		return 0;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int bind_replacing(int fd, const struct sockaddr_un *address)
{
	int r;

	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) >= 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	r = remove_stale_socket(address);
	if (r < 0)
		return r;
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
}

int varlink_listen(const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address;
	int r;

	r = address_from_path(path, &address);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = bind_replacing(fd, &address);
	if (r < 0)
		return r;
	/* The umask took its share of the mode. Nobody can connect before listen(). */
	if (chmod(path, 0666) < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
		r = -errno;
		unlink(path);
		return r;
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}
