/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_LISTING_H
#define RPORTCTL_LISTING_H

/* What the commands list and ports share: which objects, in which order, by which columns. */

#include "cells.h"
#include "commands.h"

/*
 * A listing.
 *
 * @method: gives all objects
 * @key: the member of its answer that has them
 * @columns: all there are; objects are in the order of the first one, unless --sort is given
 * @n_columns: entries of @columns
 * @standard: names of those that are printed, by whether with statistics and whether
 *	brief; the last one that is for people is left out where it is empty in every row
 * @states: an object can be in, ended by NULL
 * @options: LISTING_OPTIONS()
 * @n_options: entries of @options
 * @matches: see match_link()
 * @nothing: printed when the list is empty
 */
struct listing_kind {
	const char *method;
	const char *key;
	const struct cell_column *columns;
	size_t n_columns;
	const char *standard[2][2];
	const char *const *states;
	const struct args_option *options;
	size_t n_options;
	bool (*matches)(const json_t *object, const char *pattern);
	const char *nothing;
};

/* What the options of list and ports say. */
struct listing_request {
	const char *states;
	const char *domain;
	const char *sort;
	const char *columns;
	bool drift;
};

/**
 * listing_offer_state() - tell a state that --state takes
 * @option: its @offered is the struct listing_kind
 * @i: which one
 *
 * Return: the state, or NULL after the last one.
 */
const char *listing_offer_state(const struct args_option *option, size_t i);

/**
 * listing_offer_column() - tell a column that --sort and --output take
 * @option: its @offered is the struct listing_kind
 * @i: which one
 *
 * Return: the name of the column, or NULL after the last one.
 */
const char *listing_offer_column(const struct args_option *option, size_t i);

#define LISTING_OPTION(name_, alias_, value_, apply_, field_, help_, ...)                          \
	{                                                                                          \
		.name = (name_), .alias = (alias_), .value = (value_), .help = (help_),            \
		.apply = (apply_), .offset = offsetof(struct listing_request, field_), __VA_ARGS__ \
	}

/* The options of list and ports; @kind: a struct listing_kind. */
#define LISTING_OPTIONS(kind)                                                                \
	LISTING_OPTION("--state", NULL, "STATE[,STATE]", args_string, states,                \
		       "only those in such a state", .offer = listing_offer_state,           \
		       .offered = (kind)),                                                   \
		LISTING_OPTION("--domain", NULL, "DOMAIN", args_string, domain,              \
			       "only those in this domain, or in those a PATTERN matches"),  \
		LISTING_OPTION("--drift", NULL, NULL, args_set, drift,                       \
			       "only those that others have changed"),                       \
		LISTING_OPTION("--sort", NULL, "COLUMN", args_string, sort,                  \
			       "in the order of this column", .offer = listing_offer_column, \
			       .offered = (kind)),                                           \
		LISTING_OPTION("--output", "-o", "COLUMN[,COLUMN]", args_string, columns,    \
			       "these columns, see above", .offer = listing_offer_column,    \
			       .offered = (kind)),

/* In the details of both commands. */
#define LISTING_DETAILS                                                                \
	"Names are in natural order, link2 before link10; numbers, with --sort, the\n" \
	"largest first. On a terminal long cells are cut, elsewhere never.\n"

/**
 * listing_run() - run a command that lists
 * @kind: what it lists
 * @options: of the command line
 * @argc: number of words after the command
 * @argv: these words
 *
 * Return: the status; a failure was printed.
 */
enum ctl_status listing_run(const struct listing_kind *kind, struct ctl_options *options, int argc,
			    char **argv);

/**
 * listing_of() - list objects without any option of list and ports
 * @kind: what is listed
 * @options: of the command line
 * @patterns: that stand for them, see struct listing_kind; borrowed
 * @n: number of @patterns; 0: all objects
 *
 * Return: the status; a failure was printed.
 */
enum ctl_status listing_of(const struct listing_kind *kind, const struct ctl_options *options,
			   const char **patterns, size_t n);

#endif
