/* SPDX-License-Identifier: ISC */

/* Calls about devices: they are made, taken over, looked at and removed. */

#include "network/act-private.h"
#include "port/derive.h"
#include "port/look.h"

/* Return: 1 when nothing was made, as an interface has the name; or as port_make(). */
static int make(struct work *work, struct port *port, const struct domain_place *place,
		bool unless_taken)
{
	struct staging *staging = &work->actor->staging;
	int r = unless_taken ? port_name_taken(staging, place, port->spec.ifname) : 0;

	return r > 0 ? 1 : port_make(staging, port, place, &work->err);
}

int act_make(struct work *work)
{
	const struct domain_place *place = work_place(work);
	uint32_t unless_taken;
	struct port port;
	int r;

	message_get_value(work->in, &unless_taken);
	message_get_port(work->in, &port);
	if (work->in->broken || port.tun.n_queues > 0 || !port.spec.ifname[0] ||
	    port.spec.queues < 1)
		r = work_refuse(work);
	else if (!place)
		r = rport_error_set(&work->err, RPORT_ERR_SYSTEM, ESTALE,
				    "the network process was started again: try once more");
	else
		r = make(work, &port, place, unless_taken);
	message_put_state(work->out, &port);
	for (unsigned int i = 0; r == 0 && i < port.tun.n_queues; i++)
		message_put_fd(work->out, port.tun.queues[i]);
	if (r == 0)
		port.tun.n_queues = 0; /* the reply's */
	message_release_port(&port);
	return r;
}

int act_adopt(struct work *work)
{
	const struct domain_place *place = work_place(work);
	int fds[TUN_QUEUES_MAX], r;
	struct port port;
	unsigned int n;

	message_get_port(work->in, &port);
	n = work_take_fds(work->in, fds, TUN_QUEUES_MAX);
	if (work->in->broken || port.tun.n_queues > 0 || n < 1 || n != port.spec.queues)
		r = work_refuse(work);
	else
		r = place ? port_adopt(&work->actor->staging, &port, fds, place) : -ESTALE;
	message_put_state(work->out, &port);
	if (r < 0)
		work_close_fds(fds, n);
	message_release_port(&port);
	return r;
}

int act_derive(struct work *work)
{
	struct port_derived found = { 0 };
	int fds[TUN_QUEUES_MAX], r;
	unsigned int n = work_take_fds(work->in, fds, TUN_QUEUES_MAX);

	r = n > 0 ? port_derive(&work->actor->staging, fds, n, &found) : work_refuse(work);
	if (r >= 0) {
		message_put_spec(work->out, &found.spec);
		message_put_value(work->out, found.alias);
	}
	port_spec_release(&found.spec);
	work_close_fds(fds, n);
	return r;
}

static void put_text(struct message *out, const char *text)
{
	char array[NETWORK_TEXT_MAX] = { 0 };

	strncpy(array, text, sizeof(array) - 1);
	message_put_value(out, array);
}

static int look_at(struct work *work, struct port *port)
{
	const char *lost = "";
	int r = port_look(&work->actor->staging, port, &lost);

	put_text(work->out, lost);
	return r;
}

int act_look(struct work *work)
{
	return work_with_port(work, look_at, true);
}

static int has_lost_name(struct work *work, struct port *port)
{
	const char *lost = "";
	int r;

	work_watch(work, &port->spec.domain);
	r = port_lost_name(port, &lost);
	put_text(work->out, lost);
	return r;
}

int act_lost_name(struct work *work)
{
	return work_with_port(work, has_lost_name, false);
}

static int set_carrier_of(struct work *work, struct port *port)
{
	return port_set_carrier(&work->actor->staging, port, !port->carrier);
}

/* Of a port that is to have the other one. */
int act_carrier(struct work *work)
{
	return work_with_port(work, set_carrier_of, false);
}

static int set_alias_of(struct work *work _unused_, struct port *port)
{
	port_write_alias(port);
	return 0;
}

int act_alias(struct work *work)
{
	return work_with_port(work, set_alias_of, false);
}

/* @ports, @list: room for as many */
static void remove_ports(struct work *work, struct port ports[], struct port *list[], uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		message_get_port(work->in, &ports[i]);
		list[i] = &ports[i];
	}
	if (!work->in->broken)
		port_remove_all(&work->actor->staging, list, n);
	for (uint32_t i = 0; i < n; i++)
		message_release_port(&ports[i]);
}

/* Without memory for all ports it removes one after another, which takes longer. */
int act_remove(struct work *work)
{
	_cleanup_free_ struct port *ports = NULL;
	_cleanup_free_ struct port **list = NULL;
	struct port one, *one_listed;
	uint32_t n;

	message_get_value(work->in, &n);
	if (work->in->broken || n < 1 || n > PACKET_FDS_MAX)
		return work_refuse(work);
	ports = calloc(n, sizeof(*ports));
	list = calloc(n, sizeof(*list));
	if (ports && list)
		remove_ports(work, ports, list, n);
	else
		for (uint32_t i = 0; i < n && !work->in->broken; i++)
			remove_ports(work, &one, &one_listed, 1);
	return work->in->broken ? work_refuse(work) : 0;
}

int act_remove_devices(struct work *work)
{
	int fds[PACKET_FDS_MAX] = { -1 };
	unsigned int n = work_take_fds(work->in, fds, PACKET_FDS_MAX);

	port_remove_devices(&work->actor->staging, fds, n);
	work_close_fds(fds, n);
	return 0;
}

/* The namespace in which the device is, and which its descriptor keeps alive. Return: whether it is
 * both. */
static bool find_home(int fd, struct netns_id *ret)
{
	_cleanup_close_ int home_fd = tun_home(fd), netns_fd = tun_netns(fd);
	struct netns_id netns;

	return home_fd >= 0 && netns_fd >= 0 && netns_identify(home_fd, ret) >= 0 &&
	       netns_identify(netns_fd, &netns) >= 0 && netns_equal(ret, &netns);
}

/* Those that are at home where the first one is, if the name does not keep that namespace. */
int act_remove_unnamed(struct work *work)
{
	struct domain domain;
	int fds[PACKET_FDS_MAX], kept = 0;
	unsigned int n;
	struct netns_id home, other;

	message_get_value(work->in, &domain);
	if (!message_domain_valid(&domain))
		return work_refuse(work);
	n = work_take_fds(work->in, fds, PACKET_FDS_MAX);
	if (n > 0 && find_home(fds[0], &home) && netns_name_holds(domain.name, &home) == 0) {
		for (unsigned int i = 0; i < n; i++) {
			int fd = fds[i];

			if (!find_home(fd, &other) || !netns_equal(&home, &other))
				continue;
			fds[i] = fds[kept];
			fds[kept++] = fd;
		}
		port_remove_devices(&work->actor->staging, fds, (size_t)kept);
	}
	work_close_fds(fds, n);
	return kept;
}
