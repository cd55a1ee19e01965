/* SPDX-License-Identifier: ISC */

/* The command line of rportd: one table of options, which parsing and --help go by. */

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/frame.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/wrap.h"
#include "build-config.h"
#include "config/config.h"
#include "daemon/arguments.h"
#include "datapath/engines.h"

#define WORKERS_MAX       64
#define WORKERS_USUAL_MAX 8
#define BUSY_POLL_MAX     10000

#define HELP_COLUMN 22 /* where the help of an option begins */
#define HELP_WIDTH  79
#define HELP_MAX    512 /* bytes of the help of one option */

/* What struct argument.take returns, besides -EINVAL. */
enum {
	TAKEN_LAST = 0, /* nothing else is to be done: --help, --version */
	TAKEN = 1,
};

/*
 * One option.
 *
 * @name: without "--"
 * @value: what --help calls its value; NULL: it takes none
 * @help: what it does
 * @choices: writes what the value can be, after @help, and for messages; NULL: @help says it
 * @take: stores the value; returns TAKEN, TAKEN_LAST, or -EINVAL after having said what is wrong
 * @offset: of the field in struct arguments, for some @take
 * @max: for take_number(), as is @min
 */
struct argument {
	const char *name;
	const char *value;
	const char *help;
	void (*choices)(char *buf, size_t size);
	int (*take)(const struct argument *argument, const char *value,
		    struct arguments *arguments);
	size_t offset;
	unsigned int min, max;
};

/* --- limits ----------------------------------------------------------------------------------- */

static const struct limit {
	const char *name;
	const char *unit; /* NULL: so many of what its name says */
	size_t offset;    /* in struct limits */
	unsigned int usual, min, max;
} limits[] = {
	{ "links", NULL, offsetof(struct limits, links), 10000, 0, 1000000 },
	{ "ports", NULL, offsetof(struct limits, ports), 20000, 1, 1000000 },
	{ "connections", NULL, offsetof(struct limits, connections), 256, 1, 100000 },
	{ "connections-per-user", NULL, offsetof(struct limits, connections_per_user), 64, 1,
	  100000 },
	{ "idle", "seconds", offsetof(struct limits, idle), 60, 0, 86400 },
	{ "monitors", NULL, offsetof(struct limits, monitors), 128, 0, 100000 },
	{ "message", "bytes", offsetof(struct limits, message), FRAME_MESSAGE_MAX, 1024,
	  16 * 1024 * 1024 },
	{ "retries", "0: no limit", offsetof(struct limits, retries), 0, 0, 1000000 },
};

static unsigned int *limit_value(struct limits *values, const struct limit *limit)
{
	return (unsigned int *)((char *)values + limit->offset);
}

/* "links, ports, ..., idle (seconds)"; the units only with @units. */
static void format_limits(char *buf, size_t size, bool units)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(limits) && used < size; i++) {
		const char *unit = units ? limits[i].unit : NULL;
		int n = snprintf(buf + used, size - used, "%s%s%s%s%s", i > 0 ? ", " : "",
				 limits[i].name, unit ? " (" : "", unit ? unit : "",
				 unit ? ")" : "");

		used += n > 0 ? (size_t)n : 0;
	}
}

static void limit_choices(char *buf, size_t size)
{
	format_limits(buf, size, true);
}

/* --- values ----------------------------------------------------------------------------------- */

/* An argument that is refused: say which and why. Return: -EINVAL. */
static int bad_argument(const struct argument *argument, const char *value, const char *allowed)
{
	fprintf(stderr, "rportd: --%s cannot be \"%s\": it must be %s\n", argument->name, value,
		allowed);
	return -EINVAL;
}

static bool parse_number(const char *text, unsigned long min, unsigned long max, unsigned int *ret)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || end == text || *end || !isdigit((unsigned char)text[0]) || n < min || n > max)
		return false;
	*ret = (unsigned int)n;
	return true;
}

static int take_number(const struct argument *argument, const char *value,
		       struct arguments *arguments)
{
	unsigned int *field = (unsigned int *)((char *)arguments + argument->offset);
	char allowed[64];

	if (parse_number(value, argument->min, argument->max, field))
		return TAKEN;
	snprintf(allowed, sizeof(allowed), "a number from %u to %u", argument->min, argument->max);
	return bad_argument(argument, value, allowed);
}

static int take_flag(const struct argument *argument, const char *value _unused_,
		     struct arguments *arguments)
{
	*(bool *)((char *)arguments + argument->offset) = true;
	return TAKEN;
}

static int take_text(const struct argument *argument, const char *value,
		     struct arguments *arguments)
{
	*(const char **)((char *)arguments + argument->offset) = value;
	return TAKEN;
}

static int take_config_path(const struct argument *argument, const char *value,
			    struct arguments *arguments)
{
	if (!*value)
		return bad_argument(argument, value, "directories with ':' between");
	return take_text(argument, value, arguments);
}

static int take_limit(const struct argument *argument, const char *value,
		      struct arguments *arguments)
{
	const char *equals = strchr(value, '=');
	size_t length = equals ? (size_t)(equals - value) : 0;
	char names[HELP_MAX], allowed[HELP_MAX + 64];

	for (size_t i = 0; i < ARRAY_SIZE(limits) && equals; i++) {
		const struct limit *limit = &limits[i];

		if (strlen(limit->name) != length || strncmp(value, limit->name, length) != 0)
			continue;
		if (parse_number(equals + 1, limit->min, limit->max,
				 limit_value(&arguments->limits, limit)))
			return TAKEN;
		snprintf(allowed, sizeof(allowed), "%s=N, with N from %u to %u", limit->name,
			 limit->min, limit->max);
		return bad_argument(argument, value, allowed);
	}
	format_limits(names, sizeof(names), false);
	snprintf(allowed, sizeof(allowed), "NAME=N, with NAME one of %s", names);
	return bad_argument(argument, value, allowed);
}

static int take_log_level(const struct argument *argument, const char *value,
			  struct arguments *arguments)
{
	int level = log_level_from_name(value);

	if (level < 0)
		return bad_argument(argument, value, "error, warning, notice, info or debug");
	arguments->log_level = level;
	return TAKEN;
}

static int take_seccomp(const struct argument *argument, const char *value,
			struct arguments *arguments)
{
	int mode = seccomp_mode_from_name(value);

	if (mode < 0)
		return bad_argument(argument, value, "refuse, kill or off");
	arguments->seccomp = (enum seccomp_mode)mode;
	return TAKEN;
}

static int take_fastpath(const struct argument *argument, const char *value,
			 struct arguments *arguments)
{
	static const char *const policies[] = {
		[FASTPATH_DEFAULT_OFF] = "default-off",
		[FASTPATH_DEFAULT_ON] = "default-on",
		[FASTPATH_NEVER] = "never",
	};

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++)
		if (streq(value, policies[i])) {
			arguments->fastpath = (enum fastpath_policy)i;
			return TAKEN;
		}
	return bad_argument(argument, value, "default-off, default-on or never");
}

static void datapath_choices(char *buf, size_t size)
{
	char text[ENGINES_TEXT_MAX];

	snprintf(buf, size, "%s", engines_format(true, text));
}

static int take_datapath(const struct argument *argument, const char *value,
			 struct arguments *arguments)
{
	char allowed[ENGINES_TEXT_MAX];

	if (!engines_next(value, NULL))
		return bad_argument(argument, value, engines_format(false, allowed));
	arguments->datapath = value;
	return TAKEN;
}

static int print_help(const struct argument *argument, const char *value,
		      struct arguments *arguments);

static int print_version(const struct argument *argument _unused_, const char *value _unused_,
			 struct arguments *arguments _unused_)
{
	puts("rportd " PACKAGE_VERSION);
	return TAKEN_LAST;
}

/* --- the table -------------------------------------------------------------------------------- */

#define FIELD(field) .offset = offsetof(struct arguments, field)

static const struct argument table[] = {
	{ "socket", "PATH", "listen here (" ARGUMENTS_SOCKET_DEFAULT ")", .take = take_text,
	  FIELD(socket) },
	{ "config-path", "DIR[:DIR...]", "read the files of links there (" CONFIG_PATH_DEFAULT ")",
	  .take = take_config_path, FIELD(config_path) },
	{ "check-config", NULL,
	  "say what is wrong with these files, or with each FILE that is named, and end",
	  .take = take_flag, FIELD(check_config) },
	{ "workers", "N",
	  "threads that move packets, 1 to " STRINGIFY(
		  WORKERS_MAX) " (as many as CPUs, at most " STRINGIFY(WORKERS_USUAL_MAX) ")",
	  .take = take_number, FIELD(workers), .min = 1, .max = WORKERS_MAX },
	{ "datapath", "NAME", "how packets are moved:", .choices = datapath_choices,
	  .take = take_datapath },
	{ "fast-path", "POLICY",
	  "packets that the kernel moves by itself: default-off (for links that ask for it), "
	  "default-on (for all but those that say no), never",
	  .take = take_fastpath },
	{ "busy-poll", "USEC",
	  "look for packets so long before sleeping, while that pays: less latency for CPU time; "
	  "microseconds, 0 to " STRINGIFY(BUSY_POLL_MAX) " (0)",
	  .take = take_number, FIELD(busy_poll), .min = 0, .max = BUSY_POLL_MAX },
	{ "unwatched-queues", NULL,
	  "several queues also where the kernel does not tell when another process opens an "
	  "interface",
	  .take = take_flag, FIELD(unwatched_queues) },
	{ "limit", "NAME=N", "another limit; may be given again. NAME is one of",
	  .choices = limit_choices, .take = take_limit },
	{ "seccomp", "MODE",
	  "system calls that rportd does not use: refuse (default), kill (the daemon), off (allow "
	  "them)",
	  .take = take_seccomp },
	{ "log-level", "LEVEL", "error, warning, notice, info (default) or debug",
	  .take = take_log_level },
	{ "help", NULL, "show this", .take = print_help },
	{ "version", NULL, "show the version", .take = print_version },
};

/* --- help ------------------------------------------------------------------------------------- */

/* What an option does, from HELP_COLUMN on, in the next line if the option leaves no room. */
static void print_what(const char *text, int column)
{
	if (column + 2 > HELP_COLUMN) {
		putchar('\n');
		column = 0;
	}
	column += printf("%*s", HELP_COLUMN - column, "");
	wrap_print(text, HELP_COLUMN, column, HELP_WIDTH);
}

static int print_help(const struct argument *argument _unused_, const char *value _unused_,
		      struct arguments *arguments _unused_)
{
	char text[2 * HELP_MAX];

	puts("Usage: rportd [OPTION]...\n"
	     "       rportd --check-config [FILE]...\n"
	     "Join network namespaces and VRFs at layer 3. Links are made with rportctl(1),\n"
	     "or by files as in rport(5).\n");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char choices[HELP_MAX] = "";
		int column = printf("  --%s%s%s", table[i].name, table[i].value ? " " : "",
				    table[i].value ? table[i].value : "");

		if (table[i].choices)
			table[i].choices(choices, sizeof(choices));
		snprintf(text, sizeof(text), "%s %s", table[i].help, choices);
		print_what(text, column);
	}
	return TAKEN_LAST;
}

/* --- parsing ---------------------------------------------------------------------------------- */

static void set_defaults(struct arguments *arguments)
{
	*arguments = (struct arguments){
		.socket = ARGUMENTS_SOCKET_DEFAULT,
		.workers = MIN(usable_cpus(), (unsigned int)WORKERS_USUAL_MAX),
		.log_level = LOG_INFO,
	};
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		*limit_value(&arguments->limits, &limits[i]) = limits[i].usual;
}

/* The table as getopt_long(3) takes it; an option's number is its row. */
static void fill_options(struct option ret[static ARRAY_SIZE(table) + 1])
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		ret[i] = (struct option){
			.name = table[i].name,
			.has_arg = table[i].value ? required_argument : no_argument,
			.val = (int)i,
		};
	ret[ARRAY_SIZE(table)] = (struct option){ 0 };
}

/* The way out of a wrong command line; @word: an option that there may not be, or NULL. */
static void say_usage(const char *word)
{
	_cleanup_free_ char *name = NULL;
	struct nearest nearest;
	const char *meant;

	word = word ? word + strspn(word, "-") : "";
	name = strndup(word, strcspn(word, "="));
	nearest_begin(&nearest, name ? name : "");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		nearest_offer(&nearest, table[i].name);
	meant = nearest_found(&nearest);
	if (meant && !streq(meant, name))
		fprintf(stderr, "rportd: did you mean --%s?\n", meant);
	fputs("Usage: rportd [OPTION]...; \"rportd --help\" lists the options\n", stderr);
}

static int take_option(int option, const char *word, const char *value, struct arguments *arguments)
{
	if (option >= 0 && (size_t)option < ARRAY_SIZE(table))
		return table[option].take(&table[option], value, arguments);
	say_usage(word); /* getopt_long(3) has said what is wrong */
	return -EINVAL;
}

/*
 * The files of the system belong to the daemon that serves the socket of the system. Another one
 * would make the same interfaces in the same namespaces a second time.
 */
static const char *default_config_path(const struct arguments *arguments)
{
	bool of_the_system = streq(arguments->socket, ARGUMENTS_SOCKET_DEFAULT);

	return of_the_system || arguments->check_config ? CONFIG_PATH_DEFAULT : "";
}

int arguments_parse(int argc, char *argv[], struct arguments *ret)
{
	struct option options[ARRAY_SIZE(table) + 1];
	struct arguments arguments;
	int option, r = TAKEN;

	set_defaults(&arguments);
	fill_options(options);
	while (r > 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(option, argv[optind - 1], optarg, &arguments);
	if (r <= 0)
		return r;
	if (optind < argc && !arguments.check_config) {
		fprintf(stderr, "rportd: \"%s\" is not an option\n", argv[optind]);
		say_usage(NULL);
		return -EINVAL;
	}
	arguments.files = argv + optind;
	arguments.config_path_said = arguments.config_path != NULL;
	if (!arguments.config_path)
		arguments.config_path = default_config_path(&arguments);
	*ret = arguments;
	return 1;
}
