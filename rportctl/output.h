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

/* A table whose columns become as wide as their widest cell. */
struct output_table {
	size_t n_columns;
	struct output_cell *cells;
	size_t n_cells;
	bool brief;  /* for scripts: spaces are escaped, too, since they separate the columns */
	bool failed; /* no memory: printing says so */
};

/**
 * output_table_init() - begin an empty table; release it with output_table_print()
 * @table: filled
 * @n_columns: how many cells make a row
 */
void output_table_init(struct output_table *table, size_t n_columns);

/**
 * output_table_add() - add the next cell, from left to right and top to bottom
 * @table: of output_table_init()
 * @color: how to mark the cell on a terminal
 * @fmt: printf format of its text
 */
void output_table_add(struct output_table *table, enum output_color color, const char *fmt, ...)
	_printf_(3, 4);

/**
 * output_table_add_right() - add the next cell, set to the right of its column, as for a number
 * @table: of output_table_init()
 * @color: how to mark the cell on a terminal
 * @fmt: printf format of its text
 */
void output_table_add_right(struct output_table *table, enum output_color color, const char *fmt,
			    ...) _printf_(3, 4);

/**
 * output_table_titles() - add a row of titles, those of numbers set to the right of their columns
 * @table: of output_table_init(), empty
 * @titles: as many as there are columns
 */
void output_table_titles(struct output_table *table, const char *const *titles);

/**
 * output_table_print() - print a table and free it
 * @table: of output_table_init()
 */
void output_table_print(struct output_table *table);

#endif
