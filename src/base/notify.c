/* SPDX-License-Identifier: ISC */

/*
 * Messages to the service manager, see sd_notify(3), whose function waits for as long as the
 * manager's socket is full. Here a wait is bounded, and a manager that let us wait in vain is not
 * waited for again until it takes something.
 */

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "base/notify.h"
#include "base/util.h"

#define WAIT_MS  1000
#define TEXT_MAX 512

/* Return: a connected socket, or -errno. */
static int connect_manager(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	_cleanup_close_ int fd = -1;

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(address.sun_path))
		return -EAFNOSUPPORT;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@') /* an abstract one */
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	length += offsetof(struct sockaddr_un, sun_path);
	if (connect(fd, (const struct sockaddr *)&address, (socklen_t)length) < 0)
		return -errno;
	return steal_fd(&fd);
}

static int send_message(int socket, const char *text, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = (char *)text, .iov_len = strlen(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_within(int socket, const char *text, int fd, int wait_ms)
{
	struct pollfd pfd = { .fd = socket, .events = POLLOUT };
	uint64_t end = monotonic_usec() + (uint64_t)wait_ms * 1000, now;
	int r;

	while ((r = send_message(socket, text, fd)) == -EAGAIN) {
		now = monotonic_usec();
		if (now >= end)
			return r;
		(void)poll(&pfd, 1, (int)((end - now + 999) / 1000));
	}
	return r;
}

/* Return: NULL: there is no service manager. */
static const char *manager_path(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

bool notify_is_wanted(void)
{
	return manager_path();
}

int notify_send(const char *text, int fd, enum notify_wait wait)
{
	static bool stuck;
	const char *path = manager_path();
	_cleanup_close_ int socket = -1;
	int r;

	if (!path)
		return 0;
	socket = connect_manager(path);
	if (socket < 0)
		return socket;
	r = send_within(socket, text, fd, wait == NOTIFY_WAIT && !stuck ? WAIT_MS : 0);
	stuck = r == -EAGAIN;
	return r;
}

int notify_sendf(enum notify_wait wait, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(text))
		return -EMSGSIZE;
	return notify_send(text, -1, wait);
}

void notify_ready(void)
{
	(void)notify_send("READY=1", -1, NOTIFY_WAIT);
}

void notify_reloading(void)
{
	/* MONOTONIC_USEC: for Type=notify-reload (systemd 253), for units that use it */
	(void)notify_sendf(NOTIFY_WAIT, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
}

void notify_stopping(void)
{
	(void)notify_send("STOPPING=1", -1, NOTIFY_WAIT);
}

uint64_t notify_watchdog_period(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2 : 0;
}

void notify_watchdog(void)
{
	(void)notify_send("WATCHDOG=1", -1, NOTIFY_NOW);
}
