/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_ARGS_H
#define RPORTCTL_ARGS_H

/*
 * The command line, by tables. Words are taken as they are: no abbreviations, no bundling ("-jp"),
 * so that a script never means another option after an update. A value is the next word, or follows
 * "=" in a long option. "--" ends the options.
 */

#include "rportctl.h"
#include "base/util.h"

/*
 * An option.
 *
 * @name: "--mtu"
 * @alias: another spelling, or NULL
 * @old: what it was called before, which is neither shown nor offered; or NULL
 * @value: what the help calls its value; NULL: it takes none
 * @help: what it does
 * @words: words that may follow the value, each with a value of its own: { "via", NULL }; or NULL
 * @offer: tells the values that completion offers, also in a list with commas: the i-th, or NULL
 *	after the last one; if @offer is NULL, completion goes by @value
 * @offered: for @offer
 * @apply: stores the value; returns 0, or -EINVAL after having said what is wrong
 * @offset: for @apply: of the field in the target
 */
struct args_option {
	const char *name;
	const char *alias;
	const char *old;
	const char *value;
	const char *help;
	const char *const *words;
	const char *(*offer)(const struct args_option *option, size_t i);
	const void *offered;
	int (*apply)(const struct args_option *option, const char *value, void *target);
	size_t offset;
};

/* What may be said for an option, when it is one of a few words: an array of them, ended by NULL. */
#define ARGS_OFFER_WORDS(words_) .offer = args_offer_word, .offered = (words_)

/**
 * args_offer_word() - tell a value of an option that is one of a few words
 * @option: its @offered is an array of them, ended by NULL
 * @i: which one
 *
 * Return: the word, or NULL after the last one.
 */
const char *args_offer_word(const struct args_option *option, size_t i);

struct args_table {
	const struct args_option *options;
	size_t n_options;
	void *target; /* what the options are applied to */
};

/* The options that every command takes; args_parse() knows them by itself. */
extern const struct args_option args_common[];
extern const size_t args_n_common;

/**
 * args_parse() - read the words after a command
 * @common: where the options for every command go
 * @table: the options of the command, or NULL
 * @argc: number of words after the command
 * @argv: these words
 * @positional: what is not an option is stored here
 * @max: so many of them at most
 *
 * Return: the number of words stored, or -EINVAL after having said what is wrong.
 */
int args_parse(struct ctl_options *common, const struct args_table *table, int argc, char **argv,
	       const char **positional, int max);

/**
 * args_parse_leading() - read the options before the command word
 * @common: where these options go
 * @argc: of main()
 * @argv: of main()
 *
 * Return: the index of the command word, @argc when there is none, or -EINVAL.
 */
int args_parse_leading(struct ctl_options *common, int argc, char **argv);

/**
 * args_find() - find the option that a word is, also as "--option=value"
 * @options: a table
 * @n: its entries
 * @word: as it was typed
 * @ret_value: what follows the "=", or NULL
 *
 * Return: the option, or NULL.
 */
const struct args_option *args_find(const struct args_option *options, size_t n, const char *word,
				    const char **ret_value);

/**
 * args_is_word() - check whether a word may follow the value of an option, with a value of its own
 * @option: the option, or NULL
 * @word: as it was typed
 *
 * Return: true when it may.
 */
bool args_is_word(const struct args_option *option, const char *word);

/**
 * args_is_option() - tell whether a word is an option, rather than to be taken as it is
 * @word: as it was typed; a single "-" is no option
 *
 * Return: true when it is an option.
 */
bool args_is_option(const char *word);

/**
 * args_usage_error() - say what is wrong with the command line, and the way out
 * @fmt: printf format of the message
 *
 * Return: -EINVAL.
 */
int args_usage_error(const char *fmt, ...) _printf_(1, 2);

/**
 * args_check_number() - check that a word is a decimal number that fits a long
 * @text: the word
 *
 * Return: 0 or -EINVAL.
 */
int args_check_number(const char *text);

/**
 * args_set() - set a bool, for args_option.apply
 * @option: has the offset of the bool
 * @value: not used
 * @target: of the table
 *
 * Return: 0.
 */
int args_set(const struct args_option *option, const char *value, void *target);

/**
 * args_string() - store a string that may be given once, for args_option.apply
 * @option: has the offset of the const char *
 * @value: stored as it is; must live as long as the target
 * @target: of the table
 *
 * Return: 0, or -EINVAL after having said that it is given twice.
 */
int args_string(const struct args_option *option, const char *value, void *target);

/**
 * args_number() - store the text of a number, for args_option.apply
 * @option: has the offset of the const char *
 * @value: must be a number, see args_check_number()
 * @target: of the table
 *
 * Return: 0, or -EINVAL after having said what is wrong.
 */
int args_number(const struct args_option *option, const char *value, void *target);

/**
 * args_number_or_auto() - store the text of a number or "auto", for args_option.apply
 * @option: has the offset of the const char *
 * @value: see args_number()
 * @target: of the table
 *
 * Return: 0, or -EINVAL after having said what is wrong.
 */
int args_number_or_auto(const struct args_option *option, const char *value, void *target);

#endif
