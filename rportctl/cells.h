/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CELLS_H
#define RPORTCTL_CELLS_H

/* What the columns of list and ports can say of a link or a port. */

#include <jansson.h>

#include "output.h"
#include "table.h"

/*
 * A row.
 *
 * @object: the link or port
 * @from: the port whose counters are meant
 * @to: its peer; NULL in a list of ports
 * @again: the object has a row already, above
 */
struct cell_row {
	const json_t *object;
	const json_t *from;
	const json_t *to;
	bool again;
};

/*
 * A cell.
 *
 * @color: how to mark it on a terminal
 * @text: what is printed
 * @made: @text, where it is in memory of its own; or NULL
 * @number: what it is sorted by, in a column that is set to the right
 */
struct cell {
	enum output_color color;
	const char *text;
	char *made;
	json_int_t number;
};

/*
 * A column.
 *
 * @layout: the title is also its name on the command line, in any case
 * @ways: it says something of one direction: a link has two rows
 * @end: it is about this end of a link, "a" or "b"; NULL: about the object of the row, or with
 *	@ways about the port that sends
 * @key: the member that it is about, where @get wants one
 * @get: fill the cell; @object as @end says
 */
struct cell_column {
	struct table_column layout;
	bool ways;
	const char *end;
	const char *key;
	void (*get)(const struct cell_column *column, const struct cell_row *row,
		    const json_t *object, struct cell *cell);
};

/**
 * cell_get() - make a cell
 * @column: of the table
 * @row: of the table
 *
 * Return: the cell; cell_release() frees what it holds.
 */
struct cell cell_get(const struct cell_column *column, const struct cell_row *row);

/**
 * cell_release() - free what a cell holds
 * @cell: of cell_get()
 */
void cell_release(struct cell *cell);

/* For cell_column.get. */
#define CELL_GETTERS(GETTER)                                                 \
	GETTER(name)  /* a text that names the object */                     \
	GETTER(text)  /* any other text */                                   \
	GETTER(state) /* in its colour */                                    \
	GETTER(number)                                                       \
	GETTER(yes_no)    /* a boolean */                                    \
	GETTER(carrier)   /* "carrier" or "NO-CARRIER" */                    \
	GETTER(port)      /* DOMAIN/IFNAME, as commands take it */           \
	GETTER(to)        /* the same of the other port */                   \
	GETTER(statistic) /* a number of the statistics */                   \
	GETTER(drops)     /* all of them together */                         \
	GETTER(count)     /* how many members an array has */                \
	GETTER(drifts)    /* how many a port or both ports of a link have */ \
	GETTER(values)    /* the members of an array */                      \
	GETTER(note)      /* why it is pending, what drifted, what is to be warned of */

#define CELL_GETTER_DECLARATION(name)                                                      \
	void cell_get_##name(const struct cell_column *column, const struct cell_row *row, \
			     const json_t *object, struct cell *cell);
CELL_GETTERS(CELL_GETTER_DECLARATION)

/* A column: its title, its getter, its layout, and other members. */
#define CELL_COLUMN(title_, get_, right_, cut_, ...)                               \
	{                                                                          \
		.layout = { .title = (title_), .right = (right_), .cut = (cut_) }, \
		.get = cell_get_##get_, __VA_ARGS__                                \
	}
#define CELL_LEFT(title, get, ...)  CELL_COLUMN(title, get, false, CUT_NEVER, __VA_ARGS__)
#define CELL_CUT(title, get, ...)   CELL_COLUMN(title, get, false, CUT_LAST, __VA_ARGS__)
#define CELL_NOTE(title, get, ...)  CELL_COLUMN(title, get, false, CUT_FIRST, __VA_ARGS__)
#define CELL_RIGHT(title, get, ...) CELL_COLUMN(title, get, true, CUT_NEVER, __VA_ARGS__)

#endif
