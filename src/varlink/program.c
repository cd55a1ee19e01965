/* SPDX-License-Identifier: ISC */

/* The program behind a socket. */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "varlink/program.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/*
 * Theory of operation
 *
 * The number of a process that has ended is given to another one sooner or later, and its name would
 * be the wrong one. So the name is read first, and then the kernel is asked whether the process that
 * connected is still there: if so, the number was its own all the time. Linux before 6.5 cannot
 * tell.
 *
 * Under the unit of rportd the processes of other users are hidden (hidepid= of proc(5)). Then the
 * program is the one that its socket says, as that of rportctl does.
 *
 * A process may call itself what it likes, so the name helps to read the log, and proves nothing.
 * The uid does.
 */

/* Return: whether the process that connected has ended. */
static bool has_ended(int fd)
{
	socklen_t size = sizeof(int);
	bool ended = false;
	int pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0)
		return errno != ENOPROTOOPT; /* an older Linux */
	ended = poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, 0) != 0;
	safe_close(pidfd);
	return ended;
}

static ssize_t read_comm(pid_t pid, char *buf, size_t size)
{
	char path[sizeof("/proc/2147483647/comm")];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size);
	safe_close(fd);
	return n;
}

void varlink_read_program(int fd, pid_t pid, char ret[static PROGRAM_NAME_MAX])
{
	char text[PROGRAM_NAME_MAX]; /* the kernel ends it with a line feed, in place of the NUL */
	ssize_t n = pid > 0 ? read_comm(pid, text, sizeof(text)) : -ESRCH;

	if (n <= 0 || has_ended(fd)) {
		socket_name_get(fd, ret);
		return;
	}
	if (text[n - 1] == '\n' || n == sizeof(text))
		n--;
	memcpy(ret, text, (size_t)n);
	ret[n] = '\0';
}
