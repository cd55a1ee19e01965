/* SPDX-License-Identifier: ISC */

/* What the commands list and ports share. */

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "client.h"
#include "command.h"
#include "listing.h"
#include "match.h"
#include "pager.h"
#include "view.h"

#define COLUMNS_MAX 64 /* of one table: each may be there more than once */

/* What is to be listed. */
struct listing {
	struct listing_request request;
	const char **patterns;
	size_t n_patterns;
	const struct listing_kind *kind;
	const struct cell_column *key; /* objects are sorted by it; NULL: by the first column */
};

/* The columns of a table. */
struct chosen {
	const struct cell_column *columns[COLUMNS_MAX];
	size_t n;
	bool ways;
};

/* --- which columns ---------------------------------------------------------------------------- */

static const struct cell_column *find_column(const struct listing_kind *kind, const char *name,
					     size_t length)
{
	for (size_t i = 0; i < kind->n_columns; i++) {
		const char *title = kind->columns[i].layout.title;

		if (strlen(title) == length && strncasecmp(title, name, length) == 0)
			return &kind->columns[i];
	}
	return NULL;
}

static int no_such_column(const struct listing_kind *kind, const char *name, size_t length)
{
	char all[512] = "";

	for (size_t i = 0, used = 0; i < kind->n_columns && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i > 0 ? ", " : "",
					 kind->columns[i].layout.title);
	return args_usage_error("there is no column \"%.*s\"; those there are: %s", (int)length,
				name, all);
}

/* "LINK,STATE": Return 0, or -EINVAL after having said what is wrong. */
static int choose_columns(const struct listing_kind *kind, const char *list, struct chosen *chosen)
{
	for (;; list++) {
		size_t length = strcspn(list, ",");
		const struct cell_column *column = find_column(kind, list, length);

		if (!column)
			return no_such_column(kind, list, length);
		if (chosen->n == COLUMNS_MAX)
			return args_usage_error("more than %d columns", COLUMNS_MAX);
		chosen->columns[chosen->n++] = column;
		chosen->ways = chosen->ways || column->ways;
		list += length;
		if (!*list)
			return 0;
	}
}

/* Is anything to be said in this column of any row? */
static bool is_empty(const struct cell_column *column, const json_t *objects)
{
	size_t i;
	json_t *object;

	json_array_foreach(objects, i, object)
	{
		struct cell_row row = { .object = object, .from = object };
		struct cell cell = cell_get(column, &row);
		bool empty = !*cell.text;

		cell_release(&cell);
		if (!empty)
			return false;
	}
	return true;
}

/* --- the table -------------------------------------------------------------------------------- */

/* What the row above says already is not said again, but to scripts. */
static void add_row(struct table *table, const struct chosen *chosen, bool brief,
		    const struct cell_row *row)
{
	for (size_t i = 0; i < chosen->n; i++) {
		const struct cell_column *column = chosen->columns[i];
		struct cell cell = { .text = "" };

		if (brief || !row->again || column->ways)
			cell = cell_get(column, row);
		table_add(table, cell.color, cell.text);
		cell_release(&cell);
	}
}

static void add_object(struct table *table, const struct chosen *chosen, bool brief,
		       const json_t *object)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");
	const struct cell_row there = { object, a ? a : object, b, false };
	const struct cell_row back = { object, b, a, true };

	add_row(table, chosen, brief, &there);
	if (a && chosen->ways)
		add_row(table, chosen, brief, &back);
}

static void print_table(const struct ctl_options *options, const struct chosen *chosen,
			const json_t *objects)
{
	struct table *table = table_new(options->brief);
	size_t i;
	json_t *object;

	for (i = 0; i < chosen->n; i++)
		table_add_column(table, &chosen->columns[i]->layout);
	json_array_foreach(objects, i, object) add_object(table, chosen, options->brief, object);
	table_print(table);
}

static void print_standard(const struct listing_kind *kind, const struct ctl_options *options,
			   const json_t *objects)
{
	struct chosen chosen = { 0 };

	choose_columns(kind, kind->standard[options->statistics][options->brief], &chosen);
	/* NOTE is the last one, and there where there is something to note */
	if (!options->brief && is_empty(chosen.columns[chosen.n - 1], objects))
		chosen.n--;
	print_table(options, &chosen, objects);
}

/* --- which objects ---------------------------------------------------------------------------- */

/* Is @word in "up,down"? */
static bool listed(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, word, length) == 0 && strchr(",", list[length]))
			return true;
	}
	return false;
}

static bool in_domain(const json_t *object, const char *domain)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");

	return a ? match_domain(a, domain) || match_domain(b, domain)
		 : match_domain(object, domain);
}

static bool has_drift(const json_t *object)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");

	return a ? has_drift(a) || has_drift(b)
		 : json_array_size(json_object_get(object, "drift")) > 0;
}

/* Notes in @used which patterns stand for it. */
static bool is_named(const struct listing *listing, const json_t *object, bool *used)
{
	bool named = listing->n_patterns == 0;

	for (size_t i = 0; i < listing->n_patterns; i++)
		if (listing->kind->matches(object, listing->patterns[i]))
			named = used[i] = true;
	return named;
}

static bool is_wanted(const struct listing *listing, const json_t *object)
{
	return (!listing->request.states ||
		listed(listing->request.states, view_text(object, "state"))) &&
	       (!listing->request.domain || in_domain(object, listing->request.domain)) &&
	       (!listing->request.drift || has_drift(object));
}

/* --- in which order --------------------------------------------------------------------------- */

struct sortable {
	json_t *object;
	struct cell name, key;
	bool numbers;
};

/* By the key, and those that are alike by their names. */
static int compare(const void *x, const void *y)
{
	const struct sortable *a = x, *b = y;
	int order = a->numbers ? (a->key.number < b->key.number) - (a->key.number > b->key.number)
			       : strverscmp(a->key.text, b->key.text);

	return order != 0 ? order : strverscmp(a->name.text, b->name.text);
}

/* Of both directions, where there are two. */
static struct cell sort_key(const struct cell_column *column, const json_t *object)
{
	const json_t *a = json_object_get(object, "a"), *b = json_object_get(object, "b");
	struct cell_row row = { object, a ? a : object, b, false };
	struct cell key = cell_get(column, &row), back;

	if (a && column->ways) {
		row = (struct cell_row){ object, b, a, true };
		back = cell_get(column, &row);
		key.number += back.number;
		cell_release(&back);
	}
	return key;
}

/* Replaces @objects by another array, in the order that was asked for. */
static json_t *sort(const struct listing *listing, json_t *objects)
{
	size_t n = json_array_size(objects);
	struct sortable *all = calloc(n + 1, sizeof(*all));
	const struct cell_column *name = &listing->kind->columns[0];
	const struct cell_column *key = listing->key ? listing->key : name;
	json_t *sorted;

	if (!all)
		return objects;
	for (size_t i = 0; i < n; i++) {
		json_t *object = json_array_get(objects, i);

		all[i] = (struct sortable){ object, sort_key(name, object), sort_key(key, object),
					    key->layout.right };
	}
	qsort(all, n, sizeof(*all), compare);
	sorted = json_array();
	for (size_t i = 0; i < n; i++) {
		json_array_append(sorted, all[i].object);
		cell_release(&all[i].name);
		cell_release(&all[i].key);
	}
	free(all);
	json_decref(objects);
	return sorted;
}

/* --- the command ------------------------------------------------------------------------------ */

/* Return: those that were asked for; NULL when out of memory. @ret_status: is every pattern used? */
static json_t *select_objects(const struct listing *listing, const json_t *all,
			      enum ctl_status *ret_status)
{
	bool *used = calloc(listing->n_patterns + 1, sizeof(*used));
	json_t *selected = json_array(), *object;
	size_t i;

	if (!used)
		return selected;
	json_array_foreach(all, i, object)
	{
		if (is_named(listing, object, used) && is_wanted(listing, object))
			json_array_append(selected, object);
	}
	for (i = 0; i < listing->n_patterns; i++) {
		if (used[i])
			continue;
		output_error("nothing matches \"%s\"", listing->patterns[i]);
		*ret_status = STATUS_NOT_FOUND;
	}
	free(used);
	return sort(listing, selected);
}

static void print_objects(const struct listing *listing, const struct ctl_options *options,
			  const struct chosen *chosen, const json_t *objects)
{
	if (options->json) {
		output_json(options, objects);
		return;
	}
	if (json_array_size(objects) == 0) {
		if (!options->brief && listing->n_patterns == 0) {
			output_text(COLOR_NONE, "%s", listing->kind->nothing);
			output_newline();
		}
		return;
	}
	pager_open(options);
	if (chosen->n > 0)
		print_table(options, chosen, objects);
	else
		print_standard(listing->kind, options, objects);
}

static enum ctl_status list_objects(const struct listing *listing,
				    const struct ctl_options *options, const struct chosen *chosen)
{
	struct client_answer answer;
	const json_t *all;
	json_t *objects;

	all = client_call_for(options, listing->kind->method, json_object(), listing->kind->key,
			      &answer);
	if (all) {
		objects = select_objects(listing, all, &answer.status);
		if (!options->quiet)
			print_objects(listing, options, chosen, objects);
		json_decref(objects);
	}
	client_answer_release(&answer);
	return answer.status;
}

static int check_states(const struct listing_kind *kind, const char *list)
{
	for (const char *state = list; state; state = strchr(state, ',')) {
		const char *const *known = kind->states;

		state += *state == ',' && state != list;
		while (*known && !(strncmp(state, *known, strlen(*known)) == 0 &&
				   strchr(",", state[strlen(*known)])))
			known++;
		if (!*known)
			return args_usage_error("there is no state \"%.*s\"",
						(int)strcspn(state, ","), state);
	}
	return 0;
}

/* What can be said without asking the daemon. */
static int check_listing(struct listing *listing, struct chosen *chosen)
{
	const struct listing_kind *kind = listing->kind;

	if (listing->request.states && check_states(kind, listing->request.states) < 0)
		return -EINVAL;
	if (listing->request.columns && choose_columns(kind, listing->request.columns, chosen) < 0)
		return -EINVAL;
	if (!listing->request.sort)
		return 0;
	listing->key = find_column(kind, listing->request.sort, strlen(listing->request.sort));
	return listing->key
		       ? 0
		       : no_such_column(kind, listing->request.sort, strlen(listing->request.sort));
}

const char *listing_offer_state(const struct args_option *option, size_t i)
{
	const struct listing_kind *kind = option->offered;

	return kind->states[i];
}

const char *listing_offer_column(const struct args_option *option, size_t i)
{
	const struct listing_kind *kind = option->offered;

	return i < kind->n_columns ? kind->columns[i].layout.title : NULL;
}

enum ctl_status listing_run(const struct listing_kind *kind, struct ctl_options *options, int argc,
			    char **argv)
{
	struct listing listing = { .kind = kind };
	const struct args_table table = { kind->options, kind->n_options, &listing.request };
	enum ctl_status status = STATUS_USAGE;
	struct chosen chosen = { 0 };
	int n;

	n = command_many_words(options, &table, argc, argv, &listing.patterns);
	if (n < 0)
		return STATUS_USAGE;
	listing.n_patterns = (size_t)n;
	if (check_listing(&listing, &chosen) == 0)
		status = list_objects(&listing, options, &chosen);
	free(listing.patterns);
	return status;
}

enum ctl_status listing_of(const struct listing_kind *kind, const struct ctl_options *options,
			   const char **patterns, size_t n)
{
	const struct listing listing = { .kind = kind, .patterns = patterns, .n_patterns = n };
	const struct chosen chosen = { 0 };

	return list_objects(&listing, options, &chosen);
}
