/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_REPORT_H
#define RPORT_MANAGER_REPORT_H

/* Log lines about ports and links, which can be found in the journal by them. */

#include "base/log.h"
#include "base/messages.h"
#include "manager/table.h"

/**
 * report_port() - log a line about a port
 * @id: MESSAGE_*, or NULL
 */
void report_port(int level, const char *id, const struct port *port, const char *fmt, ...)
	_printf_(4, 5);

/**
 * report_link() - log a line about a link
 * @id: MESSAGE_*, or NULL
 * @name: of the link
 */
void report_link(int level, const char *id, const char *name, const char *fmt, ...) _printf_(4, 5);

#endif
