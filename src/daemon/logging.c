/* SPDX-License-Identifier: ISC */

/* Tells how many lines of the log were lost or held back: after each turn of the loop, and while
 * there is something to tell, each second. */

#include "base/log.h"
#include "daemon/logging.h"

static int wake(_unused_ sd_event_source *source, _unused_ uint64_t usec, _unused_ void *userdata)
{
	return 0; /* flush() comes after it */
}

static int flush(_unused_ sd_event_source *source, void *userdata)
{
	sd_event_source *timer = userdata;
	int enabled;

	if (!log_flush() || sd_event_source_get_enabled(timer, &enabled) < 0 || enabled)
		return 0;
	(void)sd_event_source_set_time_relative(timer, USEC_PER_SEC);
	return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

int logging_start(sd_event *event)
{
	sd_event_source *timer;
	int r;

	r = sd_event_add_time(event, &timer, CLOCK_MONOTONIC, 0, 0, wake, NULL);
	if (r < 0)
		return r;
	r = sd_event_source_set_enabled(timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_post(event, NULL, flush, timer);
	if (r >= 0)
		r = sd_event_source_set_floating(timer, true);
	sd_event_source_unref(timer);
	return r;
}
