/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A port whose settings somebody changed becomes a suspect. Suspects are compared with what they
 * are asked to be a moment later, since settings often change many at a time.
 *
 * The owner of a namespace decides how often its ports change, how many there are and how much the
 * kernel has to search for an answer. So the suspects are looked at in slices of time, between
 * which other clients are served, and each look is charged to its namespace (budget.h): a port of
 * one that has used up its share stays on the list until its turn comes.
 *
 * When netlink events were lost, each port becomes a suspect that has to be located first.
 */

#include "manager/manager-private.h"

#define COMPARE_DELAY_USEC (50 * 1000)
#define SLICE_USEC         (5 * 1000)

static void compare_at(struct manager *manager, uint64_t usec)
{
	(void)sd_event_source_set_time(manager->compare, usec);
	(void)sd_event_source_set_enabled(manager->compare, SD_EVENT_ONESHOT);
}

void watch_suspect(struct manager *manager, struct port *port)
{
	if (port->suspect || !port->rule.present)
		return;
	if (TAILQ_EMPTY(&manager->suspects))
		compare_at(manager, monotonic_usec() + COMPARE_DELAY_USEC);
	TAILQ_INSERT_TAIL(&manager->suspects, port, suspect_entry);
	port->suspect = true;
}

void watch_acquit(struct manager *manager, struct port *port)
{
	if (port->suspect)
		TAILQ_REMOVE(&manager->suspects, port, suspect_entry);
	port->suspect = false;
}

uint64_t watch_may_look(const struct manager *manager, const struct port *port)
{
	/* rportd's own namespace is in the hands of those who run it */
	if (port->nsid == manager->own_nsid)
		return 0;
	return budget_next(&manager->budget, port->nsid);
}

uint64_t watch_charge(struct manager *manager, int nsid, uint64_t start)
{
	uint64_t now = monotonic_usec();

	if (nsid != manager->own_nsid)
		budget_charge(&manager->budget, nsid, now, now - start);
	return now;
}

/* A port that is out of sight and not found is a suspect again. Return: the time afterwards. */
static uint64_t look_at(struct manager *manager, struct port *port)
{
	uint64_t start = monotonic_usec();
	int nsid = port->nsid;

	if (port->unsure || !watch_is_in_sight(manager, port)) {
		port->unsure = false;
		port->unheard = false;
		watch_mark_dirty(manager, port);
		watch_look(manager, port);
		watch_acquit(manager, port);
		if (port->rule.present && !watch_is_in_sight(manager, port))
			watch_suspect(manager, port);
	}
	if (port->rose)
		watch_restore(port);
	manager_compare(manager, port);
	return watch_charge(manager, nsid, start);
}

static unsigned int n_suspects(const struct manager *manager)
{
	const struct port *port;
	unsigned int n = 0;

	TAILQ_FOREACH(port, &manager->suspects, suspect_entry)
	{
		n++;
	}
	return n;
}

/* Each is taken from the list's head, and put at its end if its turn is later. */
static int compare_suspects(sd_event_source *source _unused_, uint64_t usec _unused_,
			    void *userdata)
{
	struct manager *manager = userdata;
	uint64_t start = monotonic_usec(), now = start, next = start + COMPARE_DELAY_USEC;
	unsigned int n = n_suspects(manager);
	struct port *port;

	for (; n > 0 && now < start + SLICE_USEC; n--) {
		port = TAILQ_FIRST(&manager->suspects);
		if (!port)
			break;
		watch_acquit(manager, port);
		if (watch_may_look(manager, port) <= now)
			now = look_at(manager, port);
		else
			watch_suspect(manager, port);
	}
	/* the slice is over, and some have not had their turn */
	if (n > 0)
		next = now;
	if (!TAILQ_EMPTY(&manager->suspects))
		compare_at(manager, next);
	manager_update_ports(manager);
	return 0;
}

void watch_doubt(struct manager *manager, struct port *port)
{
	port->unsure = true;
	watch_suspect(manager, port);
}

/* That a device with several queues was opened by somebody else cannot wait. */
static void locate_again(struct port *port, void *userdata)
{
	if (port->tun.n_queues < 2) {
		watch_doubt(userdata, port);
		return;
	}
	watch_mark_dirty(userdata, port);
	watch_look(userdata, port);
}

void watch_doubt_all(struct manager *manager)
{
	table_foreach_port(&manager->table, locate_again, manager);
}

int watch_start_suspects(struct manager *manager, sd_event *event)
{
	int r;

	r = sd_event_add_time(event, &manager->compare, CLOCK_MONOTONIC, 0, 1000, compare_suspects,
			      manager);
	return r < 0 ? r : sd_event_source_set_enabled(manager->compare, SD_EVENT_OFF);
}

void watch_stop_suspects(struct manager *manager)
{
	sd_event_source_disable_unref(manager->compare);
	budget_release(&manager->budget);
}
