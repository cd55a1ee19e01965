/* SPDX-License-Identifier: ISC */

/* A service manager that starts rportd again at once, and a fault that comes back: see the header. */

#include <time.h>

#include "base/log.h"
#include "base/notify.h"
#include "daemon/crash-loop.h"
#include "kernel/restart.h"

#define RECORD      "starts" /* {"young": N}: rportd died within RESTART_OLD_USEC, N times */
#define FAILED_USEC (1 * USEC_PER_SEC)
#define YOUNG_MAX   1000

static void pause_for(uint64_t usec)
{
	struct timespec left = {
		.tv_sec = (time_t)(usec / USEC_PER_SEC),
		.tv_nsec = (long)(usec % USEC_PER_SEC * 1000),
	};

	(void)nanosleep(&left, NULL);
}

static void find(const char *key, json_t *value, void *userdata)
{
	json_int_t *young = userdata;

	if (streq(key, RECORD))
		*young = json_integer_value(json_object_get(value, "young"));
}

static void note(struct state *state, json_int_t young)
{
	json_t *record = json_pack("{sI}", "young", young);

	if (!record || state_put(state, RECORD, record) < 0)
		log_debug("cannot note that rportd was started");
}

static int grown_old(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	crash_loop_end(userdata);
	return 0;
}

/* Return: microseconds. */
static uint64_t wait_after(json_int_t young)
{
	uint64_t wait = 0;

	for (; young >= 2 && wait < RESTART_WAIT_MAX_USEC; young--)
		wait = restart_longer(wait);
	return wait;
}

int crash_loop_begin(struct state *state, sd_event *event)
{
	json_int_t young = 0;
	uint64_t wait;
	int r;

	if (!state_is_kept(state))
		return 0;
	(void)state_foreach(state, find, &young);
	young = MIN(MAX(young, 0), YOUNG_MAX);
	note(state, young + 1);
	wait = wait_after(young);
	if (wait > 0) {
		log_warning("rportd died within a second of its start, %u times: waiting for %u ms",
			    (unsigned int)young, (unsigned int)(wait / USEC_PER_MSEC));
		pause_for(wait);
	}
	r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, RESTART_OLD_USEC, 0, grown_old,
				       state);
	if (r < 0)
		log_error("cannot make a timer: %s", strerror(-r));
	return MIN(r, 0);
}

void crash_loop_end(struct state *state)
{
	if (state && state_is_kept(state))
		(void)state_remove(state, RECORD);
}

void crash_loop_failed(void)
{
	if (notify_is_wanted())
		pause_for(FAILED_USEC);
}
