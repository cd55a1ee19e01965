/* SPDX-License-Identifier: ISC */

/* All that rportctl prints: texts, tables, JSON. */

#include <stdarg.h>
#include <stdio.h>

#include "base/escape.h"
#include "output.h"

#define COLUMN_GAP 2

struct output_cell {
	char *text; /* escaped */
	size_t width;
	enum output_color color;
	bool right;
};

static const char *const color_codes[] = {
	[COLOR_NONE] = "",          [COLOR_GOOD] = "\033[32m",
	[COLOR_BAD] = "\033[31m",   [COLOR_WAITING] = "\033[33m",
	[COLOR_STRONG] = "\033[1m",
};

static bool use_color(void)
{
	static int known = -1;
	const char *no_color, *term;

	if (known < 0) {
		no_color = getenv("NO_COLOR");
		term = getenv("TERM");
		known = isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
			!(term && streq(term, "dumb"));
	}
	return known;
}

static void put(enum output_color color, const char *text)
{
	bool colored = color != COLOR_NONE && *text && use_color();

	printf("%s%s%s", colored ? color_codes[color] : "", text, colored ? "\033[0m" : "");
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
	return r;
}

/* --- tables ----------------------------------------------------------------------------------- */

void output_table_init(struct output_table *table, size_t n_columns)
{
	*table = (struct output_table){ .n_columns = n_columns };
}

static void _printf_(3, 0) table_add(struct output_table *table, struct output_cell cell,
				     const char *fmt, va_list args)
{
	struct output_cell *cells;

	cells = reallocarray(table->cells, table->n_cells + 1, sizeof(*cells));
	if (!cells) {
		table->failed = true;
		return;
	}
	table->cells = cells;
	cell.text = format_escaped(fmt, args, table->brief ? ESCAPE_BLANK : LINE, &cell.width);
	if (cell.text)
		cells[table->n_cells++] = cell;
	else
		table->failed = true;
}

void output_table_add(struct output_table *table, enum output_color color, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	table_add(table, (struct output_cell){ .color = color }, fmt, args);
	va_end(args);
}

void output_table_add_right(struct output_table *table, enum output_color color, const char *fmt,
			    ...)
{
	va_list args;

	va_start(args, fmt);
	table_add(table, (struct output_cell){ .color = color, .right = true }, fmt, args);
	va_end(args);
}

static size_t column_width(const struct output_table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->n_cells; i += table->n_columns)
		width = MAX(width, table->cells[i].width);
	return width;
}

static void table_print_cell(const struct output_table *table, size_t i, size_t width)
{
	const struct output_cell *cell = &table->cells[i];
	bool last = (i + 1) % table->n_columns == 0;
	int padding = (int)(width - cell->width);

	if (cell->right)
		printf("%*s", padding, "");
	put(cell->color, cell->text);
	if (last)
		putchar('\n');
	else
		printf("%*s", cell->right ? COLUMN_GAP : padding + COLUMN_GAP, "");
}

static void table_print_cells(const struct output_table *table)
{
	size_t *widths = calloc(table->n_columns, sizeof(*widths));

	if (!widths) {
		output_error("out of memory");
		return;
	}
	for (size_t i = 0; i < table->n_columns; i++)
		widths[i] = column_width(table, i);
	for (size_t i = 0; i < table->n_cells; i++)
		table_print_cell(table, i, widths[i % table->n_columns]);
	free(widths);
}

void output_table_print(struct output_table *table)
{
	if (table->failed)
		output_error("out of memory");
	else
		table_print_cells(table);
	for (size_t i = 0; i < table->n_cells; i++)
		free(table->cells[i].text);
	free(table->cells);
	output_table_init(table, table->n_columns);
}

void output_table_titles(struct output_table *table, const char *const *titles)
{
	static const char *const numbers[] = { "MTU", "PACKETS", "BYTES", "DROPS" };

	for (size_t i = 0; i < table->n_columns; i++) {
		bool right = false;

		for (size_t n = 0; n < ARRAY_SIZE(numbers); n++)
			right = right || streq(titles[i], numbers[n]);
		if (right)
			output_table_add_right(table, COLOR_STRONG, "%s", titles[i]);
		else
			output_table_add(table, COLOR_STRONG, "%s", titles[i]);
	}
}
