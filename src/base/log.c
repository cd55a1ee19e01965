/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "base/log.h"

#define LOG_LINE_MAX 2048

#define FIELD_MAX 320

static int max_level = LOG_INFO;
static bool to_journal;

static const struct {
	const char *name;
	int level;
} levels[] = {
	{ "error", LOG_ERR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "info", LOG_INFO }, { "debug", LOG_DEBUG },
};

/* systemd.exec(5) of $JOURNAL_STREAM: "DEVICE:INODE" of what was our standard error at first. */
void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	to_journal = streq(stream, ours);
}

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

/* --- to the journal --------------------------------------------------------------------------- */

/* All fields of a line; text[] is what @parts point into. */
struct entry {
	struct iovec parts[6];
	int n;
	char text[5][FIELD_MAX];
};

static void add_field(struct entry *entry, const char *key, const char *value)
{
	char *text = entry->text[entry->n];
	int length;

	if (!value || !*value)
		return;
	length = snprintf(text, FIELD_MAX, "%s=%s", key, value);
	if (length < FIELD_MAX) /* half a value would be another value */
		entry->parts[entry->n++] = (struct iovec){ text, (size_t)length };
}

static bool send_to_journal(int level, const struct log_fields *fields, const char *line)
{
	char message[LOG_LINE_MAX + sizeof("MESSAGE=")];
	struct entry entry = { .n = 0 };
	char priority[] = { (char)('0' + level), '\0' };

	add_field(&entry, "PRIORITY", priority);
	add_field(&entry, "MESSAGE_ID", fields->message_id);
	add_field(&entry, "RPORT_LINK", fields->link);
	add_field(&entry, "RPORT_IFNAME", fields->ifname);
	add_field(&entry, "RPORT_DOMAIN", fields->domain);
	snprintf(message, sizeof(message), "MESSAGE=%s", line);
	entry.parts[entry.n++] = (struct iovec){ message, strlen(message) };
	return sd_journal_sendv(entry.parts, entry.n) >= 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

void log_vprint(int level, const struct log_fields *fields, const char *fmt, va_list args)
{
	char line[LOG_LINE_MAX];
	int saved_errno = errno;

	if (level > max_level)
		return;
	vsnprintf(line, sizeof(line), fmt, args);
	/* One write for one line: lines of several threads do not mix. */
	if (to_journal && send_to_journal(level, fields, line))
		;
	else if (isatty(STDERR_FILENO))
		dprintf(STDERR_FILENO, "rportd: %s\n", line);
	else
		dprintf(STDERR_FILENO, "<%d>%s\n", level, line);
	errno = saved_errno;
}

void log_print(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprint(level, &(struct log_fields){ 0 }, fmt, args);
	va_end(args);
}

void log_print_id(int level, const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprint(level, &(struct log_fields){ .message_id = id }, fmt, args);
	va_end(args);
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
