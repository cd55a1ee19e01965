/* SPDX-License-Identifier: ISC */
/* The rules of rport(4) for ports and their parents; pure. */
#include "port/parent.h"

int link_set_parent(struct link_port *port, struct link_port *parent)
{
	if (!parent || parent == port)
		return -EINVAL;
	if (port->peer == parent)
		return 0;
	if (port->peer || parent->peer)
		return -EBUSY;

	/* commit */
	port->peer = parent;
	parent->peer = port;
	return 1;
}

int link_get_parent(const struct link_port *port, struct link_port **ret)
{
	if (!port->peer)
		return -EADDRNOTAVAIL;
	*ret = port->peer;
	return 0;
}

void link_delete_parent(struct link_port *port)
{
	if (!port->peer)
		return;
	port->peer->peer = NULL;
	port->peer = NULL;
}

bool link_carrier(const struct link_port *port)
{
	return port->peer && port->peer->present && port->peer->up;
}
