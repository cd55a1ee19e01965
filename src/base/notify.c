/* SPDX-License-Identifier: ISC */

/* Messages to the service manager, see sd_notify(3). */

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/notify.h"
#include "base/util.h"

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
	/* MONOTONIC_USEC: for Type=notify-reload (systemd 253), should somebody use it */
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

uint64_t notify_watchdog_period(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec / 2 : 0;
}

void notify_progress(void)
{
	static uint64_t last;
	uint64_t period = notify_watchdog_period(), now;

	if (period == 0)
		return;
	now = monotonic_usec();
	if (now - last < period / 2)
		return;
	last = now;
	sd_notify(0, "WATCHDOG=1");
}
