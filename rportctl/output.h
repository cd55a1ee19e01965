/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_OUTPUT_H
#define RPORTCTL_OUTPUT_H

/*
 * All that rportctl prints goes through here. What is not printable in a text is escaped ("\x1b"):
 * a name must not be able to command the terminal. Colours are for terminals only, and NO_COLOR
 * (https://no-color.org) is honoured.
 */

#include <jansson.h>

#include "rportctl.h"
#include "base/util.h"

enum output_color {
	COLOR_NONE,
	COLOR_GOOD,
	COLOR_BAD,
	COLOR_WAITING,
	COLOR_STRONG,
};

enum output_colors {
	COLORS_AUTO,
	COLORS_ALWAYS,
	COLORS_NEVER,
};

/**
 * output_set_colors() - choose when colours are used
 * @colors: COLORS_AUTO, as from the start: on a terminal
 */
void output_set_colors(enum output_colors colors);

/**
 * output_is_terminal() - tell whether a person reads standard output, perhaps through the pager
 *
 * Return: true for a terminal and for the pager.
 */
bool output_is_terminal(void);

/**
 * output_width() - tell how wide the terminal is that standard output goes to
 *
 * Return: columns; 0 where it goes to no terminal, so that nothing may be cut.
 */
size_t output_width(void);

/**
 * output_color_code() - find what switches a colour on
 * @color: the colour
 *
 * Return: a static string for the terminal, or NULL where no colour is used.
 */
const char *output_color_code(enum output_color color);

/**
 * output_error() - print "rportctl: MESSAGE" on standard error
 * @fmt: printf format of the message, without a newline
 */
void output_error(const char *fmt, ...) _printf_(1, 2);

/**
 * output_diagnostic() - print a line on standard error that begins with the file to blame
 * @fmt: printf format of the line, without a newline
 */
void output_diagnostic(const char *fmt, ...) _printf_(1, 2);

/**
 * output_progress() - print a line on standard error that the next one, or output_progress_end(),
 * overwrites
 * @fmt: printf format of the line, without a newline
 *
 * Nothing is printed where standard error is not a terminal.
 */
void output_progress(const char *fmt, ...) _printf_(1, 2);

/**
 * output_progress_end() - remove the line of output_progress(), if there is one
 */
void output_progress_end(void);

/**
 * output_text() - print a piece of a line
 * @color: how to mark it on a terminal
 * @fmt: printf format; a newline in the text is escaped like all that is not printable
 */
void output_text(enum output_color color, const char *fmt, ...) _printf_(2, 3);

/**
 * output_newline() - end the line
 */
void output_newline(void);

/**
 * output_document() - print a text of several lines: its newlines and tabs are kept
 * @text: printed; only what else is not printable is escaped
 */
void output_document(const char *text);

/**
 * output_json() - print a value as JSON, and a newline
 * @options: of them, whether it is indented
 * @value: borrowed
 */
void output_json(const struct ctl_options *options, const json_t *value);

/**
 * output_flush() - write what is buffered, for a reader who waits for it
 *
 * Return: 0 or -errno when something could not be written, now or before; then nothing ever will
 * be.
 */
int output_flush(void);

/**
 * output_finish() - write what is still buffered, and say so when that fails
 *
 * A reader that has gone, as head(1) does when it has seen enough, is a failure without words.
 *
 * Return: 0 or -errno when something could not be written, for example to a full disk.
 */
int output_finish(void);

#endif
