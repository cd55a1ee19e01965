/* SPDX-License-Identifier: ISC */

/* rportd --check-config: says what is wrong with the files of links. */

#include <limits.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/check.h"

static void count_error(enum config_severity severity, const char *file, unsigned int line,
			const char *message, void *userdata)
{
	unsigned int *n_errors = userdata;
	char text[ESCAPED_SIZE(PATH_MAX)];

	*n_errors += severity == CONFIG_ERROR;
	escape_into(text, sizeof(text), file, ESCAPE_BACKSLASH);
	printf("%s:", text);
	if (line > 0)
		printf("%u:", line);
	escape_into(text, sizeof(text), message, ESCAPE_BACKSLASH);
	printf(" %s: %s\n", severity == CONFIG_ERROR ? "error" : "warning", text);
}

bool check_config(const char *path)
{
	_cleanup_config_ struct config config = { 0 };
	unsigned int n_errors = 0;
	int r;

	r = config_load(path, count_error, &n_errors, &config);
	if (r < 0) {
		log_error("cannot read the files of %s: %s", path, strerror(-r));
		return false;
	}
	printf("%zu links, %u errors\n", config.n_links, n_errors);
	return n_errors == 0;
}
