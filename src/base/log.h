/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_LOG_H
#define RPORT_BASE_LOG_H

/*
 * Log lines on standard error, "rportd: warning: ..."; or, when that leads to the journal
 * ($JOURNAL_STREAM), sent there with fields. Library code does not log: it returns an error, and the
 * caller that decides what to do logs once. Logging never waits: a line that cannot be written at
 * once is lost, and counted. Names in a line are escaped, see escape.h.
 */

#include <stdarg.h>
#include <sys/queue.h>
#include <syslog.h>

#include "base/util.h"

/**
 * log_open() - find out where standard error leads; before the first thread is made
 */
void log_open(void);

/**
 * log_set_level() - set the least important priority that is still printed
 * @level: LOG_ERR to LOG_DEBUG of syslog(3)
 */
void log_set_level(int level);

/**
 * log_level_from_name() - parse "error", "warning", "notice", "info" or "debug"
 * @name: any string
 *
 * Return: the syslog(3) priority, or -EINVAL.
 */
int log_level_from_name(const char *name);

/**
 * log_print() - print one line; use the log_error() .. log_debug() macros
 * @level: syslog(3) priority, LOG_ERR to LOG_DEBUG
 * @fmt: printf format, without a newline at the end
 */
void log_print(int level, const char *fmt, ...) _printf_(2, 3);

/*
 * Fields of a line in the journal; one that is NULL or "" is left out.
 *
 * @message_id: MESSAGE_ID=, 32 hexadecimal digits
 * @link: RPORT_LINK=
 * @ifname: RPORT_IFNAME=
 * @domain: RPORT_DOMAIN=
 * @peer_domain: a second RPORT_DOMAIN=, of the other end of a link
 * @method: RPORT_METHOD=, that somebody called
 * @uid: RPORT_UID=, of the caller
 * @pid: RPORT_PID=, of the caller
 * @program: RPORT_PROGRAM=, of the caller
 */
struct log_fields {
	const char *message_id;
	const char *link;
	const char *ifname;
	const char *domain;
	const char *peer_domain;
	const char *method;
	const char *uid;
	const char *pid;
	const char *program;
};

/**
 * log_vprint() - print one line, with fields in the journal
 * @level: syslog(3) priority, LOG_ERR to LOG_DEBUG
 * @fields: borrowed; NULL: none
 * @fmt: printf format, without a newline at the end
 * @args: its arguments
 */
void log_vprint(int level, const struct log_fields *fields, const char *fmt, va_list args)
	_printf_(3, 0);

/**
 * log_print_fields() - print one line, with fields in the journal
 * @level: syslog(3) priority, LOG_ERR to LOG_DEBUG
 * @fields: borrowed; NULL: none
 * @fmt: printf format, without a newline at the end
 */
void log_print_fields(int level, const struct log_fields *fields, const char *fmt, ...)
	_printf_(3, 4);

/**
 * log_print_id() - print one line that has a MESSAGE_ID= in the journal
 * @level: syslog(3) priority, LOG_ERR to LOG_DEBUG
 * @id: 32 hexadecimal digits, see messages.h
 * @fmt: printf format, without a newline at the end
 */
void log_print_id(int level, const char *id, const char *fmt, ...) _printf_(3, 4);

#define log_error(...)   log_print(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_print(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_DEBUG, __VA_ARGS__)

#define LOG_ABOUT_MAX 96

/*
 * At most @burst lines in @interval seconds, of one source that other users can trigger: a call
 * site, a user, a port. Everything but the first two is zero at first.
 */
struct log_limit {
	unsigned int burst;
	unsigned int interval;
	uint64_t window_start; /* CLOCK_MONOTONIC, seconds */
	unsigned int printed;
	unsigned int suppressed;
	char about[LOG_ABOUT_MAX];   /* what was suppressed */
	LIST_ENTRY(log_limit) entry; /* while @suppressed is not zero */
};

/* What one source may say. */
#define LOG_LIMIT_INIT                     \
	{                                  \
		.burst = 10, .interval = 5 \
	}

/**
 * log_limit_pass() - check whether another line may be printed now
 * @limit: the state of the source of the line; only the main thread may call this
 * @about: what the line is about, for the line that says how many were held back
 *
 * When a new interval begins after lines were held back, their number is logged first.
 *
 * Return: true when it may.
 */
bool log_limit_pass(struct log_limit *limit, const char *about);

/**
 * log_limit_end() - log how many lines were held back, if any
 * @limit: the state of a source; call this before its memory is freed
 */
void log_limit_end(struct log_limit *limit);

/**
 * log_flush() - log how many lines were lost or held back, if that can be logged now
 *
 * It does not wait, and costs nothing when there is nothing to tell.
 *
 * Return: whether there is still something to tell; call it again a second later then.
 */
bool log_flush(void);

#define LOG_FORMAT_(fmt, ...) fmt

#define log_limited(level, ...)                                          \
	do {                                                             \
		static struct log_limit limit_ = LOG_LIMIT_INIT;         \
		if (log_limit_pass(&limit_, LOG_FORMAT_(__VA_ARGS__, ))) \
			log_print(level, __VA_ARGS__);                   \
	} while (0)

#endif
