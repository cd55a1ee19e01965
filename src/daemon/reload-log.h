/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_RELOAD_LOG_H
#define RPORT_DAEMON_RELOAD_LOG_H

/* Logs what a reload that no client asked for has done: that at the start, and those by SIGHUP. */

#include "manager/reload.h"

extern const struct reload_listener reload_log;

#endif
