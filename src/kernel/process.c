/* SPDX-License-Identifier: ISC */
/* Processes that are held by a pidfd. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/process.h"

struct process {
	pid_t pid;
	int pidfd;
};

static int process_new(pid_t pid, int pidfd, struct process **ret)
{
	struct process *process = malloc(sizeof(*process));

	if (!process)
		return -ENOMEM;
	*process = (struct process){ .pid = pid, .pidfd = pidfd };
	*ret = process;
	return 0;
}

int process_open(pid_t pid, struct process **ret)
{
	_cleanup_close_ int pidfd = -1;
	int r;

	if (pid <= 0)
		return -ESRCH;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* no function of glibc before 2.36 */
	if (pidfd < 0) /* of a thread: EINVAL, or ENOENT since Linux 6.15 */
		return errno == EINVAL || errno == ENOENT ? -ESRCH : -errno;
	r = process_new(pid, pidfd, ret);
	if (r < 0)
		return r;
	(void)steal_fd(&pidfd); /* the process has it */
	return 0;
}

/* The number in the line "Pid:" of what the kernel says about a pidfd; -1: it has ended, and the
 * number is free; 0: this is not a pidfd. */
static int read_pid(int pidfd)
{
	char path[64], text[512];
	_cleanup_close_ int fd = -1;
	const char *line;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	line = strstr(text, "\nPid:\t");
	return line ? (int)strtol(line + strlen("\nPid:\t"), NULL, 10) : 0;
}

int process_adopt(int pidfd, pid_t pid, struct process **ret)
{
	int has = read_pid(pidfd);

	if (has == 0 || (has != pid && has != -1))
		return -EBADF;
	return process_new(pid, pidfd, ret);
}

void process_free(struct process *process)
{
	if (!process)
		return;
	safe_close(process->pidfd);
	free(process);
}

int process_take_fd(struct process *process)
{
	int fd = process->pidfd;

	free(process);
	return fd;
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

int process_fd(const struct process *process)
{
	return process->pidfd;
}

/* A pidfd can be read from when all threads have ended, before the number can be given away. */
bool process_has_ended(const struct process *process)
{
	struct pollfd pollfd = { .fd = process->pidfd, .events = POLLIN };

	return poll(&pollfd, 1, 0) != 0;
}

/* As long as neither has ended the number belongs to both. */
bool process_equal(const struct process *a, const struct process *b)
{
	return a->pid == b->pid && !process_has_ended(a) && !process_has_ended(b);
}
