/* SPDX-License-Identifier: ISC */
#ifndef RPORT_LOG_H
#define RPORT_LOG_H

/*
 * Log lines on standard error, each with its sd-daemon(3) priority ("<6>...") when nobody reads it
 * on a terminal. Library code does not log: it returns an error, and the one who decides what to
 * do logs once.
 */

#include <syslog.h>

#include "util.h"

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
