/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "log.h"

#define LOG_LINE_MAX 2048

static int max_level = LOG_INFO;

static const struct {
	const char *name;
	int level;
} levels[] = {
	{ "error", LOG_ERR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "info", LOG_INFO }, { "debug", LOG_DEBUG },
};

void log_set_level(int level)
{
	max_level = level;
}

int log_level_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (streq(name, levels[i].name))
			return levels[i].level;
	return -EINVAL;
}

void log_print(int level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	int saved_errno = errno;
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* One write for one line: lines of several threads do not mix. */
	if (isatty(STDERR_FILENO))
		dprintf(STDERR_FILENO, "rportd: %s\n", line);
	else
		dprintf(STDERR_FILENO, "<%d>%s\n", level, line);
	errno = saved_errno;
}

bool log_limit_pass(struct log_limit *limit)
{
	struct timespec now;
	uint64_t second;

	clock_gettime(CLOCK_MONOTONIC, &now);
	second = (uint64_t)now.tv_sec;
	if (second - limit->window_start >= limit->interval) {
		if (limit->suppressed > 0)
			log_warning("%u similar messages were suppressed", limit->suppressed);
		limit->window_start = second;
		limit->printed = 0;
		limit->suppressed = 0;
	}
	if (limit->printed >= limit->burst) {
		limit->suppressed++;
		return false;
	}
	limit->printed++;
	return true;
}
