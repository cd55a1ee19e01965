/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_LOG_H
#define RPORT_BASE_LOG_H

/*
 * Log lines on standard error, each with its sd-daemon(3) priority ("<6>...") when nobody reads it
 * on a terminal; or, when that leads to the journal, sent there with fields. Library code does not
 * log: it returns an error, and the one who decides what to do logs once.
 */

#include <stdarg.h>
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
 *
 * Return: the syslog(3) priority, or -EINVAL.
 */
int log_level_from_name(const char *name);

/**
 * log_print() - print one line; use the log_error() .. log_debug() macros
 */
void log_print(int level, const char *fmt, ...) _printf_(2, 3);

/* By which a line can be found in the journal; NULL and "": not by that. */
struct log_fields {
	const char *message_id; /* 32 hexadecimal digits */
	const char *link;       /* RPORT_LINK= */
	const char *ifname;     /* RPORT_IFNAME= */
	const char *domain;     /* RPORT_DOMAIN= */
};

/**
 * log_vprint() - print one line, which has fields in the journal
 */
void log_vprint(int level, const struct log_fields *fields, const char *fmt, va_list args)
	_printf_(3, 0);

/**
 * log_print_id() - print one line that has a MESSAGE_ID= in the journal
 */
void log_print_id(int level, const char *id, const char *fmt, ...) _printf_(3, 4);

#define log_error(...)   log_print(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_print(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_print(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_DEBUG, __VA_ARGS__)

/* At most @burst lines in @interval seconds, for what a client or a packet can trigger. */
struct log_limit {
	unsigned int burst;
	unsigned int interval;
	uint64_t window_start; /* CLOCK_MONOTONIC seconds */
	unsigned int printed;
	unsigned int suppressed;
};

/**
 * log_limit_pass() - may another line be printed now?
 * @limit: the state of this call site
 *
 * When a new interval begins after lines were held back, their number is logged first.
 */
bool log_limit_pass(struct log_limit *limit);

#define log_limited(level, ...)                                                  \
	do {                                                                     \
		static struct log_limit limit_ = { .burst = 10, .interval = 5 }; \
		if (log_limit_pass(&limit_))                                     \
			log_print(level, __VA_ARGS__);                           \
	} while (0)

#endif
