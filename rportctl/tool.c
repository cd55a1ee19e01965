/* SPDX-License-Identifier: ISC */

/* Runs programs of others: see tool.h. */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "tool.h"

/* What comes from one of its two descriptors. */
struct stream {
	int fd; /* negative: it has ended */
	char *text;
	size_t size, room;
};

static void close_stream(struct stream *stream)
{
	stream->fd = safe_close(stream->fd);
	free(steal_ptr(stream->text));
}

/* Return: 1: there may be more; 0: that was all; or -errno. */
static int read_more(struct stream *stream)
{
	ssize_t n;

	if (stream->room - stream->size < 2) {
		size_t room = stream->room ? 2 * stream->room : 4096;
		char *text = room <= 2 * TOOL_OUTPUT_MAX ? realloc(stream->text, room) : NULL;

		if (!text)
			return room > 2 * TOOL_OUTPUT_MAX ? -E2BIG : -ENOMEM;
		stream->text = text;
		stream->room = room;
	}
	n = read(stream->fd, stream->text + stream->size, stream->room - stream->size - 1);
	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	stream->size += (size_t)n;
	stream->text[stream->size] = '\0';
	if (n == 0)
		stream->fd = safe_close(stream->fd);
	return stream->size > TOOL_OUTPUT_MAX ? -E2BIG : n > 0;
}

/* Until both have ended. */
static int read_both(struct stream streams[static 2], uint64_t deadline)
{
	while (streams[0].fd >= 0 || streams[1].fd >= 0) {
		struct pollfd polls[2] = { { streams[0].fd, POLLIN, 0 },
					   { streams[1].fd, POLLIN, 0 } };
		uint64_t now = monotonic_usec();
		int r = now < deadline ? poll(polls, 2, (int)((deadline - now) / 1000) + 1) : 0;

		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < 2 && r > 0; i++) {
			int more = polls[i].revents ? read_more(&streams[i]) : 1;

			if (more < 0)
				return more;
		}
	}
	return 0;
}

/* A file, which the program can read whenever it likes; we would have to feed a pipe. */
static int open_input(const struct tool_call *call)
{
	_cleanup_close_ int fd = -1;
	size_t written = 0;
	ssize_t n;

	if (!call->input) {
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : steal_fd(&fd);
	}
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (written < call->input_size) {
		n = write(fd, call->input + written, call->input_size - written);
		if (n < 0)
			return -errno;
		written += (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : steal_fd(&fd);
}

/* @fds: its standard descriptors; negative: it has ours */
static int spawn_with(const char *const *argv, const int fds[static 3], pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int r = 0;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int i = 0; i < 3 && r == 0; i++)
		if (fds[i] >= 0)
			r = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (r == 0)
		r = posix_spawnp(ret, argv[0], &actions, &attributes,
				 (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int start(const struct tool_call *call, struct stream streams[static 2], pid_t *ret)
{
	int output[2] = { -1, -1 }, complaints[2] = { -1, -1 }, r = 0;
	_cleanup_close_ int input = open_input(call);

	if (input < 0)
		return input;
	if (pipe2(output, O_CLOEXEC) < 0 ||
	    (!call->share_stderr && pipe2(complaints, O_CLOEXEC) < 0))
		r = -errno;
	if (r == 0)
		r = spawn_with(call->argv, (int[]){ input, output[1], complaints[1] }, ret);
	safe_close(output[1]);
	safe_close(complaints[1]);
	streams[0].fd = output[0];
	streams[1].fd = complaints[0];
	return r;
}

/* Wait for a process that has closed its output, and kill it at the deadline. */
static int wait_for(pid_t pid, uint64_t deadline)
{
	const struct timespec moment = { .tv_nsec = 1000 * 1000 };
	int status, r;

	while ((r = waitpid(pid, &status, WNOHANG)) == 0 && monotonic_usec() < deadline)
		(void)nanosleep(&moment, NULL);
	if (r == 0) {
		(void)kill(pid, SIGKILL);
		r = waitpid(pid, &status, 0);
		return r < 0 ? -errno : -ETIMEDOUT;
	}
	if (r < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static char *first_line(const struct stream *stream)
{
	return stream->text ? strndup(stream->text, strcspn(stream->text, "\n")) : strdup("");
}

int tool_ask(const struct tool_call *call, struct tool_answer *ret)
{
	struct stream streams[2] = { { .fd = -1 }, { .fd = -1 } };
	uint64_t deadline = monotonic_usec() + call->msec * USEC_PER_MSEC;
	struct tool_answer answer;
	pid_t pid = 0;
	int r, status;

	/* whoever executed us may have ignored it, and then there is no status to wait for */
	(void)signal(SIGCHLD, SIG_DFL);
	r = start(call, streams, &pid);
	if (r < 0)
		goto finish;
	r = read_both(streams, deadline);
	status = wait_for(pid, r < 0 ? 0 : deadline);
	if (r < 0)
		goto finish;
	r = status;
	if (r < 0)
		goto finish;
	answer.output = streams[0].text ? steal_ptr(streams[0].text) : strdup("");
	answer.complaint = first_line(&streams[1]);
	if (answer.output && answer.complaint) {
		*ret = answer;
	} else {
		tool_answer_release(&answer);
		r = -ENOMEM;
	}
finish:
	close_stream(&streams[0]);
	close_stream(&streams[1]);
	return r;
}

void tool_answer_release(struct tool_answer *answer)
{
	free(answer->output);
	free(answer->complaint);
	*answer = (struct tool_answer){ 0 };
}
