/* SPDX-License-Identifier: ISC */
/* The event loop: timers of sd-event, and turns, in which one thing or another is told. */

#include <systemd/sd-event.h>

#include "fake_kernel.h"

/* --- sd-event --------------------------------------------------------------------------------- */

struct sd_event_source {
	TAILQ_ENTRY(sd_event_source) entry;
	sd_event *event;
	uint64_t usec;
	int enabled;
	sd_event_time_handler_t time;
	sd_event_handler_t handler; /* of a deferred one */
	void *userdata;
};

static TAILQ_HEAD(source_list, sd_event_source) sources = TAILQ_HEAD_INITIALIZER(sources);

/* @call: its name; it may fail. */
static int add_source(const char *call, sd_event *event, void *userdata, sd_event_source **ret)
{
	struct sd_event_source *source;
	int r = fake_call(call, FAKE_ERRNOS(ENOMEM));

	if (r < 0)
		return r;
	source = calloc(1, sizeof(*source));
	fake_require(source && ret);
	source->event = event;
	source->userdata = userdata;
	source->enabled = SD_EVENT_ONESHOT;
	TAILQ_INSERT_TAIL(&sources, source, entry);
	*ret = source;
	return 0;
}

sd_event *sd_event_ref(sd_event *event)
{
	return event;
}

sd_event *sd_event_unref(sd_event *event _unused_)
{
	return NULL;
}

int sd_event_add_time(sd_event *event, sd_event_source **ret, clockid_t clock _unused_,
		      uint64_t usec, uint64_t accuracy _unused_, sd_event_time_handler_t callback,
		      void *userdata)
{
	int r = add_source(__func__, event, userdata, ret);

	if (r < 0)
		return r;
	(*ret)->usec = usec;
	(*ret)->time = callback;
	return 0;
}

int sd_event_add_time_relative(sd_event *event, sd_event_source **ret, clockid_t clock,
			       uint64_t usec, uint64_t accuracy, sd_event_time_handler_t callback,
			       void *userdata)
{
	return sd_event_add_time(event, ret, clock, fake.now + usec, accuracy, callback, userdata);
}

int sd_event_add_defer(sd_event *event, sd_event_source **ret, sd_event_handler_t callback,
		       void *userdata)
{
	int r = add_source(__func__, event, userdata, ret);

	if (r >= 0)
		(*ret)->handler = callback;
	return r;
}

sd_event_source *sd_event_source_disable_unref(sd_event_source *source)
{
	if (!source)
		return NULL;
	TAILQ_REMOVE(&sources, source, entry);
	free(source);
	return NULL;
}

sd_event *sd_event_source_get_event(sd_event_source *source)
{
	return source->event;
}

int sd_event_source_set_enabled(sd_event_source *source, int enabled)
{
	source->enabled = enabled;
	return 0;
}

int sd_event_source_get_enabled(sd_event_source *source, int *ret)
{
	if (ret)
		*ret = source->enabled;
	return source->enabled != SD_EVENT_OFF;
}

int sd_event_source_set_time(sd_event_source *source, uint64_t usec)
{
	source->usec = usec;
	return 0;
}

int sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
	source->usec = fake.now + usec;
	return 0;
}

int sd_event_source_get_time(sd_event_source *source, uint64_t *ret)
{
	*ret = source->usec;
	return 0;
}

int sd_event_source_set_priority(sd_event_source *source _unused_, int64_t priority _unused_)
{
	return 0;
}

int sd_event_now(sd_event *event _unused_, clockid_t clock _unused_, uint64_t *ret)
{
	*ret = fake.now;
	return 0;
}

/* Return: the one that is to run first, or NULL. */
static struct sd_event_source *first_source(void)
{
	struct sd_event_source *source, *first = NULL;

	TAILQ_FOREACH(source, &sources, entry)
	{
		if (source->enabled != SD_EVENT_OFF && (!first || source->usec < first->usec))
			first = source;
	}
	return first;
}

static bool run_source(void)
{
	struct sd_event_source *source = first_source();

	if (!source || source->usec > fake.now)
		return false;
	if (source->enabled == SD_EVENT_ONESHOT)
		source->enabled = SD_EVENT_OFF;
	if (source->time)
		source->time(source, source->usec, source->userdata);
	else
		source->handler(source, source->userdata);
	return true;
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool is_dying(void)
{
	const struct fake_netns *netns;

	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		if (netns->refs == 0)
			return true;
	}
	return false;
}

bool fake_idle(void)
{
	const struct sd_event_source *first = first_source();

	return fake_monitor_idle() && fake_watch_idle() && !is_dying() && fake_shuttle_idle() &&
	       (!first || first->usec > fake.now);
}

void fake_turn(unsigned int n)
{
	fake.now += fake_random(200);
	switch (fake_random(5)) {
	case 0:
		(void)fake_netns_reap();
		break;
	case 1:
		(void)fake_watch_turn();
		break;
	case 2:
		(void)fake_shuttle_turn();
		break;
	case 3:
		(void)run_source();
		break;
	default:
		fake_monitor_turn(n);
		break;
	}
}

void fake_pass(uint64_t usec)
{
	uint64_t end = fake.now + usec;

	for (;;) {
		const struct sd_event_source *first;

		while (!fake_idle())
			fake_turn(256);
		first = first_source();
		if (!first || first->usec > end)
			break;
		fake.now = MAX(fake.now, first->usec);
	}
	fake.now = MAX(fake.now, end);
}

void fake_loop_end(void)
{
	if (!TAILQ_EMPTY(&sources))
		fake_fail("a timer is left");
	fake_monitor_end();
}
