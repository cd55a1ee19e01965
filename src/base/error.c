/* SPDX-License-Identifier: ISC */

/* Errors that a user will read, and the table of their kinds. */

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

#define ERROR_ROW(kind, name_, status_) [RPORT_ERR_##kind] = { .name = name_, .status = status_ },

static const struct {
	const char *name;
	enum ctl_status status;
} kinds[] = { RPORT_ERROR_KINDS(ERROR_ROW) };

const char *rport_error_name(enum rport_error_kind kind)
{
	return kinds[kind].name;
}

enum ctl_status rport_error_status(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(name, kinds[i].name))
			return kinds[i].status;
	return STATUS_REFUSED;
}

int rport_error_set(struct rport_error *err, enum rport_error_kind kind, int errnum,
		    const char *fmt, ...)
{
	va_list args;

	if (err) {
		err->kind = kind;
		err->errnum = errnum;
		va_start(args, fmt);
		vsnprintf(err->message, sizeof(err->message), fmt, args);
		va_end(args);
	}
	return -errnum;
}

int rport_error_no_memory(struct rport_error *err)
{
	return rport_error_set(err, RPORT_ERR_SYSTEM, ENOMEM, "out of memory");
}

void rport_error_prefix(struct rport_error *err, const char *fmt, ...)
{
	char prefixed[RPORT_ERROR_MESSAGE_MAX];
	va_list args;
	int used;

	if (!err)
		return;
	va_start(args, fmt);
	used = vsnprintf(prefixed, sizeof(prefixed), fmt, args);
	va_end(args);
	if (used < 0 || (size_t)used >= sizeof(prefixed))
		return;
	snprintf(prefixed + used, sizeof(prefixed) - (size_t)used, "%s", err->message);
	memcpy(err->message, prefixed, sizeof(prefixed));
}
