/* SPDX-License-Identifier: ISC */

/* What the columns of list and ports can say of a link or a port. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cells.h"
#include "view.h"

#define GETTER(name)                                                                             \
	void cell_get_##name(const struct cell_column *column _unused_,                          \
			     const struct cell_row *row _unused_, const json_t *object _unused_, \
			     struct cell *cell)

static void set_text(struct cell *cell, enum output_color color, const char *text)
{
	cell->color = color;
	cell->text = text;
}

static void _printf_(2, 3) set_format(struct cell *cell, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&cell->made, fmt, args) < 0)
		cell->made = NULL;
	va_end(args);
	cell->text = cell->made ? cell->made : "";
}

static void set_number(struct cell *cell, json_int_t number)
{
	cell->number = number;
	set_format(cell, "%" JSON_INTEGER_FORMAT, number);
}

static void set_port(struct cell *cell, const json_t *port)
{
	set_format(cell, "%s/%s", view_text(port, "domain"), view_text(port, "interface"));
}

struct cell cell_get(const struct cell_column *column, const struct cell_row *row)
{
	const json_t *object = column->end    ? json_object_get(row->object, column->end)
			       : column->ways ? row->from
					      : row->object;
	struct cell cell = { .text = "" };

	column->get(column, row, object, &cell);
	return cell;
}

void cell_release(struct cell *cell)
{
	free(cell->made);
}

GETTER(name)
{
	set_text(cell, COLOR_STRONG, view_text(object, column->key));
}

GETTER(text)
{
	set_text(cell, COLOR_NONE, view_text(object, column->key));
}

GETTER(state)
{
	const char *state = view_text(object, "state");

	set_text(cell, view_state_color(state), state);
}

GETTER(number)
{
	set_number(cell, view_number(object, column->key));
}

GETTER(yes_no)
{
	set_text(cell, COLOR_NONE, view_bool(object, column->key) ? "yes" : "no");
}

GETTER(carrier)
{
	set_text(cell, COLOR_NONE, view_bool(object, "carrier") ? "carrier" : "NO-CARRIER");
}

GETTER(port)
{
	set_port(cell, object);
}

GETTER(to)
{
	set_port(cell, row->to);
}

GETTER(statistic)
{
	set_number(cell, view_number(json_object_get(object, "statistics"), column->key));
}

GETTER(drops)
{
	set_number(cell, view_drops(object));
}

GETTER(count)
{
	set_number(cell, (json_int_t)json_array_size(json_object_get(object, column->key)));
}

static size_t count_drifts(const json_t *object)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");

	return a ? count_drifts(a) + count_drifts(b)
		 : json_array_size(json_object_get(object, "drift"));
}

GETTER(drifts)
{
	set_number(cell, (json_int_t)count_drifts(object));
}

/* --- texts that are put together -------------------------------------------------------------- */

/* Put another text at the end, after @separator unless it is the first. */
static void append(struct cell *cell, const char *separator, const char *before, const char *text)
{
	char *shorter = cell->made;

	set_format(cell, "%s%s%s%s", shorter ? shorter : "", shorter ? separator : "", before,
		   text);
	free(shorter);
}

static const char *value_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? text : view_text(value, "address");
}

GETTER(values)
{
	const json_t *values = json_object_get(object, column->key);
	size_t i;
	json_t *value;
	char number[32];

	json_array_foreach(values, i, value)
	{
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		append(cell, ",", "", json_is_integer(value) ? number : value_text(value));
	}
	if (json_array_size(values) == 0)
		cell->text = "-";
}

static void append_faults(struct cell *cell, const char *before, const json_t *faults)
{
	size_t i;
	json_t *fault;

	json_array_foreach(faults, i, fault)
	{
		if (json_is_string(fault))
			append(cell, "; ", before, json_string_value(fault));
	}
}

static void append_port_notes(struct cell *cell, const json_t *port)
{
	if (streq(view_text(port, "state"), "pending")) {
		cell->color = COLOR_WAITING;
		append(cell, "; ", "", view_text(port, "reason"));
	}
	append_faults(cell, "drift: ", json_object_get(port, "drift"));
}

GETTER(note)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");

	cell->color = COLOR_BAD;
	append_port_notes(cell, a ? a : object);
	if (b)
		append_port_notes(cell, b);
	append_faults(cell, "warning: ", json_object_get(object, "warnings"));
}
