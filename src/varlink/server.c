/* SPDX-License-Identifier: ISC */

/* Accepts clients, and closes some where there are too many. */

#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/turn.h"
#include "varlink/call.h"
#include "varlink/server-state.h"
#include "varlink/service.h"

#define ACCEPT_PAUSE_USEC (1000 * 1000)
#define ACCEPT_MAX        16 /* in a turn of the loop */
#define RELEASE_USEC      (10 * USEC_PER_MSEC)
#define SWEEP_USEC        (500 * USEC_PER_MSEC)
#define SCARCE_CLOSED     8 /* connections of the others that are closed for want of descriptors */

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
 * until a descriptor is closed.
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

/* --- places ----------------------------------------------------------------------------------- */

static size_t user_connections(const struct varlink_user *user)
{
	return user->connections;
}

/* The connection that has been idle for longest, if that is long enough to lose its place. */
static struct varlink_connection *least_active(struct varlink_server *server,
					       const struct varlink_user *user)
{
	uint64_t latest = monotonic_usec() - VARLINK_EVICT_USEC;
	struct varlink_connection *least = NULL;

	for (struct varlink_connection *c = server->connections; c; c = c->next) {
		if (c->user != user || c->since > latest)
			continue;
		if (!least || c->active < least->active)
			least = c;
	}
	return least;
}

/* Take a place from the user of the others who has the most, if that is fair to both. */
static int server_make_room(struct varlink_server *server, const struct varlink_user *user)
{
	struct varlink_user *greatest = varlink_user_greatest(server, user_connections);
	struct varlink_connection *connection;

	if (!greatest ||
	    (user->class == VARLINK_OTHER && greatest->connections <= user->connections + 1))
		return -EUSERS;
	connection = least_active(server, greatest);
	if (!connection)
		return -EUSERS;
	varlink_connection_close(connection, -EXFULL);
	return 0;
}

int varlink_server_admit(struct varlink_server *server, struct varlink_user *user)
{
	const struct varlink_limits *limits = &server->options.limits;
	unsigned int places = varlink_places(user->class, limits->connections);

	if (user->class == VARLINK_OTHER && server->scarce)
		return -EMFILE;
	if (user->class == VARLINK_OTHER && user->connections >= limits->connections_per_uid)
		return -EUSERS;
	if (user->class == VARLINK_OTHER && server->n_other >= places)
		return server_make_room(server, user);
	if (server->n_connections >= (user->class == VARLINK_OTHER ? limits->connections : places))
		return server_make_room(server, user);
	return 0;
}

/* --- connections that wait -------------------------------------------------------------------- */

void varlink_server_resume_later(struct varlink_server *server)
{
	int enabled = SD_EVENT_OFF, r;

	r = sd_event_source_get_enabled(server->release, &enabled);
	if (r >= 0 && enabled == SD_EVENT_OFF) {
		r = sd_event_source_set_time_relative(server->release, RELEASE_USEC);
		if (r >= 0)
			r = sd_event_source_set_enabled(server->release, SD_EVENT_ONESHOT);
	}
	if (r < 0)
		log_limited(LOG_ERR, "cannot time connections that are throttled: %s",
			    strerror(-r));
}

static bool connection_release(struct varlink_connection *connection)
{
	if (varlink_user_is_throttled(connection->server, connection->user))
		return false;
	connection->throttled = false;
	connection->active = monotonic_usec();
	if (varlink_connection_wait(connection, true) < 0)
		varlink_connection_close_later(connection, -ENOMEM);
	return true;
}

static int server_release(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct varlink_server *server = userdata;
	bool more = false;

	for (struct varlink_connection *c = server->connections; c; c = c->next)
		if (c->throttled && !connection_release(c))
			more = true;
	if (more)
		varlink_server_resume_later(server);
	return 0;
}

static size_t user_memory(const struct varlink_user *user)
{
	return user->memory;
}

/* While all others use too much memory together, the user with the most loses a connection. */
static void server_shrink(struct varlink_server *server)
{
	while (server->memory > server->options.limits.memory) {
		struct varlink_user *user = varlink_user_greatest(server, user_memory);
		struct varlink_connection *most = NULL;

		for (struct varlink_connection *c = server->connections; c; c = c->next)
			if (c->user == user && (!most || c->accounted > most->accounted))
				most = c;
		if (!most)
			return;
		varlink_connection_close(most, -EDQUOT);
	}
}

static int server_sweep(sd_event_source *source, uint64_t usec _unused_, void *userdata)
{
	struct varlink_server *server = userdata;
	struct varlink_connection *next;
	uint64_t now = monotonic_usec();

	server_shrink(server);
	for (struct varlink_connection *c = server->connections; c; c = next) {
		next = c->next;
		if (varlink_connection_is_idle(c, now))
			varlink_connection_close(c, -ETIMEDOUT);
	}
	if (server->n_other == 0)
		return 0; /* the next client starts it */
	(void)sd_event_source_set_time_relative(source, SWEEP_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static void server_start_sweep(struct varlink_server *server)
{
	int enabled = SD_EVENT_OFF;

	if (server->n_other == 0 || sd_event_source_get_enabled(server->sweep, &enabled) < 0 ||
	    enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(server->sweep, SWEEP_USEC);
	(void)sd_event_source_set_enabled(server->sweep, SD_EVENT_ONESHOT);
}

/* --- accepting -------------------------------------------------------------------------------- */

static void log_refusal(int fd, int reason)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(cred);

	(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size);
	if (log_limit_pass(varlink_log_limit(cred.uid), "refusing clients of a user"))
		log_warning("refusing a client of uid %u: %s", (unsigned int)cred.uid,
			    reason == -EUSERS ? "too many connections" : strerror(-reason));
}

static void server_add_client(struct varlink_server *server, int fd)
{
	int r = varlink_connection_new(server, fd);

	if (r < 0) {
		log_refusal(fd, r);
		safe_close(fd);
	}
	server_start_sweep(server);
}

/* --- when no descriptor is left --------------------------------------------------------------- */

static void server_reserve(struct varlink_server *server)
{
	if (server->spare_fd < 0)
		server->spare_fd = fcntl(server->listen_fd, F_DUPFD_CLOEXEC, 3);
}

/* The users with the most connections lose some. */
static void server_close_some(struct varlink_server *server)
{
	for (int i = 0; i < SCARCE_CLOSED; i++) {
		struct varlink_user *user = varlink_user_greatest(server, user_connections);
		struct varlink_connection *connection = user ? least_active(server, user) : NULL;

		if (!connection)
			return;
		varlink_connection_close(connection, -EMFILE);
	}
}

/* Return: 0; -EMFILE when the reserve is used, -EAGAIN when no client waits, or another -errno. */
static int server_accept_scarce(struct varlink_server *server)
{
	int fd, r = 0;

	if (server->spare_fd < 0)
		return -EMFILE;
	server->spare_fd = safe_close(server->spare_fd);
	fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		server->scarce = true;
		server_add_client(server, fd);
		server->scarce = false;
		server_close_some(server);
	} else {
		r = -errno;
	}
	server_reserve(server);
	return r;
}

/*
 * accept4(2) takes the descriptor before it looks for a client: without one, EMFILE does not say
 * that a client waits, and only the attempt with the reserve can give EAGAIN.
 */
static int server_accept_one(struct varlink_server *server)
{
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		server_add_client(server, fd);
		return 0;
	}
	return errno == EMFILE || errno == ENFILE ? server_accept_scarce(server) : -errno;
}

/* Accept the clients that wait, at most ACCEPT_MAX: then the loop serves other events first. */
static int server_accept(sd_event_source *source _unused_, int listen_fd _unused_,
			 uint32_t revents _unused_, void *userdata)
{
	struct varlink_server *server = userdata;
	int r = 0;

	turn_is("new clients");
	server_reserve(server);
	for (int i = 0; i < ACCEPT_MAX; i++) {
		r = server_accept_one(server);
		if (r < 0 && r != -EINTR && r != -ECONNABORTED)
			break;
	}
	if (r < 0 && r != -EINTR && r != -ECONNABORTED && r != -EAGAIN)
		server_pause(server, -r);
	return 0;
}

static int add_timer(struct varlink_server *server, sd_event_time_handler_t handler,
		     enum varlink_class class, sd_event_source **ret)
{
	int r;

	r = sd_event_add_time(server->event, ret, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, handler,
			      server);
	if (r >= 0)
		r = sd_event_source_set_priority(*ret, server->options.priorities[class]);
	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static int server_add_sources(struct varlink_server *server, int listen_fd)
{
	int r;

	r = sd_event_add_io(server->event, &server->listen, listen_fd, EPOLLIN, server_accept,
			    server);
	if (r < 0)
		return r;
	r = sd_event_source_set_priority(server->listen, server->options.priorities[VARLINK_GROUP]);
	if (r >= 0)
		r = add_timer(server, server_resume, VARLINK_ROOT, &server->resume);
	if (r >= 0)
		r = add_timer(server, server_release, VARLINK_GROUP, &server->release);
	if (r >= 0)
		r = add_timer(server, server_sweep, VARLINK_GROUP, &server->sweep);
	return r;
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
	server->spare_fd = -1;
	server->listen_fd = -1; /* it is the caller's until nothing can fail any more */
	r = server_add_sources(server, listen_fd);
	if (r < 0) {
		varlink_server_free(server);
		return r;
	}
	server->listen_fd = listen_fd;
	server_reserve(server);
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
	varlink_users_free(server);
	sd_event_source_disable_unref(server->resume);
	sd_event_source_disable_unref(server->release);
	sd_event_source_disable_unref(server->sweep);
	safe_close(server->listen_fd);
	safe_close(server->spare_fd);
	sd_event_unref(server->event);
	free(server);
}
