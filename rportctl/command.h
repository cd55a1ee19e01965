/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_COMMAND_H
#define RPORTCTL_COMMAND_H

/* What most commands do: take some words, make one call, and print what was answered. */

#include <jansson.h>

#include "commands.h"

#define PATTERN_DETAILS \
	"A PATTERN with *, ? or [...], in quotes, stands for all links that it matches.\n"
#define IFNAME_DETAILS "An interface's name will do where it belongs to one link only.\n"

/* Print @value, which is the answer or a member of it, as text. */
typedef void (*command_print_fn)(const struct ctl_options *options, const json_t *value);

/**
 * command_call() - call a method of the daemon and print the answer: as JSON, as text, or not at
 * all, as the options say
 * @options: of the command line
 * @method: its full name
 * @parameters: an object; the reference is taken over. NULL: out of memory
 * @key: the member of the answer that is printed, which must be there; NULL: all of it
 * @print: prints it as text
 *
 * Return: the status; a failure was printed.
 */
enum ctl_status command_call(const struct ctl_options *options, const char *method,
			     json_t *parameters, const char *key, command_print_fn print);

/* A method that is called for each of several links. */
struct command_each {
	const char *method;
	const char *key;          /* as for command_call() */
	const json_t *parameters; /* besides the name: an object, borrowed; or NULL */
	command_print_fn print;   /* as for command_call() */
	bool separate;            /* print an empty line between the answers */
};

/**
 * command_call_each() - call a method for each link that the words of a command line stand for
 * @options: of the command line
 * @each: what is called
 * @words: names and patterns, see match_names()
 * @n: number of @words
 * @all: all links are meant
 *
 * As JSON, the answer for one name is as that of command_call(), and that for patterns, for several
 * names and for all is an array of these.
 *
 * Return: the status, the first that is not STATUS_DONE; failures were printed, and the other links
 * are not affected by them.
 */
enum ctl_status command_call_each(const struct ctl_options *options,
				  const struct command_each *each, const char *const *words,
				  size_t n, bool all);

/**
 * command_usage_error() - say what is missing, and how the command is used
 * @command: the command
 * @problem: such as "which link?"
 *
 * Return: -EINVAL.
 */
int command_usage_error(const struct ctl_command *command, const char *problem);

/**
 * command_number() - convert what args_number() or args_number_or_auto() has stored
 * @text: NULL: it was not given
 *
 * Return: a JSON integer, 0 for "auto"; or NULL, so that the daemon's default applies.
 */
json_t *command_number(const char *text);

/**
 * command_words() - read the words of a command that takes a fixed number of them, and no options
 * @command: for the message when there are fewer
 * @options: of the command line
 * @argc: number of words after the command
 * @argv: these words
 * @ret: the words that are not options
 * @n: how many there must be
 *
 * Return: true; false after having said what is wrong.
 */
bool command_words(const struct ctl_command *command, struct ctl_options *options, int argc,
		   char **argv, const char **ret, int n);

/**
 * command_many_words() - read the words of a command that takes any number of them
 * @options: of the command line
 * @table: the options of the command, or NULL
 * @argc: number of words after the command
 * @argv: these words
 * @ret: the words that are not options, in new memory, which the caller frees; untouched on failure
 *
 * Return: the number of words, or -EINVAL after having said what is wrong.
 */
int command_many_words(struct ctl_options *options, const struct args_table *table, int argc,
		       char **argv, const char ***ret);

/**
 * command_many_links() - read the words of a command that is about any number of links, or all
 * @command: for the message when there is no word
 * @options: of the command line
 * @table: the options of the command, of which one sets @all
 * @all: whether all links are meant, which no word may be said with
 * @argc: number of words after the command
 * @argv: these words
 * @ret: see command_many_words()
 *
 * Return: the number of words, or -EINVAL after having said what is wrong.
 */
int command_many_links(const struct ctl_command *command, struct ctl_options *options,
		       const struct args_table *table, const bool *all, int argc, char **argv,
		       const char ***ret);

/**
 * command_link_name() - read the words of a command that is about one link
 * @command: for the message when there is no word
 * @options: of the command line
 * @table: the options of the command, or NULL
 * @argc: number of words after the command
 * @argv: these words
 *
 * Return: the word, or NULL after having said what is wrong.
 */
const char *command_link_name(const struct ctl_command *command, struct ctl_options *options,
			      const struct args_table *table, int argc, char **argv);

#endif
