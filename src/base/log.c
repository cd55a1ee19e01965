/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Waiting. The reader of the log may stop reading, and a full pipe must not stop the control plane:
 * no write here waits. O_NONBLOCK belongs to an open file description, and that of standard error
 * is shared with the process that started us; so log_open() opens a pipe or terminal again, for a
 * description of our own. Sockets take MSG_DONTWAIT instead, and regular files do not wait. A pipe
 * that may not be opened is polled first: one that is writable has room for PIPE_BUF bytes, and no
 * line is longer. That is right unless another process writes to the pipe at the same moment.
 *
 * Losing. A line that does not fit is lost and counted. The number is logged before the next line
 * that fits, or by log_flush().
 *
 * Limits. Each source of lines (a call site, a user, a port) has a limit of its own, so that one
 * that floods does not silence another. Limits that held lines back are in a list until their
 * number is logged; log_flush() walks it, so the number is logged even if no more lines come.
 *
 * Text. A line quotes names that other users choose. It is escaped as a whole: one call is one
 * line.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

#include "base/escape.h"
#include "base/log.h"

#define LINE_MAX_RAW 2048 /* bytes of a line before it is escaped */
#define FIELD_MAX    320  /* bytes of KEY=VALUE */

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* How a write to standard error is kept from waiting. */
enum sink {
	SINK_POLL,     /* look first */
	SINK_NONBLOCK, /* our own description, or a regular file */
	SINK_SOCKET,   /* MSG_DONTWAIT */
};

static struct {
	int max_level;
	int fd; /* of lines */
	enum sink sink;
	bool to_journal;   /* standard error leads there */
	int journal;       /* a datagram socket; -1: lines go to @fd */
	unsigned int lost; /* lines that were lost and not yet reported */
} out = { .max_level = LOG_INFO, .fd = STDERR_FILENO, .journal = -1 };

static LIST_HEAD(log_limits, log_limit) holding = LIST_HEAD_INITIALIZER(holding);

static const struct {
	const char *name;
	int level;
} levels[] = {
	{ "error", LOG_ERR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
	{ "info", LOG_INFO }, { "debug", LOG_DEBUG },
};

/* --- where lines go --------------------------------------------------------------------------- */

/* systemd.exec(5) of $JOURNAL_STREAM: "DEVICE:INODE" of what was our standard error at first. */
static bool leads_to_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];

	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
	return stream && streq(stream, ours);
}

static void open_journal(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fd = safe_close(fd);
	out.journal = fd;
}

/* A description of our own of standard error, that does not wait. */
static void reopen_stderr(void)
{
	int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	out.fd = fd;
	out.sink = SINK_NONBLOCK;
}

void log_open(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		return;
	out.to_journal = leads_to_journal(&st);
	if (out.to_journal)
		open_journal();
	if (S_ISSOCK(st.st_mode))
		out.sink = SINK_SOCKET;
	else if (S_ISREG(st.st_mode))
		out.sink = SINK_NONBLOCK;
	else
		reopen_stderr();
}

void log_set_level(int level)
{
	out.max_level = level;
}

int log_level_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (streq(name, levels[i].name))
			return levels[i].level;
	return -EINVAL;
}

/* --- to the journal --------------------------------------------------------------------------- */

/* A datagram of lines KEY=VALUE, see https://systemd.io/JOURNAL_NATIVE_PROTOCOL. */
struct entry {
	char text[11 * FIELD_MAX + PIPE_BUF];
	size_t length;
};

/* @max: no more than so many bytes; half a value would be another value, so it is left out then. */
static void add_field(struct entry *entry, size_t max, const char *key, const char *value)
{
	char *text = entry->text + entry->length;
	int used;

	if (!value || !*value)
		return;
	used = snprintf(text, max, "%s=", key);
	used += (int)escape_into(text + used, max - (size_t)used - 1, value, ESCAPE_BACKSLASH);
	if (ESCAPED_SIZE(strlen(value)) > max && (size_t)used + 5 > max)
		return;
	text[used] = '\n';
	entry->length += (size_t)used + 1;
}

/* Two have one key: the journal keeps both values. */
static const struct {
	const char *key;
	size_t offset;
} keys[] = {
	{ "MESSAGE_ID", offsetof(struct log_fields, message_id) },
	{ "RPORT_LINK", offsetof(struct log_fields, link) },
	{ "RPORT_IFNAME", offsetof(struct log_fields, ifname) },
	{ "RPORT_DOMAIN", offsetof(struct log_fields, domain) },
	{ "RPORT_DOMAIN", offsetof(struct log_fields, peer_domain) },
	{ "RPORT_METHOD", offsetof(struct log_fields, method) },
	{ "RPORT_UID", offsetof(struct log_fields, uid) },
	{ "RPORT_PID", offsetof(struct log_fields, pid) },
	{ "RPORT_PROGRAM", offsetof(struct log_fields, program) },
};

static void add_fields(struct entry *entry, const struct log_fields *fields)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		add_field(entry, FIELD_MAX, keys[i].key,
			  *(const char *const *)((const char *)fields + keys[i].offset));
}

/* @line: escaped. Return: 0 or -errno. */
static int send_to_journal(int level, const struct log_fields *fields, const char *line)
{
	struct entry entry = { .length = 0 };
	char priority[] = { (char)('0' + level), '\0' };

	add_field(&entry, FIELD_MAX, "PRIORITY", priority);
	add_field(&entry, FIELD_MAX, "SYSLOG_IDENTIFIER", "rportd");
	if (fields)
		add_fields(&entry, fields);
	entry.length += (size_t)snprintf(entry.text + entry.length, PIPE_BUF, "MESSAGE=%s\n", line);
	return send(out.journal, entry.text, entry.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno
											    : 0;
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool is_writable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & POLLOUT;
}

/* One write for one line: lines of several threads do not mix. Return: 0 or -errno. */
static int write_line(const char *line, size_t length)
{
	ssize_t n = -1;

	switch (out.sink) {
	case SINK_SOCKET:
		n = send(out.fd, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case SINK_POLL:
		if (!is_writable(out.fd))
			return -EAGAIN;
		n = write(out.fd, line, length);
		break;
	case SINK_NONBLOCK:
		n = write(out.fd, line, length);
		break;
	}
	return n < 0 ? -errno : 0;
}

static int send_line(int level, const struct log_fields *fields, const char *text)
{
	char line[PIPE_BUF];
	int r;

	if (out.journal >= 0) {
		r = send_to_journal(level, fields, text);
		if (r >= 0 || r == -EAGAIN)
			return r;
		/* the journal is gone: standard error may still be read */
	}
	if (out.to_journal)
		r = snprintf(line, sizeof(line), "<%d>%s\n", level, text);
	else
		r = snprintf(line, sizeof(line), "rportd: %s%s\n",
			     level <= LOG_ERR       ? "error: "
			     : level == LOG_WARNING ? "warning: "
						    : "",
			     text);
	return write_line(line, MIN((size_t)r, sizeof(line) - 1));
}

/* Return: 0 or -errno; then there is still a number to tell. */
static int tell_lost(void)
{
	char text[64];

	if (out.lost == 0)
		return 0;
	snprintf(text, sizeof(text), "%u lines of the log were lost: nobody read them", out.lost);
	if (send_line(LOG_WARNING, NULL, text) < 0)
		return -EAGAIN;
	out.lost = 0;
	return 0;
}

void log_vprint(int level, const struct log_fields *fields, const char *fmt, va_list args)
{
	char text[LINE_MAX_RAW], escaped[PIPE_BUF - 64];
	int saved_errno = errno;

	if (level > out.max_level)
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	escape_into(escaped, sizeof(escaped), text, ESCAPE_BACKSLASH);
	if (tell_lost() < 0 || send_line(level, fields, escaped) < 0)
		out.lost++;
	errno = saved_errno;
}

void log_print(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprint(level, NULL, fmt, args);
	va_end(args);
}

void log_print_fields(int level, const struct log_fields *fields, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprint(level, fields, fmt, args);
	va_end(args);
}

void log_print_id(int level, const char *id, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vprint(level, &(struct log_fields){ .message_id = id }, fmt, args);
	va_end(args);
}

/* --- limits ----------------------------------------------------------------------------------- */

static uint64_t now_seconds(void)
{
	return monotonic_usec() / USEC_PER_SEC;
}

void log_limit_end(struct log_limit *limit)
{
	if (limit->suppressed == 0)
		return;
	LIST_REMOVE(limit, entry);
	log_warning("%u messages were suppressed, of the kind: %s", limit->suppressed,
		    limit->about);
	limit->suppressed = 0;
}

bool log_limit_pass(struct log_limit *limit, const char *about)
{
	uint64_t now = now_seconds();

	if (now - limit->window_start >= limit->interval) {
		log_limit_end(limit);
		limit->window_start = now;
		limit->printed = 0;
	}
	if (limit->printed < limit->burst) {
		limit->printed++;
		return true;
	}
	if (limit->suppressed++ == 0) {
		LIST_INSERT_HEAD(&holding, limit, entry);
		snprintf(limit->about, sizeof(limit->about), "%s", about);
	}
	return false;
}

bool log_flush(void)
{
	uint64_t now;
	struct log_limit *limit, *next;

	if (tell_lost() < 0)
		return true;
	if (LIST_EMPTY(&holding))
		return false;
	now = now_seconds();
	for (limit = LIST_FIRST(&holding); limit; limit = next) {
		next = LIST_NEXT(limit, entry);
		if (now - limit->window_start >= limit->interval)
			log_limit_end(limit);
	}
	return !LIST_EMPTY(&holding) || out.lost > 0;
}
