/* SPDX-License-Identifier: ISC */
/* Log lines about ports and links. */
#include <stdarg.h>

#include "manager/report.h"

static void _printf_(4, 0) vreport_port(int level, const char *id, const struct port *port,
					const char *fmt, va_list args)
{
	char domain[DOMAIN_TEXT_MAX];
	struct log_fields fields = {
		.message_id = id,
		.link = port->link ? port->link->name : NULL,
		.ifname = port->ifname,
		.domain = domain_format(&port->spec.domain, domain),
	};

	log_vprint(level, &fields, fmt, args);
}

void report_port(int level, const char *id, const struct port *port, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vreport_port(level, id, port, fmt, args);
	va_end(args);
}

void report_port_event(int level, const char *id, struct port *port, const char *fmt, ...)
{
	char name[PORT_TEXT_MAX];
	va_list args;

	if (!log_limit_pass(&port->log, port_format(port, name)))
		return;
	va_start(args, fmt);
	vreport_port(level, id, port, fmt, args);
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
