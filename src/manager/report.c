/* SPDX-License-Identifier: ISC */
#include <stdarg.h>

#include "manager/report.h"

void report_port(int level, const char *id, const struct port *port, const char *fmt, ...)
{
	char domain[DOMAIN_TEXT_MAX];
	struct log_fields fields = {
		.message_id = id,
		.link = port->link ? port->link->name : NULL,
		.ifname = port->ifname,
		.domain = domain_format(&port->spec.domain, domain),
	};
	va_list args;

	va_start(args, fmt);
	log_vprint(level, &fields, fmt, args);
	va_end(args);
}

void report_link(int level, const char *id, const char *name, const char *fmt, ...)
{
	struct log_fields fields = { .message_id = id, .link = name };
	va_list args;

	va_start(args, fmt);
	log_vprint(level, &fields, fmt, args);
	va_end(args);
}
