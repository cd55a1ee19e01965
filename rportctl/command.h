/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_COMMAND_H
#define RPORTCTL_COMMAND_H

/* What most commands do: take some words, make one call, and print what was answered. */

#include <jansson.h>

#include "commands.h"

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
