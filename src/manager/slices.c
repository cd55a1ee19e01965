/* SPDX-License-Identifier: ISC */
/* Work that takes long, in slices of the event loop. */

#include "manager/slices.h"

#define LATE_ACCURACY (10 * USEC_PER_MSEC)
#define LATE_FACTOR   4 /* of the time that the slice before took */
#define LATE_MAX      (2 * USEC_PER_SEC)

/*
 * struct slices
 * @idle: deferred: runs when nothing of a higher priority is due
 * @busy: timer: runs though the loop is busy
 * @late: the least time that the loop may be busy
 * @began: when the last slice began, 0 once it has armed the next
 */
struct slices {
	sd_event_source *idle, *busy;
	uint64_t late, began;
	void (*slice)(void *userdata);
	void *userdata;
};

static void enable(struct slices *slices, int enabled)
{
	/* neither call fails on an existing source */
	(void)sd_event_source_set_enabled(slices->idle, enabled);
	(void)sd_event_source_set_enabled(slices->busy, enabled);
}

/*
 * A timer comes before the events of clients. Were it due as soon as a slice that took long is over,
 * no client would be served before the last slice.
 */
static uint64_t late(struct slices *slices)
{
	uint64_t took = slices->began ? monotonic_usec() - slices->began : 0;

	slices->began = 0;
	return MAX(slices->late, MIN(LATE_FACTOR * took, LATE_MAX));
}

void slices_arm(struct slices *slices)
{
	(void)sd_event_source_set_time_relative(slices->busy, late(slices));
	enable(slices, SD_EVENT_ONESHOT);
}

static void run(struct slices *slices)
{
	enable(slices, SD_EVENT_OFF);
	slices->began = monotonic_usec();
	slices->slice(slices->userdata);
}

static int run_idle(sd_event_source *source _unused_, void *userdata)
{
	run(userdata);
	return 0;
}

static int run_busy(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	run(userdata);
	return 0;
}

static int add_sources(struct slices *slices, sd_event *event, int64_t priority)
{
	int r = sd_event_add_defer(event, &slices->idle, run_idle, slices);

	if (r >= 0)
		r = sd_event_source_set_priority(slices->idle, priority);
	if (r >= 0)
		r = sd_event_add_time(event, &slices->busy, CLOCK_MONOTONIC, UINT64_MAX,
				      LATE_ACCURACY, run_busy, slices);
	if (r >= 0)
		enable(slices, SD_EVENT_OFF);
	return r;
}

int slices_new(sd_event *event, int64_t priority, uint64_t late, void (*slice)(void *userdata),
	       void *userdata, struct slices **ret)
{
	struct slices *slices = calloc(1, sizeof(*slices));
	int r;

	if (!slices)
		return -ENOMEM;
	*slices = (struct slices){ .late = late, .slice = slice, .userdata = userdata };
	r = add_sources(slices, event, priority);
	if (r < 0)
		slices_free(slices);
	else
		*ret = slices;
	return r;
}

void slices_free(struct slices *slices)
{
	if (!slices)
		return;
	sd_event_source_disable_unref(slices->idle);
	sd_event_source_disable_unref(slices->busy);
	free(slices);
}
