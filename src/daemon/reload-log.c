/* SPDX-License-Identifier: ISC */
/* Logs what a reload that no client asked for has done. */

#include "base/log.h"
#include "daemon/reload-log.h"
#include "manager/report.h"

static void log_problem(enum config_severity severity, const char *file, unsigned int line,
			const char *message, void *userdata _unused_)
{
	int level = severity == CONFIG_ERROR ? LOG_ERR : LOG_WARNING;

	if (line > 0)
		log_print(level, "%s:%u: %s", file, line, message);
	else
		log_print(level, "%s: %s", file, message);
}

static void log_reloaded(enum reload_result result, const char *name, const char *text,
			 void *userdata _unused_)
{
	switch (result) {
	case RELOAD_CHANGED:
		report_link(LOG_INFO, NULL, name, "link %s: changed, as its file has it: %s", name,
			    text);
		break;
	case RELOAD_REMOVED:
		report_link(LOG_INFO, NULL, name, "link %s: removed, as it has no file any more",
			    name);
		break;
	case RELOAD_FAILED:
		report_link(LOG_ERR, NULL, name, "link %s: %s", name, text);
		break;
	case RELOAD_ADDED: /* the manager has said so */
	case RELOAD_UNCHANGED:
		break;
	}
}

static void log_done(const struct rport_error *err, void *userdata _unused_)
{
	if (err)
		log_error("%s", err->message);
}

const struct reload_listener reload_log = {
	.link = log_reloaded,
	.problem = log_problem,
	.done = log_done,
};
