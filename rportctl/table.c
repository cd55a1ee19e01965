/* SPDX-License-Identifier: ISC */

/* Tables; the only user of libsmartcols. */

#include <ctype.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "table.h"

#define CUT_FIRST_SHARE 0.2

struct table {
	struct libscols_table *cells;
	struct libscols_line *line; /* that is being filled */
	size_t next;                /* its cell that comes next */
	bool brief;
	bool failed; /* no memory: printing says so */
};

struct table *table_new(bool brief)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->brief = brief;
	table->cells = scols_new_table();
	if (!table->cells) {
		free(table);
		return NULL;
	}
	scols_table_enable_noheadings(table->cells, brief);
	/* cells are escaped here, in the one way of all output */
	scols_table_enable_noencoding(table->cells, true);
	/* no blanks at the end of a line */
	scols_table_enable_minout(table->cells, true);
	scols_table_set_column_separator(table->cells, "  ");
	return table;
}

static int add_column(struct table *table, const struct table_column *column)
{
	/* a share of the terminal: libsmartcols cuts those columns first that have one */
	double hint = column->cut == CUT_FIRST ? CUT_FIRST_SHARE : 0;
	int flags = (column->right ? SCOLS_FL_RIGHT : 0) |
		    (column->cut != CUT_NEVER ? SCOLS_FL_TRUNC : 0);
	const char *color = output_color_code(COLOR_STRONG);
	_cleanup_free_ char *title = strdup(column->title);
	struct libscols_column *added;

	if (!title)
		return -ENOMEM;
	for (char *c = title; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	added = scols_table_new_column(table->cells, title, hint, flags);
	if (!added)
		return -ENOMEM;
	return color ? scols_cell_set_color(scols_column_get_header(added), color) : 0;
}

void table_add_column(struct table *table, const struct table_column *column)
{
	if (table && add_column(table, column) < 0)
		table->failed = true;
}

static int table_set(struct table *table, enum output_color color, char *text)
{
	struct libscols_cell *cell;
	const char *code = output_color_code(color);
	int r;

	if (table->next == 0)
		table->line = scols_table_new_line(table->cells, NULL);
	cell = table->line ? scols_line_get_cell(table->line, table->next) : NULL;
	r = cell ? scols_cell_refer_data(cell, text) : -ENOMEM;
	if (r < 0) {
		free(text);
		return r;
	}
	return code ? scols_cell_set_color(cell, code) : 0;
}

void table_add(struct table *table, enum output_color color, const char *text)
{
	char *escaped;

	if (!table || table->failed)
		return;
	escaped = table->brief ? escape_text(*text ? text : "-", ESCAPE_BLANK, NULL)
			       : escape_text(text, 0, NULL);
	if (!escaped || table_set(table, color, escaped) < 0)
		table->failed = true;
	table->next = (table->next + 1) % scols_table_get_ncols(table->cells);
}

static void table_layout(struct table *table)
{
	size_t width = output_width();

	scols_table_set_stream(table->cells, stdout);
	scols_table_enable_colors(table->cells, output_color_code(COLOR_STRONG) != NULL);
	scols_table_set_termforce(table->cells,
				  width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (width > 0)
		scols_table_set_termwidth(table->cells, width);
}

void table_print(struct table *table)
{
	if (!table || table->failed) {
		output_error("out of memory");
	} else {
		table_layout(table);
		if (scols_print_table(table->cells) < 0)
			output_error("cannot print the table");
	}
	if (table)
		scols_unref_table(table->cells);
	free(table);
}
