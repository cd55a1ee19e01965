/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

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
