/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_TABLE_H
#define RPORTCTL_TABLE_H

/*
 * Tables, laid out by libsmartcols: columns are as wide as their widest cell. On a terminal those
 * that may be cut are, so that a row stays on its line; elsewhere nothing is ever cut.
 */

#include "output.h"

/*
 * A column.
 *
 * @title: over the column, where it is in capitals
 * @right: its cells are set to the right, as numbers are
 * @cut: whether a terminal that is too narrow shows the beginning of its cells only
 */
struct table_column {
	const char *title;
	bool right;
	enum table_cut {
		CUT_NEVER,
		CUT_LAST, /* when cutting the others was not enough */
		CUT_FIRST,
	} cut;
};

struct table;

/**
 * table_new() - begin a table without rows
 * @brief: for scripts: no titles, an empty cell is "-", and blanks in a cell are escaped, since they
 *	separate columns
 *
 * Return: the table, which table_print() frees; NULL when out of memory.
 */
struct table *table_new(bool brief);

/**
 * table_add_column() - add a column to the right of those that are there
 * @table: without rows; NULL does no harm
 * @column: copied
 */
void table_add_column(struct table *table, const struct table_column *column);

/**
 * table_add() - add the next cell, from left to right and top to bottom
 * @table: with its columns; NULL does no harm
 * @color: how to mark the cell on a terminal
 * @text: any text; it is escaped and copied
 */
void table_add(struct table *table, enum output_color color, const char *text);

/**
 * table_print() - print a table and free it
 * @table: one that could not be made or filled is an error, which is printed
 */
void table_print(struct table *table);

#endif
