/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_TOOL_H
#define RPORTCTL_TOOL_H

/* Programs of others, which are asked something: what they print, until a deadline. No shell. */

#include "base/util.h"

#define TOOL_OUTPUT_MAX (1024 * 1024) /* bytes */

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
 * @argv: its name, looked up in PATH, and its arguments; ended by NULL
 * @msec: the deadline, from now
 * @ret: release it with tool_answer_release()
 *
 * Return: the status with which it exited; -ENOENT when there is no such program; -ETIMEDOUT when it had
 * not ended by the deadline; -E2BIG when it printed more than TOOL_OUTPUT_MAX bytes; -EINTR when a
 * signal ended it; or another -errno. In these cases there is nothing to release.
 */
int tool_ask(const char *const *argv, unsigned int msec, struct tool_answer *ret);

/**
 * tool_answer_release() - free an answer
 * @answer: of tool_ask(); zeroed afterwards
 */
void tool_answer_release(struct tool_answer *answer);

#endif
