/* SPDX-License-Identifier: ISC */

/* A Varlink client for one call to rportd. */

#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "activation.h"
#include "client.h"
#include "output.h"
#include "base/frame.h"
#include "base/socket-name.h"

#define CLIENT_TIMEOUT_SECONDS 30
#define CLIENT_REPLY_MAX       ((size_t)64 * 1024 * 1024) /* a list of very many links */
#define DEADLINE_NEVER         INT64_MAX

/* An error of org.varlink.service. Those of org.rportd.Manager are in base/error.h. */
struct client_error {
	const char *error;
	enum ctl_status status;
	const char *message;   /* for errors that bring none */
	const char *parameter; /* of the error, to go with the message, or NULL */
};

#define MANAGER_ERRORS "org.rportd.Manager."
#define SERVICE_ERROR(name, status_, message_, parameter_)                                    \
	{                                                                                     \
		.error = "org.varlink.service." name, .status = status_, .message = message_, \
		.parameter = parameter_                                                       \
	}

static const struct client_error errors[] = {
	SERVICE_ERROR(
		"PermissionDenied", STATUS_NOT_PERMITTED,
		"not permitted: to change links takes root, or a user in the group \"rportd\"",
		NULL),
	SERVICE_ERROR("InvalidParameter", STATUS_REFUSED, "rportd does not accept the parameter",
		      "parameter"),
	SERVICE_ERROR("InterfaceNotFound", STATUS_REFUSED,
		      "what listens on this socket is not rportd: it has no interface",
		      "interface"),
	SERVICE_ERROR("MethodNotFound", STATUS_REFUSED,
		      "rportd is of another version than rportctl: it has no method", "method"),
};

/* A call on its way. */
struct exchange {
	int fd;
	struct frame_buffer input;
	/* For each reply in turn; NULL: the answer keeps the last one. */
	bool (*reply)(const json_t *parameters, void *userdata);
	/* For each reply before the last one, if that is what the answer keeps. */
	void (*progress)(const json_t *parameters, void *userdata);
	void *userdata;
	int64_t until; /* no reply after the first is waited for any longer; 0: for ever */
	bool over;     /* it is later than that */
	struct client_answer *answer;
};

static enum ctl_status _printf_(3, 4)
	answer_fail(struct client_answer *answer, enum ctl_status status, const char *fmt, ...)
{
	va_list args;

	answer->status = status;
	va_start(args, fmt);
	vsnprintf(answer->message, sizeof(answer->message), fmt, args);
	va_end(args);
	return status;
}

static const char *socket_path(const struct ctl_options *options)
{
	const char *path = options->socket;

	if (!path)
		path = getenv(CLIENT_SOCKET_ENVIRONMENT);
	return path && *path ? path : CLIENT_SOCKET_DEFAULT;
}

static int64_t now_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The socket does not block: every wait is here, and ends at the deadline. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left = -1; /* for ever, to poll(2) */
	int r;

	do {
		if (deadline != DEADLINE_NEVER) {
			left = deadline - now_milliseconds();
			if (left <= 0)
				return -ETIMEDOUT;
		}
		r = poll(&pfd, 1, (int)MIN(left, (int64_t)INT_MAX));
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

/* A Unix socket connects at once, or not at all when the server's queue is full (EAGAIN). */
static int connect_until(int fd, const struct sockaddr_un *address, int64_t deadline)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (now_milliseconds() >= deadline)
			return -ETIMEDOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int client_connect(const char *path, int64_t deadline, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	socket_name_set(fd);
	r = connect_until(fd, &address, deadline);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int client_send(int fd, const json_t *call, int64_t deadline)
{
	_cleanup_free_ char *data = NULL;
	size_t size, sent = 0;
	ssize_t n;
	int r;

	data = frame_encode(call, &size);
	if (!data)
		return -ENOMEM;
	while (sent < size) {
		r = wait_for(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
		n = send(fd, data + sent, size - sent, MSG_NOSIGNAL);
		if (n >= 0)
			sent += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return 0;
}

static int client_receive(int fd, struct frame_buffer *buffer, int64_t deadline, json_t **ret)
{
	char *data;
	ssize_t n;
	int r;

	while ((r = frame_buffer_next(buffer, ret)) == 0) {
		r = wait_for(fd, POLLIN, deadline);
		if (r < 0)
			return r;
		n = frame_buffer_space(buffer, &data);
		if (n < 0)
			return (int)n;
		n = recv(fd, data, (size_t)n, 0);
		if (n == 0)
			return -ECONNRESET;
		if (n > 0)
			frame_buffer_filled(buffer, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return r < 0 ? r : 0;
}

static enum ctl_status answer_connect_failed(struct client_answer *answer, const char *path, int r)
{
	if (r == -EACCES || r == -EPERM)
		return answer_fail(answer, STATUS_NOT_PERMITTED, "cannot connect to %s: %s", path,
				   strerror(-r));
	return answer_fail(answer, STATUS_NO_DAEMON, "cannot connect to %s: %s; is rportd running?",
			   path, strerror(-r));
}

static enum ctl_status answer_exchange_failed(struct client_answer *answer, int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return answer_fail(answer, STATUS_NO_DAEMON, "rportd did not answer within %d s",
				   CLIENT_TIMEOUT_SECONDS);
	case -ECONNRESET:
	case -EPIPE:
		return answer_fail(answer, STATUS_NO_DAEMON,
				   "rportd closed the connection without an answer");
	case -ECONNABORTED:
		return answer_fail(answer, STATUS_NO_DAEMON,
				   "rportd went away, or dropped this client for reading too "
				   "slowly");
	case -EBADMSG:
	case -EMSGSIZE:
		return answer_fail(answer, STATUS_NO_DAEMON,
				   "the answer of rportd cannot be understood");
	default:
		return answer_fail(answer, STATUS_NO_DAEMON, "cannot talk to rportd: %s",
				   strerror(-r));
	}
}

static struct client_error find_error(const char *name)
{
	struct client_error error = { .status = STATUS_REFUSED };
	const char *kind = skip_prefix(name, MANAGER_ERRORS);

	if (kind)
		error.status = rport_error_status(kind);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (streq(name, errors[i].error))
			return errors[i];
	return error;
}

static enum ctl_status answer_varlink_error(struct client_answer *answer, const char *name,
					    const json_t *parameters)
{
	struct client_error error = find_error(name);
	const char *message = json_string_value(json_object_get(parameters, "message"));
	const char *value = NULL;

	snprintf(answer->error, sizeof(answer->error), "%s", name);
	if (message)
		return answer_fail(answer, error.status, "%s", message);
	if (error.parameter)
		value = json_string_value(json_object_get(parameters, error.parameter));
	if (value)
		return answer_fail(answer, error.status, "%s \"%s\"", error.message, value);
	return answer_fail(answer, error.status, "%s", error.message ? error.message : name);
}

/* Return: is there another reply to wait for? */
static bool exchange_take(struct exchange *exchange, const json_t *reply)
{
	const char *error = json_string_value(json_object_get(reply, "error"));
	bool continues = json_is_true(json_object_get(reply, "continues"));
	json_t *parameters = json_object_get(reply, "parameters");

	if (error) {
		answer_varlink_error(exchange->answer, error, parameters);
		return false;
	}
	if (!json_is_object(parameters)) {
		answer_exchange_failed(exchange->answer, -EBADMSG);
		return false;
	}
	if (exchange->reply)
		return exchange->reply(parameters, exchange->userdata) && continues;
	if (continues && exchange->progress) {
		exchange->progress(parameters, exchange->userdata);
		return true;
	}
	exchange->answer->parameters = json_incref(parameters);
	return false;
}

static int exchange_receive(struct exchange *exchange, int64_t deadline)
{
	json_t *reply;
	bool more;
	int r;

	r = client_receive(exchange->fd, &exchange->input, deadline, &reply);
	if (r < 0)
		return r;
	more = exchange_take(exchange, reply);
	json_decref(reply);
	return more;
}

static int64_t answer_deadline(void)
{
	return now_milliseconds() + CLIENT_TIMEOUT_SECONDS * 1000;
}

/* When the next reply must be there: a stream gives one when there is something to say. */
static int64_t next_deadline(const struct exchange *exchange)
{
	if (exchange->until > 0)
		return exchange->until;
	return exchange->progress ? answer_deadline() : DEADLINE_NEVER;
}

static int exchange_run(struct exchange *exchange, const json_t *call, int64_t deadline)
{
	int sent, r;

	sent = client_send(exchange->fd, call, deadline);
	if (sent < 0 && sent != -EPIPE && sent != -ECONNRESET)
		return sent;
	/* A daemon that closes early may have said why before. */
	r = exchange_receive(exchange, deadline);
	if (r < 0)
		return sent < 0 ? sent : r;
	while (r > 0)
		r = exchange_receive(exchange, next_deadline(exchange));
	exchange->over = r == -ETIMEDOUT && exchange->until > 0;
	if (exchange->over)
		return 0;
	return r == -ECONNRESET ? -ECONNABORTED : r;
}

/* Takes over the reference to @call; NULL: there was no memory to make it. */
static enum ctl_status client_run(const struct ctl_options *options, json_t *call,
				  struct exchange *exchange)
{
	int64_t deadline = answer_deadline();
	const char *path = socket_path(options);
	_cleanup_close_ int fd = -1;
	int r;

	*exchange->answer = (struct client_answer){ .status = STATUS_DONE };
	if (call && !options->start &&
	    activation_is_due(path, json_string_value(json_object_get(call, "method")))) {
		json_decref(call);
		return answer_fail(exchange->answer, STATUS_NO_DAEMON,
				   "rportd is stopped, and is not started to be looked at; "
				   "\"systemctl start rportd\" starts it");
	}
	r = client_connect(path, deadline, &fd);
	if (r < 0) {
		answer_connect_failed(exchange->answer, path, r);
	} else {
		exchange->fd = fd;
		frame_buffer_init(&exchange->input, CLIENT_REPLY_MAX);
		r = call ? exchange_run(exchange, call, deadline) : -ENOMEM;
		if (r < 0)
			answer_exchange_failed(exchange->answer, r);
		frame_buffer_release(&exchange->input);
	}
	json_decref(call);
	return exchange->answer->status;
}

bool client_can_start(const struct ctl_options *options)
{
	return activation_is_possible(socket_path(options));
}

enum ctl_status client_call(const struct ctl_options *options, const char *method,
			    json_t *parameters, struct client_answer *answer)
{
	struct exchange exchange = { .answer = answer };
	json_t *call = json_pack("{s:s, s:o}", "method", method, "parameters", parameters);

	return client_run(options, call, &exchange);
}

/* A call that is answered by more than one reply. */
static json_t *pack_more(const char *method, json_t *parameters)
{
	return json_pack("{s:s, s:b, s:o}", "method", method, "more", true, "parameters",
			 parameters);
}

enum ctl_status client_call_progress(const struct ctl_options *options, const char *method,
				     json_t *parameters,
				     void (*progress)(const json_t *parameters, void *userdata),
				     void *userdata, struct client_answer *answer)
{
	struct exchange exchange = { .progress = progress, .userdata = userdata, .answer = answer };

	return client_run(options, pack_more(method, parameters), &exchange);
}

enum ctl_status client_stream(const struct ctl_options *options, const char *method,
			      json_t *parameters,
			      bool (*reply)(const json_t *parameters, void *userdata),
			      void *userdata, struct client_answer *answer)
{
	struct exchange exchange = { .reply = reply, .userdata = userdata, .answer = answer };

	return client_run(options, pack_more(method, parameters), &exchange);
}

bool client_stream_for(const struct ctl_options *options, int64_t milliseconds, const char *method,
		       json_t *parameters, bool (*reply)(const json_t *parameters, void *userdata),
		       void *userdata, struct client_answer *answer)
{
	struct exchange exchange = { .reply = reply,
				     .userdata = userdata,
				     .answer = answer,
				     .until = now_milliseconds() + milliseconds };

	client_run(options, pack_more(method, parameters), &exchange);
	return exchange.over;
}

enum ctl_status client_call_or_complain(const struct ctl_options *options, const char *method,
					json_t *parameters, struct client_answer *answer)
{
	enum ctl_status status = client_call(options, method, parameters, answer);

	if (status != STATUS_DONE)
		output_error("%s", answer->message);
	return status;
}

const json_t *client_call_for(const struct ctl_options *options, const char *method,
			      json_t *parameters, const char *key, struct client_answer *answer)
{
	const json_t *member;

	client_call(options, method, parameters, answer);
	member = client_member(answer, key);
	if (!member)
		output_error("%s", answer->message);
	return member;
}

const json_t *client_member(struct client_answer *answer, const char *key)
{
	const json_t *member = json_object_get(answer->parameters, key);

	if (!member && answer->status == STATUS_DONE)
		answer_exchange_failed(answer, -EBADMSG);
	return member;
}

void client_answer_release(struct client_answer *answer)
{
	json_decref(answer->parameters);
	answer->parameters = NULL;
}
