/* SPDX-License-Identifier: ISC */

/* The command complete: what the last word of a command line could become. */

#include <stdio.h>
#include <stdlib.h>

#include "candidates.h"
#include "command.h"
#include "commands.h"
#include "output.h"

/*
 * Theory of operation
 *
 * A shell gives the words of a command line up to the cursor; the last of them, which may be empty,
 * was begun. The words before it are read by the same tables as for running the command, but
 * without complaints: what is expected is then the value of an option, an option, a command, or the
 * next word of the command's synopsis. So the shells have nothing to know, and a new command or
 * option is completed as soon as the help has it.
 */

#define WORDS_MAX    128
#define ELEMENTS_MAX 8

/* A word of a synopsis. */
struct element {
	const char *text; /* without brackets; not ended by a NUL */
	int length;
	bool optional;
	bool repeated; /* "..." */
};

/* What was read of the line. */
struct line {
	struct ctl_options options; /* as they are on the line */
	const struct ctl_command *command;
	const struct args_option *unfinished; /* its value is the next word */
	const struct args_option *last;       /* whose words may follow, see args_option.words */
	bool unknown;                         /* the next word is the value of such a word */
	bool options_over;                    /* "--" was there */
	bool lost;                            /* no such command */
	struct element elements[ELEMENTS_MAX];
	size_t n_elements;
	size_t next;    /* the element that is expected */
	bool repeating; /* it was there already */
};

static void add_commands(struct candidates *candidates)
{
	for (size_t i = 0; i < ctl_n_commands; i++)
		candidates_add(candidates, ctl_commands[i]->name, ctl_commands[i]->summary);
}

/* Others, such as N or ADDR, are for the user to invent. */
static const struct placeholder {
	const char *name;
	void (*add)(struct candidates *candidates);
} placeholders[] = {
	{ "A", candidates_add_domains },         { "B", candidates_add_domains },
	{ "DOMAIN", candidates_add_domains },    { "LINK", candidates_add_links },
	{ "IFNAME", candidates_add_interfaces }, { "PORT", candidates_add_ports },
	{ "PARENT", candidates_add_ports },      { "PREFIX", candidates_add_prefixes },
	{ "PATH", candidates_add_files },        { "COMMAND", add_commands },
};

static void add_placeholder(struct candidates *candidates, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(placeholders); i++)
		if (streq(name, placeholders[i].name))
			placeholders[i].add(candidates);
}

static bool is_literal(const struct element *element)
{
	return *element->text >= 'a' && *element->text <= 'z';
}

static bool element_is(const struct element *element, const char *word)
{
	return strlen(word) == (size_t)element->length &&
	       strncmp(element->text, word, (size_t)element->length) == 0;
}

/* What may stand for "PORT|LINK", or for "A" as the value of an option. */
static void add_alternatives(struct candidates *candidates, const char *text, int length)
{
	_cleanup_free_ char *copy = strndup(text, (size_t)length);
	char *rest = copy;
	const char *name;

	while (rest && (name = strsep(&rest, "|")))
		if (*name >= 'a' && *name <= 'z')
			candidates_add(candidates, name, NULL);
		else
			add_placeholder(candidates, name);
}

/* The synopsis but for the options in it. */
static void read_synopsis(struct line *line)
{
	const char *text = line->command->synopsis;

	while (*text && line->n_elements < ELEMENTS_MAX) {
		struct element *element = &line->elements[line->n_elements];

		text += strspn(text, " ");
		element->optional = *text == '[';
		text += element->optional;
		element->text = text;
		element->length = (int)strcspn(text, " ].");
		element->repeated = strncmp(text + strcspn(text, " ."), "...", 3) == 0;
		if (element->length > 0 && *text != '-' && strncmp(text, "OPTION", 6) != 0)
			line->n_elements++;
		text += strcspn(text, " ");
	}
}

static void read_positional(struct line *line, const char *word)
{
	const struct element *element = &line->elements[line->next];

	/* "create in DOMAIN": the NAME was left out */
	if (line->next + 1 < line->n_elements && element->optional && is_literal(element + 1) &&
	    element_is(element + 1, word))
		line->next++;
	if (line->next < line->n_elements && line->elements[line->next].repeated)
		line->repeating = true;
	else
		line->next++;
}

static const struct args_option *find_option(const struct line *line, const char *word,
					     const char **ret_value)
{
	const struct args_option *option = NULL;

	if (line->command && line->command->options)
		option = args_find(line->command->options, line->command->n_options, word,
				   ret_value);
	return option ? option : args_find(args_common, args_n_common, word, ret_value);
}

/* Where the daemon is matters, whatever else was said. */
static void note_value(struct line *line, const struct args_option *option, const char *value)
{
	if (streq(option->name, "--socket"))
		line->options.socket = value;
}

static void read_option(struct line *line, const char *word)
{
	const struct args_option *option;
	const char *value;

	if (streq(word, "--")) {
		line->options_over = true;
		return;
	}
	option = find_option(line, word, &value);
	if (!option || !option->value)
		return;
	if (value) {
		note_value(line, option, value);
		line->last = option;
	} else {
		line->unfinished = option;
	}
}

static void read_word(struct line *line, const char *word)
{
	const struct args_option *last = line->last;

	if (line->unknown) {
		line->unknown = false;
		return;
	}
	line->unknown = args_is_word(last, word);
	if (line->unknown)
		return;
	line->last = NULL;
	if (line->unfinished) {
		note_value(line, line->unfinished, word);
		line->last = line->unfinished;
		line->unfinished = NULL;
	} else if (args_is_option(word) && !line->options_over) {
		read_option(line, word);
	} else if (line->command) {
		read_positional(line, word);
	} else {
		line->command = ctl_command_find(word);
		if (line->command)
			read_synopsis(line);
		else
			line->lost = true;
	}
}

static void add_options(struct candidates *candidates, const struct args_option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		candidates_add(candidates, options[i].name, options[i].help);
		if (options[i].alias && *candidates->begun)
			candidates_add(candidates, options[i].alias, options[i].help);
	}
}

static void add_own_options(struct candidates *candidates, const struct line *line)
{
	if (line->command && line->command->options)
		add_options(candidates, line->command->options, line->command->n_options);
}

static void add_positional(struct candidates *candidates, const struct line *line)
{
	size_t i = line->next;

	/* When all has been said that must be, this is what can. */
	if (i >= line->n_elements || line->repeating)
		add_own_options(candidates, line);
	while (i < line->n_elements) {
		add_alternatives(candidates, line->elements[i].text, line->elements[i].length);
		if (!line->elements[i++].optional)
			break;
	}
}

static void print_candidates(const struct candidates *candidates, const char *head)
{
	const char *text;
	json_t *description;

	json_object_foreach(candidates->found, text, description)
	{
		output_text(COLOR_NONE, "%s%s", head, text);
		if (json_string_length(description) > 0) {
			output_document("\t");
			output_text(COLOR_NONE, "%s", json_string_value(description));
		}
		output_newline();
	}
}

/* One of a list: what comes before the last comma of the word stays. */
static void add_listed(struct candidates *candidates, const char *name)
{
	const char *comma = strrchr(candidates->begun, ',');
	int kept = comma ? (int)(comma + 1 - candidates->begun) : 0;
	_cleanup_free_ char *whole = NULL;

	if (asprintf(&whole, "%.*s%s", kept, candidates->begun, name) < 0)
		whole = NULL;
	else
		candidates_add(candidates, whole, NULL);
}

static void add_value(struct candidates *candidates, const struct args_option *option)
{
	const char *name;

	for (size_t i = 0; option->offer && (name = option->offer(option, i)); i++)
		add_listed(candidates, name);
	add_alternatives(candidates, option->value, (int)strlen(option->value));
}

/* "--name=re": the value is begun, and what comes before it stays. */
static void complete_option(struct candidates *candidates, const struct line *line)
{
	const char *word = candidates->begun;
	const char *value = NULL;
	const struct args_option *option = find_option(line, word, &value);
	_cleanup_free_ char *head = NULL;

	if (!strchr(word, '=')) {
		add_own_options(candidates, line);
		add_options(candidates, args_common, args_n_common);
		print_candidates(candidates, "");
		return;
	}
	head = strndup(word, (size_t)(strchr(word, '=') + 1 - word));
	if (!option || !option->value || !value || !head)
		return;
	candidates->begun = value;
	add_value(candidates, option);
	print_candidates(candidates, head);
}

static void complete(const struct line *line, const char *word)
{
	struct candidates candidates = { &line->options, word, json_object() };

	/* A "-" alone is a word to be taken as it is, but also how an option begins. */
	if (line->unknown)
		goto finish;
	if (*word == '-' && !line->options_over && !line->unfinished) {
		complete_option(&candidates, line);
		goto finish;
	}
	for (const char *const *w = line->last ? line->last->words : NULL; w && *w; w++)
		candidates_add(&candidates, *w, NULL);
	if (line->unfinished)
		add_value(&candidates, line->unfinished);
	else if (line->command)
		add_positional(&candidates, line);
	else
		add_commands(&candidates);
	print_candidates(&candidates, "");
finish:
	json_decref(candidates.found);
}

static enum ctl_status run_complete(struct ctl_options *options, int argc, char **argv)
{
	const char *words[WORDS_MAX];
	struct line line = { 0 };
	int n;

	n = args_parse(options, NULL, argc, argv, words, WORDS_MAX);
	if (n == 0)
		command_usage_error(&ctl_command_complete, "which words?");
	if (n <= 0)
		return STATUS_USAGE;
	line.options.socket = options->socket;
	for (int i = 0; i < n - 1; i++)
		read_word(&line, words[i]);
	if (!line.lost)
		complete(&line, words[n - 1]);
	return STATUS_DONE;
}

const struct ctl_command ctl_command_complete = {
	.name = "complete",
	.synopsis = "-- WORD...",
	.summary = "what the last WORD could become, for shells",
	.details = "The WORDs are those after \"rportctl\" on a command line, the last one "
		   "as far as it was\n"
		   "typed. One line for each candidate, with a tab before what there is to "
		   "say on it.\n",
	.run = run_complete,
};
