/* SPDX-License-Identifier: ISC */
/* The time at which each port is examined, or its device is made, next. */

/*
 * Theory of operation
 *
 * Each port has a timer of the event loop. The timers have a lower priority than the calls of root
 * and the group, which are answered between two examinations even if many ports are due.
 *
 * The owner of a namespace decides how often its ports change, how many there are and how much the
 * kernel has to search for an answer. So each examination is charged to its namespace (budget.h),
 * and the ports of a namespace that has used up its share are examined later.
 */

#include "base/turn.h"
#include "manager/budget.h"
#include "manager/context.h"
#include "manager/schedule.h"

#define PRIORITY         7                  /* behind root and the group, before other users */
#define SETTINGS_DELAY   (50 * 1000)        /* after a change, for more to come */
#define AGAIN_DELAY      (250 * 1000)       /* after an examination that failed */
#define NAME_AGAIN_DELAY (5 * USEC_PER_SEC) /* a lookup of a name that hangs takes time */
#define NAME_AGAIN_EACH  (5 * 1000)         /* but no less than this for each port */
#define WAKE_DELAY       (2 * 1000)         /* until what appeared is complete */
#define WAKE_EACH        30                 /* added for each pending port */
#define NEVER            UINT64_MAX

/*
 * struct schedule
 * @due: called for a port that is to be examined, or whose device is to be made
 * @budget: of the time that examinations take
 * @wake: timer: pending ports are tried
 * @woken: the timer runs
 */
struct schedule {
	void (*due)(struct manager *manager, struct port *port);
	struct budget budget;
	sd_event_source *wake;
	bool woken;
};

/*
 * struct look - when a port is examined
 * @at: CLOCK_MONOTONIC in microseconds, for each kind of examination
 */
struct look {
	struct manager *manager;
	struct port *port;
	sd_event_source *timer;
	uint64_t at[SCHEDULE_KINDS];
};

/* --- looks ------------------------------------------------------------------------------------ */

static uint64_t next_time(const struct look *look)
{
	const struct port *port = look->port;
	uint64_t next = NEVER;

	if (port->inherited) /* its turn comes with restore.c */
		return NEVER;
	if (!port->peering.present)
		return backoff_due(&port->retry, look->manager->options.max_retries);
	for (size_t i = 0; i < SCHEDULE_KINDS; i++)
		next = MIN(next, look->at[i]);
	return next;
}

void schedule_arm(struct port *port)
{
	struct look *look = port->look;
	uint64_t at = next_time(look);

	if (at != NEVER)
		(void)sd_event_source_set_time(look->timer, at);
	(void)sd_event_source_set_enabled(look->timer,
					  at == NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void look_after(struct port *port, enum schedule_kind kind, uint64_t delay)
{
	uint64_t at = monotonic_usec() + delay;

	if (!port->peering.present || port->look->at[kind] <= at)
		return;
	port->look->at[kind] = at;
	schedule_arm(port);
}

void schedule_look(struct port *port)
{
	look_after(port, SCHEDULE_DEVICE, 0);
}

void schedule_look_again(struct port *port, enum schedule_kind kind)
{
	const struct table *table = &port->look->manager->table;

	if (kind == SCHEDULE_NAME)
		look_after(port, kind, MAX(NAME_AGAIN_DELAY, table->n_ports * NAME_AGAIN_EACH));
	else
		look_after(port, kind, AGAIN_DELAY);
}

void schedule_look_name(struct port *port)
{
	look_after(port, SCHEDULE_NAME, 0);
}

void schedule_look_settings(struct port *port)
{
	look_after(port, SCHEDULE_SETTINGS, SETTINGS_DELAY);
}

bool schedule_is_due(const struct port *port, enum schedule_kind kind, uint64_t now)
{
	return port->look->at[kind] <= now;
}

void schedule_done(struct port *port, enum schedule_kind kind)
{
	port->look->at[kind] = NEVER;
}

void schedule_forget(struct port *port)
{
	for (size_t i = 0; i < SCHEDULE_KINDS; i++)
		port->look->at[i] = NEVER;
}

/* --- the time that namespaces take ------------------------------------------------------------ */

uint64_t schedule_may_look(const struct manager *manager, const struct port *port)
{
	/* the administrator of rportd owns its namespace */
	if (port->nsid == manager->own_nsid)
		return 0;
	return budget_next(&manager->schedule->budget, port->nsid);
}

void schedule_postpone(struct manager *manager, struct port *port)
{
	uint64_t until = budget_turn(&manager->schedule->budget, port->nsid);

	for (size_t i = 0; i < SCHEDULE_KINDS; i++)
		if (port->look->at[i] != NEVER)
			port->look->at[i] = MAX(port->look->at[i], until);
}

void schedule_charge(struct manager *manager, int nsid, uint64_t start)
{
	uint64_t now = monotonic_usec();

	if (nsid != manager->own_nsid)
		budget_charge(&manager->schedule->budget, nsid, now, now - start);
}

/* --- waking pending ports --------------------------------------------------------------------- */

static int wake(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t now = monotonic_usec();
	struct port *port;

	turn_is("waking pending ports");
	manager->schedule->woken = false;
	TAILQ_FOREACH(port, &manager->pending.list, waiting_entry)
	{
		backoff_wake(&port->retry, now);
		schedule_arm(port);
	}
	return 0;
}

/*
 * Other processes may make and remove interfaces all the time, and a pending port may wait for any
 * of them. So all events within a delay cause one round of tries, and the delay grows with the
 * number of pending ports.
 */
void schedule_wake(struct manager *manager)
{
	struct schedule *schedule = manager->schedule;

	if (TAILQ_EMPTY(&manager->pending.list) || schedule->woken)
		return;
	schedule->woken = true;
	(void)sd_event_source_set_time(schedule->wake,
				       monotonic_usec() + WAKE_DELAY +
					       (uint64_t)WAKE_EACH * manager->pending.n);
	(void)sd_event_source_set_enabled(schedule->wake, SD_EVENT_ONESHOT);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int on_due(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct look *look = userdata;

	look->manager->schedule->due(look->manager, look->port);
	schedule_arm(look->port);
	return 0;
}

static int add_timer(struct manager *manager, sd_event_time_handler_t handler, void *userdata,
		     sd_event_source **ret)
{
	int r = sd_event_add_time(manager->event, ret, CLOCK_MONOTONIC, 0, 1, handler, userdata);

	if (r >= 0)
		r = sd_event_source_set_priority(*ret, PRIORITY);
	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int schedule_add(struct manager *manager, struct port *port)
{
	struct look *look = malloc(sizeof(*look));
	int r;

	if (!look)
		return -ENOMEM;
	*look = (struct look){ .manager = manager, .port = port };
	port->look = look;
	schedule_forget(port);
	r = add_timer(manager, on_due, look, &look->timer);
	if (r < 0)
		schedule_remove(port);
	return r;
}

void schedule_remove(struct port *port)
{
	if (!port->look)
		return;
	sd_event_source_disable_unref(port->look->timer);
	free(steal_ptr(port->look));
}

int schedule_start(struct manager *manager, void (*due)(struct manager *manager, struct port *port))
{
	manager->schedule = calloc(1, sizeof(*manager->schedule));
	if (!manager->schedule)
		return -ENOMEM;
	manager->schedule->due = due;
	return add_timer(manager, wake, manager, &manager->schedule->wake);
}

void schedule_stop(struct manager *manager)
{
	if (!manager->schedule)
		return;
	sd_event_source_disable_unref(manager->schedule->wake);
	budget_release(&manager->schedule->budget);
	free(steal_ptr(manager->schedule));
}
