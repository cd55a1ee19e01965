/* SPDX-License-Identifier: ISC */

/* All that rportctl prints: texts and JSON; table.c prints tables. */

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/escape.h"
#include "output.h"
#include "pager.h"

#define WIDTH_DEFAULT 80

static const char *const color_codes[] = {
	[COLOR_NONE] = "",          [COLOR_GOOD] = "\033[32m",
	[COLOR_BAD] = "\033[31m",   [COLOR_WAITING] = "\033[33m",
	[COLOR_STRONG] = "\033[1m",
};

bool output_is_terminal(void)
{
	/* not STDOUT_FILENO: what a test puts in the place of stdout has no descriptor */
	return pager_is_open() || isatty(fileno(stdout));
}

/* Return: the width of the terminal, in columns; 0: the output is not a terminal. */
static size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	unsigned long wanted = columns ? strtoul(columns, NULL, 10) : 0;
	struct winsize size = { 0 };

	if (!output_is_terminal())
		return 0;
	if (wanted > 0 && wanted <= USHRT_MAX)
		return wanted;
	ioctl(fileno(stdout), TIOCGWINSZ, &size);
	return size.ws_col > 0 ? size.ws_col : WIDTH_DEFAULT;
}

size_t output_width(void)
{
	static ssize_t width = -1; /* once there is a pager it could not be found out any more */

	if (width < 0)
		width = (ssize_t)terminal_width();
	return (size_t)width;
}

static enum output_colors wanted_colors;

void output_set_colors(enum output_colors colors)
{
	wanted_colors = colors;
}

static bool use_color(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (wanted_colors != COLORS_AUTO)
		return wanted_colors == COLORS_ALWAYS;
	return output_is_terminal() && !(no_color && *no_color) && !(term && streq(term, "dumb"));
}

const char *output_color_code(enum output_color color)
{
	return color != COLOR_NONE && use_color() ? color_codes[color] : NULL;
}

static void put(enum output_color color, const char *text)
{
	const char *code = *text ? output_color_code(color) : NULL;

	printf("%s%s%s", code ? code : "", text, code ? "\033[0m" : "");
}

/* --- escaping --------------------------------------------------------------------------------- */

/* How texts of one line are escaped. rportd has escaped names already, with their backslashes. */
#define LINE 0

static char *_printf_(1, 0)
	format_escaped(const char *fmt, va_list args, unsigned int flags, size_t *ret_width)
{
	_cleanup_free_ char *text = NULL;

	if (vasprintf(&text, fmt, args) < 0) {
		text = NULL;
		return NULL;
	}
	return escape_text(text, flags, ret_width);
}

/* --- text and JSON ---------------------------------------------------------------------------- */

static void _printf_(2, 0) complain(const char *prefix, const char *fmt, va_list args)
{
	_cleanup_free_ char *text = NULL;
	size_t width;

	text = format_escaped(fmt, args, LINE, &width);
	fflush(stdout);
	fprintf(stderr, "%s%s\n", prefix, text ? text : "out of memory");
}

void output_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain("rportctl: ", fmt, args);
	va_end(args);
}

void output_diagnostic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain("", fmt, args);
	va_end(args);
}

/* Columns of the line that is there. */
static int progress_width;

void output_progress(const char *fmt, ...)
{
	char text[80];
	va_list args;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* blanks, not a command that a dumb terminal does not have */
	fprintf(stderr, "\r%-*s", progress_width, text);
	progress_width = (int)strlen(text);
}

void output_progress_end(void)
{
	if (progress_width > 0)
		fprintf(stderr, "\r%*s\r", progress_width, "");
	progress_width = 0;
}

void output_text(enum output_color color, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	size_t width;
	va_list args;

	va_start(args, fmt);
	text = format_escaped(fmt, args, LINE, &width);
	va_end(args);
	if (text)
		put(color, text);
	else
		output_error("out of memory");
}

void output_document(const char *text)
{
	_cleanup_free_ char *escaped = NULL;

	escaped = escape_text(text, ESCAPE_KEEP_LINES, NULL);
	if (escaped)
		put(COLOR_NONE, escaped);
	else
		output_error("out of memory");
}

void output_newline(void)
{
	putchar('\n');
}

/* jansson writes DEL as it is. It is in strings only, where it may be escaped. */
static int write_json(const char *text, size_t size, void *userdata _unused_)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] == 0x7f)
			fputs("\\u007f", stdout);
		else
			putchar(text[i]);
	return 0;
}

void output_json(const struct ctl_options *options, const json_t *value)
{
	/* Plain ASCII: JSON, too, is looked at on terminals. */
	size_t flags = JSON_ENSURE_ASCII | JSON_ENCODE_ANY;

	flags |= options->pretty ? JSON_INDENT(2) : JSON_COMPACT;
	if (json_dump_callback(value, write_json, NULL, flags) < 0)
		output_error("cannot print JSON");
	putchar('\n');
}

int output_flush(void)
{
	static int error; /* the first one: later calls could not tell why */

	if (error < 0)
		return error;
	if (fflush(stdout) != 0)
		error = -errno;
	else if (ferror(stdout))
		error = -EIO;
	return error;
}

int output_finish(void)
{
	int r = output_flush();

	if (r < 0 && r != -EPIPE)
		output_error("cannot write the output: %s", strerror(-r));
	/* who leaves the pager early has seen enough, and nothing has failed */
	return pager_close() ? 0 : r;
}
