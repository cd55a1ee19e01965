/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation
 *
 * Both texts are split into lines. A line that assigns one of our keys belongs to a group: the lines
 * of one key in one section, or those of Address= and PeerAddress=, of which the order matters. A
 * group of the old text that says what the wanted one says is copied; instead of another one the
 * wanted group is written, where its first line was. Groups that the old text does not have come
 * after the last assignment of their section, and sections that it does not have at the end.
 */

#include <stdio.h>
#include <string.h>

#include "base/property.h"
#include "base/util.h"
#include "config/edit.h"

#define BLANKS       " \t\r"
#define SECTIONS_MAX 3
#define GROUP_NONE   (-1)

static const char *const sections[SECTIONS_MAX] = { "[Link]", "[A]", "[B]" };

/* The keys of [A] and [B], with their group; those of [Link] are the properties. */
static const struct {
	const char *key;
	int group;
} port_keys[] = {
	{ "Domain", 0 },  { "Name", 1 },        { "MTU", 2 },
	{ "Address", 3 }, { "PeerAddress", 3 }, { "Route", 4 },
};

#define N_GROUPS 16
_Static_assert((int)N_PROPERTIES <= N_GROUPS, "each property is a group");

struct line {
	const char *text; /* without blanks at its ends */
	size_t length;
	const char *raw; /* with them, and the line feed if it has one */
	size_t raw_length;
	int section; /* SECTIONS_MAX: none of ours */
	int group;   /* of an assignment of ours; else GROUP_NONE */
	bool header, assignment;
};

struct text {
	struct line *lines;
	size_t n;
};

static int find_section(const struct line *line)
{
	for (int i = 0; i < SECTIONS_MAX; i++)
		if (strlen(sections[i]) == line->length &&
		    strncmp(line->text, sections[i], line->length) == 0)
			return i;
	return SECTIONS_MAX;
}

static bool key_is(const struct line *line, const char *key)
{
	size_t length = strlen(key);
	const char *rest = line->text + length;

	if (line->length < length || strncmp(line->text, key, length) != 0)
		return false;
	return rest[strspn(rest, BLANKS)] == '=';
}

static int find_group(const struct line *line)
{
	for (size_t i = 0; line->section == 0 && i < N_PROPERTIES; i++)
		if (key_is(line, properties[i].key))
			return (int)i;
	if (line->section == 0 || line->section == SECTIONS_MAX)
		return GROUP_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(port_keys); i++)
		if (key_is(line, port_keys[i].key))
			return port_keys[i].group;
	return GROUP_NONE;
}

static struct line read_line(const char *raw, int section)
{
	struct line line = { .raw = raw, .section = section, .group = GROUP_NONE };
	size_t length = strcspn(raw, "\n");

	line.raw_length = length + (raw[length] == '\n');
	line.text = raw + strspn(raw, BLANKS);
	while (length > 0 && strchr(BLANKS, raw[length - 1]))
		length--;
	if (line.text < raw + length)
		line.length = (size_t)(raw + length - line.text);
	line.header = line.length > 0 && *line.text == '[';
	line.assignment = line.length > 0 && !line.header && !strchr("#;", *line.text);
	if (line.header)
		line.section = find_section(&line);
	else if (line.assignment)
		line.group = find_group(&line);
	return line;
}

static int split(const char *whole, struct text *ret)
{
	int section = SECTIONS_MAX;
	struct text text = { 0 };
	size_t lines = 1;

	for (const char *c = whole; *c; c++)
		lines += *c == '\n';
	text.lines = calloc(lines, sizeof(*text.lines));
	if (!text.lines)
		return -ENOMEM;
	while (*whole) {
		text.lines[text.n] = read_line(whole, section);
		section = text.lines[text.n].section;
		whole += text.lines[text.n++].raw_length;
	}
	*ret = text;
	return 0;
}

static bool in_group(const struct line *line, int section, int group)
{
	return line->section == section && line->group == group;
}

/* The next line of a group, from @i on; NULL when there is none. */
static const struct line *next_of(const struct text *text, int section, int group, size_t *i)
{
	while (*i < text->n)
		if (in_group(&text->lines[(*i)++], section, group))
			return &text->lines[*i - 1];
	return NULL;
}

static bool says_same(const struct line *a, const struct line *b)
{
	const char *value_a = strchr(a->text, '=') + 1, *value_b = strchr(b->text, '=') + 1;
	size_t key = strcspn(a->text, BLANKS "="), length;

	if (key != strcspn(b->text, BLANKS "=") || strncmp(a->text, b->text, key) != 0)
		return false;
	value_a += strspn(value_a, BLANKS);
	value_b += strspn(value_b, BLANKS);
	length = (size_t)(a->text + a->length - MIN(value_a, a->text + a->length));
	return length == (size_t)(b->text + b->length - MIN(value_b, b->text + b->length)) &&
	       strncmp(value_a, value_b, length) == 0;
}

static bool same_group(const struct text *a, const struct text *b, int section, int group)
{
	size_t i = 0, k = 0;
	const struct line *one, *two;

	do {
		one = next_of(a, section, group, &i);
		two = next_of(b, section, group, &k);
		if (one && two && !says_same(one, two))
			return false;
	} while (one && two);
	return !one && !two;
}

static bool has_group(const struct text *text, int section, int group)
{
	size_t i = 0;

	return next_of(text, section, group, &i) != NULL;
}

/* The last line of a section that is its header, or assigns something; text->n: it is not there. */
static size_t last_of(const struct text *text, int section)
{
	size_t last = text->n;

	for (size_t i = 0; i < text->n; i++)
		if (text->lines[i].section == section &&
		    (text->lines[i].header || text->lines[i].assignment))
			last = i;
	return last;
}

static void write_group(FILE *out, const struct text *wanted, int section, int group)
{
	const struct line *line;
	size_t i = 0;

	while ((line = next_of(wanted, section, group, &i)))
		fprintf(out, "%.*s\n", (int)line->length, line->text);
}

static void write_missing(FILE *out, const struct text *old, const struct text *wanted, int section)
{
	for (int group = 0; group < N_GROUPS; group++)
		if (!has_group(old, section, group))
			write_group(out, wanted, section, group);
}

static void write_raw(FILE *out, const struct line *line)
{
	fprintf(out, "%.*s", (int)line->raw_length, line->raw);
	/* the last line of a file may lack it */
	if (line->raw_length == 0 || line->raw[line->raw_length - 1] != '\n')
		fputc('\n', out);
}

/* An old line: as it is, or the wanted group in the place of its first line. */
static void write_line(FILE *out, const struct text *old, const struct text *wanted, size_t at,
		       bool done[SECTIONS_MAX][N_GROUPS])
{
	const struct line *line = &old->lines[at];

	if (line->group == GROUP_NONE || same_group(old, wanted, line->section, line->group)) {
		write_raw(out, line);
	} else if (!done[line->section][line->group]) {
		done[line->section][line->group] = true;
		write_group(out, wanted, line->section, line->group);
	}
}

static void write_all(FILE *out, const struct text *old, const struct text *wanted)
{
	bool done[SECTIONS_MAX][N_GROUPS] = { 0 };
	size_t last[SECTIONS_MAX];

	for (int section = 0; section < SECTIONS_MAX; section++)
		last[section] = last_of(old, section);
	for (size_t i = 0; i < old->n; i++) {
		write_line(out, old, wanted, i, done);
		for (int section = 0; section < SECTIONS_MAX; section++)
			if (last[section] == i)
				write_missing(out, old, wanted, section);
	}
	for (int section = 0; section < SECTIONS_MAX; section++) {
		if (last[section] < old->n || last_of(wanted, section) == wanted->n)
			continue;
		fprintf(out, "%s%s\n", old->n > 0 ? "\n" : "", sections[section]);
		write_missing(out, old, wanted, section);
	}
}

char *config_edit(const char *old, const char *wanted)
{
	struct text before = { 0 }, after = { 0 };
	char *text = NULL;
	bool failed = true;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	if (split(old, &before) == 0 && split(wanted, &after) == 0) {
		write_all(out, &before, &after);
		failed = ferror(out);
	}
	free(before.lines);
	free(after.lines);
	failed |= fclose(out) != 0;
	if (failed)
		free(steal_ptr(text));
	return text;
}
