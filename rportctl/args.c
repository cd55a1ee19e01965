/* SPDX-License-Identifier: ISC */

/* The command line, read by tables of options. */

#include <stdarg.h>
#include <stdio.h>

#include "args.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "output.h"

#define COMMON(name_, alias_, value_, apply_, field, help_)                                      \
	{                                                                                        \
		.name = name_, .alias = alias_, .value = value_, .help = help_, .apply = apply_, \
		.offset = offsetof(struct ctl_options, field)                                    \
	}

static const char *const color_words[] = {
	[COLORS_AUTO] = "auto",
	[COLORS_ALWAYS] = "always",
	[COLORS_NEVER] = "never",
	NULL,
};

const char *args_offer_word(const struct args_option *option, size_t i)
{
	const char *const *words = option->offered;

	return words[i];
}

static int apply_color(const struct args_option *option, const char *value, void *target _unused_)
{
	for (size_t i = 0; color_words[i]; i++)
		if (streq(value, color_words[i])) {
			output_set_colors((enum output_colors)i);
			return 0;
		}
	return args_usage_error("%s is always, never or auto, not \"%s\"", option->name, value);
}

const struct args_option args_common[] = {
	COMMON("--json", "-j", NULL, args_set, json, "JSON, with every key always there"),
	COMMON("--pretty", "-p", NULL, args_set, pretty, "JSON that is indented"),
	COMMON("--brief", "-br", NULL, args_set, brief, "one line for each link, without a header"),
	COMMON("--statistics", "-s", NULL, args_set, statistics, "packets, bytes and drops, too"),
	COMMON("--quiet", "-q", NULL, args_set, quiet, "print nothing but errors"),
	{ .name = "--color",
	  .value = "WHEN",
	  ARGS_OFFER_WORDS(color_words),
	  .help = "always, never or auto (on a terminal)",
	  .apply = apply_color },
	COMMON("--no-pager", NULL, NULL, args_set, no_pager, "no pager on a terminal"),
	COMMON("--socket", NULL, "PATH", args_string, socket, "where rportd listens"),
	COMMON("--help", "-h", NULL, args_set, help, "this, or the help of a command"),
	COMMON("--version", "-V", NULL, args_set, version, "the version of rportctl"),
};
const size_t args_n_common = ARRAY_SIZE(args_common);

/* Words still to be read, and the tables to read them by. */
struct args_cursor {
	int argc;
	char **argv;
	int next;
	const struct args_table *tables[2];
	struct ctl_options *common;
};

int args_usage_error(const char *fmt, ...)
{
	char message[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	output_error("%s", message);
	return -EINVAL;
}

int args_set(const struct args_option *option, const char *value _unused_, void *target)
{
	*(bool *)((char *)target + option->offset) = true;
	return 0;
}

int args_number(const struct args_option *option, const char *value, void *target)
{
	if (args_check_number(value) < 0)
		return args_usage_error("%s %s is not a number, or far too large", option->name,
					value);
	return args_string(option, value, target);
}

int args_number_or_auto(const struct args_option *option, const char *value, void *target)
{
	return streq(value, "auto") ? args_string(option, value, target)
				    : args_number(option, value, target);
}

int args_check_number(const char *text)
{
	size_t length = strlen(text);

	/* Nine digits: no overflow. What is in range, rportd decides. */
	return length > 0 && length <= 9 && strspn(text, "0123456789") == length ? 0 : -EINVAL;
}

int args_string(const struct args_option *option, const char *value, void *target)
{
	const char **field = (const char **)((char *)target + option->offset);

	if (*field)
		return args_usage_error("%s is given twice", option->name);
	*field = value;
	return 0;
}

/* Is @word this option, by this name? With "--option=value", @ret_value is what follows the "=". */
static bool name_matches(const char *name, const char *word, const char **ret_value)
{
	size_t length = strlen(name);

	*ret_value = NULL;
	if (strncmp(word, name, length) != 0)
		return false;
	if (word[length] == '=')
		*ret_value = word + length + 1;
	return word[length] == '\0' || word[length] == '=';
}

static bool option_matches(const struct args_option *option, const char *word,
			   const char **ret_value)
{
	*ret_value = NULL;
	if (option->alias && streq(word, option->alias))
		return true;
	return name_matches(option->name, word, ret_value) ||
	       (option->old && name_matches(option->old, word, ret_value));
}

const struct args_option *args_find(const struct args_option *options, size_t n, const char *word,
				    const char **ret_value)
{
	for (size_t i = 0; i < n; i++)
		if (option_matches(&options[i], word, ret_value))
			return &options[i];
	return NULL;
}

static const struct args_option *find_option(const struct args_cursor *cursor, const char *word,
					     const struct args_table **ret_table,
					     const char **ret_value)
{
	for (size_t t = 0; t < ARRAY_SIZE(cursor->tables); t++) {
		const struct args_table *table = cursor->tables[t];
		const struct args_option *option = NULL;

		if (table)
			option = args_find(table->options, table->n_options, word, ret_value);
		if (option) {
			*ret_table = table;
			return option;
		}
	}
	return NULL;
}

/* Memory that is kept to the end of the program, like the words of the command line. */
static char *keep(size_t size)
{
	struct kept {
		struct kept *next;
		char text[];
	};
	static struct kept *all;
	struct kept *kept = malloc(sizeof(*kept) + size);

	if (!kept)
		return NULL;
	kept->next = all;
	all = kept;
	return kept->text;
}

/*
 * Words go to rportd as JSON, which is UTF-8: a byte that is not printable is escaped, as rportd
 * itself does. Backslashes stay, since a user may have escaped the word.
 */
static const char *encode(const char *word)
{
	size_t size = ESCAPED_SIZE(strlen(word));
	char *text = keep(size);

	if (!text)
		return word; /* what cannot be sent as it is, is refused as such */
	escape_into(text, size, word, 0);
	return text;
}

bool args_is_word(const struct args_option *option, const char *word)
{
	for (const char *const *w = option ? option->words : NULL; w && *w; w++)
		if (streq(*w, word))
			return true;
	return false;
}

/* "10.0.0.0/8", and after it "via", "10.9.0.1": one value. A domain called "via" is netns:via. */
static const char *take_words(struct args_cursor *cursor, const struct args_option *option,
			      const char *value)
{
	while (cursor->argc - cursor->next >= 2 &&
	       args_is_word(option, cursor->argv[cursor->next])) {
		const char *name = cursor->argv[cursor->next++];
		const char *its_value = cursor->argv[cursor->next++];
		size_t size = strlen(value) + strlen(name) + strlen(its_value) + sizeof("  ");
		char *text = keep(size);

		if (!text)
			break;
		snprintf(text, size, "%s %s %s", value, name, its_value);
		value = text;
	}
	return value;
}

/* Say which option may have been meant, and where to find the others. */
static int unknown_option(const struct args_cursor *cursor, const char *word)
{
	const char *command = cursor->common->command, *meant;
	_cleanup_free_ char *name = strndup(word, strcspn(word, "="));
	struct nearest nearest;

	nearest_begin(&nearest, name ? name : "");
	for (size_t t = 0; t < ARRAY_SIZE(cursor->tables); t++) {
		const struct args_table *table = cursor->tables[t];

		for (size_t i = 0; table && i < table->n_options; i++)
			nearest_offer(&nearest, table->options[i].name);
	}
	meant = nearest_found(&nearest);
	return args_usage_error("unknown option \"%s\"%s%s%s; \"rportctl %s%s\" lists those of %s",
				word, meant ? " (did you mean " : "", meant ? meant : "",
				meant ? "?)" : "", command ? command : "help",
				command ? " --help" : "", command ? command : "all commands");
}

static int read_option(struct args_cursor *cursor)
{
	const char *word = cursor->argv[cursor->next++];
	const struct args_table *table;
	const struct args_option *option;
	const char *value;

	option = find_option(cursor, word, &table, &value);
	if (!option)
		return unknown_option(cursor, word);
	if (!option->value && value)
		return args_usage_error("%s takes no value", option->name);
	if (option->value && !value) {
		if (cursor->next == cursor->argc)
			return args_usage_error("%s needs a value: %s %s", word, option->name,
						option->value);
		value = cursor->argv[cursor->next++];
	}
	if (value)
		value = take_words(cursor, option, value);
	/* a path stays here */
	if (value && !streq(option->value, "PATH"))
		value = encode(value);
	return option->apply(option, value, table->target);
}

bool args_is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

int args_parse_leading(struct ctl_options *common, int argc, char **argv)
{
	const struct args_table common_table = { args_common, args_n_common, common };
	struct args_cursor cursor = { argc, argv, 1, { &common_table, NULL }, common };
	int r;

	while (cursor.next < argc && args_is_option(argv[cursor.next])) {
		r = read_option(&cursor);
		if (r < 0)
			return r;
	}
	return cursor.next;
}

int args_parse(struct ctl_options *common, const struct args_table *table, int argc, char **argv,
	       const char **positional, int max)
{
	const struct args_table common_table = { args_common, args_n_common, common };
	struct args_cursor cursor = { argc, argv, 0, { table, &common_table }, common };
	bool options = true;
	int n = 0;
	int r;

	while (cursor.next < argc) {
		const char *word = argv[cursor.next];

		if (options && args_is_option(word)) {
			options = !streq(word, "--");
			r = options ? read_option(&cursor) : 0;
			if (r < 0)
				return r;
			cursor.next += !options;
			continue;
		}
		if (n == max)
			return args_usage_error(
				"\"%s\" is one word too many; see \"rportctl %s --help\"", word,
				common->command);
		positional[n++] = encode(word);
		cursor.next++;
	}
	return n;
}
