/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_REPORT_H
#define RPORT_MANAGER_REPORT_H

/* Log lines about ports and links; their names are fields of the line in the journal. */

#include "base/log.h"
#include "base/messages.h"
#include "manager/table.h"

/**
 * report_port() - log a line about a port
 * @level: of syslog(3)
 * @id: MESSAGE_*, or NULL
 * @port: its link, domain and interface become fields of the line in the journal
 * @fmt: printf format of the line, without a newline at the end
 */
void report_port(int level, const char *id, const struct port *port, const char *fmt, ...)
	_printf_(4, 5);

/* Of a line for each of a port's ups and downs in a minute, ten are interesting. */
#define REPORT_PORT_LIMIT                   \
	{                                   \
		.burst = 10, .interval = 60 \
	}

/**
 * report_port_event() - log a line about a change of a port that nobody asked rportd for
 * @level: of syslog(3)
 * @id: MESSAGE_*, or NULL
 * @port: has a rate limit of its own: the owner of its namespace can cause such lines without end
 * @fmt: printf format of the line, without a newline at the end
 */
void report_port_event(int level, const char *id, struct port *port, const char *fmt, ...)
	_printf_(4, 5);

/**
 * report_link() - log a line about a link
 * @level: of syslog(3)
 * @id: MESSAGE_*, or NULL
 * @name: of the link; becomes a field of the line in the journal
 * @fmt: printf format of the line, without a newline at the end
 */
void report_link(int level, const char *id, const char *name, const char *fmt, ...) _printf_(4, 5);

#endif
