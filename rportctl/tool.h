/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_TOOL_H
#define RPORTCTL_TOOL_H

/* Runs programs of others, without a shell: what they read and print, until a deadline. */

#include "base/util.h"

#define TOOL_OUTPUT_MAX (1024 * 1024) /* bytes */

/*
 * struct tool_call - a program to run
 * @argv: its name, looked up in PATH unless it has a '/', and its arguments; ended by NULL
 * @input: what it can read on its standard input; NULL: nothing
 * @input_size: of @input, in bytes
 * @share_stderr: it has our standard error; otherwise what it writes there is kept
 * @msec: the deadline, from now
 */
struct tool_call {
	const char *const *argv;
	const char *input;
	size_t input_size;
	bool share_stderr;
	unsigned int msec;
};

/*
 * struct tool_answer - what a program printed
 * @output: on its standard output
 * @complaint: the first line on its standard error, or ""
 */
struct tool_answer {
	char *output;
	char *complaint;
};

/**
 * tool_ask() - run a program, and read what it prints
 * @call: the program
 * @ret: release it with tool_answer_release()
 *
 * Return: the status with which it exited; -ENOENT when there is no such program; -ETIMEDOUT when it had
 * not ended by the deadline; -E2BIG when it printed more than TOOL_OUTPUT_MAX bytes; -EINTR when a
 * signal ended it; or another -errno. In these cases there is nothing to release.
 */
int tool_ask(const struct tool_call *call, struct tool_answer *ret);

/**
 * tool_answer_release() - free an answer
 * @answer: of tool_ask(); zeroed afterwards
 */
void tool_answer_release(struct tool_answer *answer);

#endif
