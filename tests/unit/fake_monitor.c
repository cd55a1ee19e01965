/* SPDX-License-Identifier: ISC */

/*
 * What the daemon is told: by the monitor, and by the watch on names.
 *
 * Events of one namespace come in the order in which things happened. Those of different ones may
 * come in any order, but a number (nsid) is not given to another namespace before it was told that
 * it is free.
 */

#include <limits.h>
#include <stdio.h>

#include "fake_kernel.h"
#include "kernel/monitor.h"
#include "kernel/netns-watch.h"

#define WATCHES_MAX 4
#define BURST_MAX   32 /* names that are told one by one */

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000
#endif

/* --- the monitor ------------------------------------------------------------------------------ */

enum event_kind {
	EVENT_DEVICE,
	EVENT_SETTINGS,
	EVENT_NSID,
};

struct event {
	TAILQ_ENTRY(event) entry;
	enum event_kind kind;
	struct monitor_event device; /* of all: the nsid */
	uint64_t number, after;      /* its own, and that of an event that comes first */
};

struct monitor {
	struct monitor_handler handler;
};

static TAILQ_HEAD(event_list, event) events = TAILQ_HEAD_INITIALIZER(events);
static struct monitor *monitor;
static bool lost;
static uint64_t last_number;

int monitor_new(sd_event *event _unused_, const struct monitor_handler *handler,
		struct monitor **ret)
{
	int r = fake_call(__func__, FAKE_ERRNOS(ENOMEM, EPERM));

	if (r < 0)
		return r;
	fake_require(!monitor);
	monitor = malloc(sizeof(*monitor));
	fake_require(monitor);
	monitor->handler = *handler;
	*ret = monitor;
	return 0;
}

static void drop_event(struct event *event)
{
	TAILQ_REMOVE(&events, event, entry);
	free(event);
}

void monitor_free(struct monitor *of)
{
	struct event *event;

	if (!of)
		return;
	while ((event = TAILQ_FIRST(&events)))
		drop_event(event);
	lost = false;
	free(steal_ptr(monitor));
}

static void queue_event(enum event_kind kind, const struct monitor_event *device)
{
	struct event *event;

	if (!monitor)
		return;
	event = malloc(sizeof(*event));
	fake_require(event);
	*event = (struct event){ .kind = kind, .device = *device, .number = ++last_number };
	TAILQ_INSERT_TAIL(&events, event, entry);
}

/* One that has no number here is not heard of. */
static bool is_heard(const struct fake_netns *netns)
{
	return netns == fake.own || netns->nsid >= 0;
}

void fake_tell_device(const struct fake_dev *dev, bool removed)
{
	struct monitor_event event = {
		.nsid = dev->netns->nsid,
		.index = dev->index,
		.removed = removed,
		.flags = dev->up ? IFF_UP | (dev->carrier ? IFF_LOWER_UP : 0) : 0,
		.mtu = dev->mtu,
		.master = dev->master,
	};

	memcpy(event.name, dev->name, IFNAMSIZ);
	if (is_heard(dev->netns))
		queue_event(EVENT_DEVICE, &event);
}

void fake_tell_settings(const struct fake_dev *dev)
{
	if (is_heard(dev->netns))
		queue_event(EVENT_SETTINGS, &(struct monitor_event){ .nsid = dev->netns->nsid,
								     .index = dev->index });
}

void fake_tell_nsid(int nsid)
{
	queue_event(EVENT_NSID, &(struct monitor_event){ .nsid = nsid });
}

void fake_join_events(void)
{
	struct event *last = TAILQ_LAST(&events, event_list);
	const struct event *before = last ? TAILQ_PREV(last, event_list, entry) : NULL;

	if (before && before->number == last->number - 1)
		last->after = before->number;
}

static struct event *first_of(int nsid)
{
	struct event *event;

	TAILQ_FOREACH(event, &events, entry)
	{
		if (event->device.nsid == nsid)
			break;
	}
	return event;
}

static const struct event *find_event(uint64_t number)
{
	const struct event *event;

	TAILQ_FOREACH(event, &events, entry)
	{
		if (event->number == number)
			break;
	}
	return event;
}

/* Of a namespace that is chosen by chance, its first. */
static struct event *next_event(void)
{
	const struct event *before;
	unsigned int n = 0;
	struct event *event;
	int nsid = 0;

	TAILQ_FOREACH(event, &events, entry)
	{
		if (fake_random(++n) == 0)
			nsid = event->device.nsid;
		if (n >= 8)
			break;
	}
	event = first_of(nsid);
	while (event->after > 0 && (before = find_event(event->after)))
		event = first_of(before->device.nsid);
	return event;
}

static void tell_event(struct event *event)
{
	const struct monitor_handler *handler = &monitor->handler;
	struct event copy = *event;

	drop_event(event);
	fake_trace("  event %d of %u in %d: %s%s mtu %u", (int)copy.kind, copy.device.index,
		   copy.device.nsid, copy.device.flags & IFF_UP ? "up" : "down",
		   copy.device.removed ? " removed" : "", copy.device.mtu);
	switch (copy.kind) {
	case EVENT_DEVICE:
		handler->device(&copy.device, handler->userdata);
		break;
	case EVENT_SETTINGS:
		handler->settings(copy.device.nsid, copy.device.index, handler->userdata);
		break;
	case EVENT_NSID:
		handler->namespace_gone(fake.own->nsid, copy.device.nsid, handler->userdata);
		break;
	}
}

static void tell_loss(void)
{
	if (lost && (TAILQ_EMPTY(&events) || fake_random(2) == 0)) {
		lost = false;
		monitor->handler.lost(monitor->handler.userdata);
	}
}

void fake_monitor_turn(unsigned int n)
{
	if (!monitor)
		return;
	while (n-- > 0 && !TAILQ_EMPTY(&events))
		tell_event(next_event());
	tell_loss();
}

/* What is read at once is what was queued when it began, or less. */
void monitor_read(struct monitor *of _unused_)
{
	unsigned int n = 0;
	const struct event *event;

	TAILQ_FOREACH(event, &events, entry)
	{
		n++;
	}
	if (n > 0)
		fake_monitor_turn(fake_random(4) > 0 ? n : fake_random(n));
}

void fake_lose_events(void)
{
	struct event *event, *next;

	for (event = TAILQ_FIRST(&events); event; event = next) {
		next = TAILQ_NEXT(event, entry);
		if (fake_random(2) == 0)
			continue;
		drop_event(event);
		lost = true;
	}
}

void fake_say_lost(void)
{
	lost = monitor != NULL;
}

void fake_double_event(void)
{
	struct event *event = TAILQ_FIRST(&events), *copy;

	for (unsigned int i = fake_random(4); i > 0 && event; i--)
		event = TAILQ_NEXT(event, entry);
	if (!event || event->kind == EVENT_NSID)
		return;
	copy = malloc(sizeof(*copy));
	fake_require(copy);
	*copy = *event;
	TAILQ_INSERT_AFTER(&events, event, copy, entry);
}

bool fake_monitor_idle(void)
{
	return TAILQ_EMPTY(&events) && !lost;
}

/* --- the watch on names ----------------------------------------------------------------------- */

struct netns_watch {
	void (*changed)(void *userdata);
	void *userdata;
	bool due;
	char names[BURST_MAX][32];
	size_t n;
	bool missed;
};

static struct netns_watch *watches[WATCHES_MAX];

int netns_watch_new(sd_event *event _unused_, void (*changed)(void *userdata), void *userdata,
		    struct netns_watch **ret)
{
	struct netns_watch *watch;
	size_t i = 0;

	/* the daemon does without one, and then does not hear of names */
	(void)fake_call(__func__, FAKE_ERRNOS(0));
	while (i < WATCHES_MAX && watches[i])
		i++;
	fake_require(i < WATCHES_MAX);
	watch = calloc(1, sizeof(*watch));
	fake_require(watch);
	watch->changed = changed;
	watch->userdata = userdata;
	*ret = watches[i] = watch;
	return 0;
}

void netns_watch_free(struct netns_watch *watch)
{
	for (size_t i = 0; watch && i < WATCHES_MAX; i++)
		if (watches[i] == watch)
			watches[i] = NULL;
	free(watch);
}

/* All names are watched. */
void netns_watch_path(struct netns_watch *watch _unused_, const char *path _unused_)
{
}

const char *netns_watch_name(const struct netns_watch *watch, size_t i)
{
	return i < watch->n ? watch->names[i] : NULL;
}

bool netns_watch_sees_all(const struct netns_watch *watch)
{
	return watch;
}

bool netns_watch_missed(const struct netns_watch *watch)
{
	return watch->missed;
}

static void note_name(struct netns_watch *watch, const char *name)
{
	if (!watch->due) {
		watch->n = 0;
		watch->missed = false;
	}
	watch->due = true;
	if (name && watch->n < BURST_MAX)
		snprintf(watch->names[watch->n++], sizeof(watch->names[0]), "%s", name);
	else
		watch->missed = true;
}

void fake_tell_name(const char *name, bool mounted)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (watches[i])
			note_name(watches[i], mounted ? NULL : name);
}

bool fake_watch_turn(void)
{
	for (size_t i = 0; i < WATCHES_MAX; i++) {
		struct netns_watch *watch = watches[i];

		if (!watch || !watch->due)
			continue;
		watch->due = false;
		fake_trace("  watch: %zu names%s", watch->n, watch->missed ? " and others" : "");
		watch->changed(watch->userdata); /* it may free the watch */
		return true;
	}
	return false;
}

bool fake_watch_idle(void)
{
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (watches[i] && watches[i]->due)
			return false;
	return true;
}

void fake_monitor_end(void)
{
	if (monitor)
		fake_fail("the monitor is left");
	for (size_t i = 0; i < WATCHES_MAX; i++)
		if (watches[i])
			fake_fail("a watch on names is left");
}
