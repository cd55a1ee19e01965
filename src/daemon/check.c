/* SPDX-License-Identifier: ISC */

/* rportd --check-config: says what is wrong with the files of links. */

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/escape.h"
#include "base/log.h"
#include "config/clash.h"
#include "config/config.h"
#include "daemon/check.h"

#define SUFFIX ".rport"

struct check {
	struct config_clashes *clashes; /* between all files that were named */
	size_t n_links;
	unsigned int n_errors;
	bool failed; /* some could not be looked for */
};

static void print_problem(enum config_severity severity, const char *file, unsigned int line,
			  const char *message, void *userdata)
{
	struct check *check = userdata;
	char text[ESCAPED_SIZE(PATH_MAX)];

	check->n_errors += severity == CONFIG_ERROR;
	escape_into(text, sizeof(text), file, ESCAPE_BACKSLASH);
	printf("%s:", text);
	if (line > 0)
		printf("%u:", line);
	escape_into(text, sizeof(text), message, ESCAPE_BACKSLASH);
	printf(" %s: %s\n", severity == CONFIG_ERROR ? "error" : "warning", text);
}

static void check_link(struct check *check, const struct config_link *link)
{
	check->n_links++;
	if (!link->bad)
		config_clashes_add(check->clashes, link, print_problem, check);
}

/* Directories with ':' between; one that is missing is empty to rportd, and an error to who asks. */
static void check_path(struct check *check, const char *path)
{
	_cleanup_config_ struct config config = { 0 };
	int r = config_load(path, print_problem, check, &config);

	if (r < 0) {
		log_error("cannot read the files of %s: %s", path, strerror(-r));
		check->failed = true;
	}
	for (size_t i = 0; i < config.n_links; i++)
		check_link(check, &config.links[i]);
}

static void check_directories(struct check *check, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	char *rest = copy;
	const char *directory;
	struct stat st;

	while (rest && (directory = strsep(&rest, ":")))
		if (*directory && stat(directory, &st) < 0 && errno == ENOENT)
			print_problem(CONFIG_ERROR, directory, 0, "there is no such directory",
				      check);
}

/* With its drop-ins, which are beside it. */
static int read_link_of(struct check *check, const char *directory, const char *name)
{
	_cleanup_config_link_ struct config_link link = { 0 };
	int r = config_read(directory, name, print_problem, check, &link);

	if (r > 0)
		check_link(check, &link);
	return r;
}

static void check_file(struct check *check, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t length = strlen(base), suffix = strlen(SUFFIX);
	_cleanup_free_ char *directory = NULL, *name = NULL;

	if (length <= suffix || !streq(base + length - suffix, SUFFIX)) {
		print_problem(CONFIG_ERROR, file, 0, "its name does not end in " SUFFIX, check);
		return;
	}
	if (slash && memchr(file, ':', (size_t)(slash - file))) {
		print_problem(CONFIG_ERROR, file, 0, "a directory with ':' cannot be read", check);
		return;
	}
	directory = slash ? strndup(file, (size_t)MAX(slash - file, 1)) : strdup(".");
	name = strndup(base, length - suffix);
	if (!directory || !name || read_link_of(check, directory, name) < 0)
		check->failed = true;
}

static void check_named(struct check *check, const char *file)
{
	struct stat st;

	if (stat(file, &st) < 0)
		print_problem(CONFIG_ERROR, file, 0, strerror(errno), check);
	else if (S_ISDIR(st.st_mode))
		check_path(check, file);
	else
		check_file(check, file);
}

bool check_config(const struct arguments *arguments)
{
	struct check check = { .clashes = config_clashes_new() };

	if (arguments->config_path_said)
		check_directories(&check, arguments->config_path);
	for (char **file = arguments->files; *file; file++)
		check_named(&check, *file);
	if (!*arguments->files || arguments->config_path_said)
		check_path(&check, arguments->config_path);
	config_clashes_free(check.clashes);
	if (!check.failed)
		printf("%zu link%s, %u error%s\n", check.n_links, PLURAL(check.n_links),
		       check.n_errors, PLURAL(check.n_errors));
	return !check.failed && check.n_errors == 0;
}
