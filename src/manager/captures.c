/* SPDX-License-Identifier: ISC */

/*
 * Looks for captures on ports whose packets may take the fast path, where a capture would not see
 * them leave.
 *
 * Theory of operation
 *
 * A capture in promiscuous mode changes the interface, and the monitor reports that. Others
 * (tcpdump -p, tcpdump -i any) are found in the list of packet sockets of the namespace, which is
 * read once a second. One reading is for all ports in the namespace. A round visits the ports in
 * slices, so that many namespaces do not keep the event loop busy.
 */

#include "base/turn.h"
#include "manager/captures.h"
#include "manager/context.h"

#define ROUND_USEC USEC_PER_SEC
#define SLICE_USEC (5 * USEC_PER_MSEC) /* between two slices */
#define SLICE_MAX  8                   /* namespaces in a slice, some 100 us each */

/*
 * struct captures
 * @timer: of the next slice; off while no link wants the fast path
 * @looking: the timer is on
 * @cursor: the port with which the next slice begins
 * @round: number of this round
 * @of_interest: ports in this round whose link wants the fast path
 */
struct captures {
	struct manager *manager;
	void (*changed)(struct port *port, void *userdata);
	void *userdata;
	sd_event_source *timer;
	bool looking;
	struct port_cursor cursor;
	unsigned int round;
	unsigned int of_interest;
};

/* What was found in one namespace. */
struct finding {
	struct captures *captures;
	struct packet_sockets sockets;
};

static void take(struct port *port, void *userdata)
{
	struct finding *finding = userdata;
	bool overheard = packet_sockets_hear(&finding->sockets, port->index);

	port->listened = finding->captures->round;
	if (port->overheard == overheard)
		return;
	port->overheard = overheard;
	finding->captures->changed(port, finding->captures->userdata);
}

static void look_in_netns_of(struct captures *captures, struct port *port)
{
	struct finding finding = { .captures = captures };

	port->listened = captures->round;
	if (network_captures(captures->manager->network, port, &finding.sockets) >= 0)
		table_foreach_in_nsid(&captures->manager->table, port->nsid, take, &finding);
}

static bool is_of_interest(const struct port *port)
{
	return port->peering.present && port->link && port->link->fastpath.known;
}

/* Return: false when the round is at its end. */
static bool look_at_some(struct captures *captures)
{
	unsigned int n = 0;
	struct port *port;

	while (n < SLICE_MAX) {
		port = table_cursor_next(&captures->cursor);
		if (!port)
			return false;
		if (!is_of_interest(port))
			continue;
		captures->of_interest++;
		if (port->listened == captures->round)
			continue;
		look_in_netns_of(captures, port);
		n++;
	}
	return true;
}

static void begin_round(struct captures *captures)
{
	table_cursor_end(&captures->cursor);
	table_cursor_begin(&captures->manager->table, &captures->cursor);
	captures->round++;
	captures->of_interest = 0;
}

static void arm(struct captures *captures, uint64_t usec)
{
	captures->looking = true;
	(void)sd_event_source_set_time_relative(captures->timer, usec);
	(void)sd_event_source_set_enabled(captures->timer, SD_EVENT_ONESHOT);
}

static int look(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata)
{
	struct captures *captures = userdata;

	turn_is("looking for captures");
	captures->looking = false;
	if (look_at_some(captures)) {
		arm(captures, SLICE_USEC);
		return 0;
	}
	if (captures->of_interest > 0)
		arm(captures, ROUND_USEC);
	begin_round(captures);
	return 0;
}

int captures_start(struct manager *manager, void (*changed)(struct port *port, void *userdata),
		   void *userdata)
{
	struct captures *captures = calloc(1, sizeof(*captures));
	int r;

	if (!captures)
		return -ENOMEM;
	captures->manager = manager;
	captures->changed = changed;
	captures->userdata = userdata;
	table_cursor_begin(&manager->table, &captures->cursor);
	begin_round(captures);
	manager->captures = captures;
	r = sd_event_add_time(manager->event, &captures->timer, CLOCK_MONOTONIC, 0, 1, look,
			      captures);
	return r < 0 ? r : sd_event_source_set_enabled(captures->timer, SD_EVENT_OFF);
}

void captures_look(struct manager *manager)
{
	if (!manager->captures->looking)
		arm(manager->captures, SLICE_USEC);
}

void captures_stop(struct manager *manager)
{
	struct captures *captures = steal_ptr(manager->captures);

	if (!captures)
		return;
	table_cursor_end(&captures->cursor);
	sd_event_source_disable_unref(captures->timer);
	free(captures);
}
