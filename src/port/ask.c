/* SPDX-License-Identifier: ISC */

/*
 * A query for a list of many ports: it costs one lookup by nsid and ifindex, and no namespace is
 * entered. The name that the descriptor reports tells whether that is still the same interface.
 */

#include "port/ask.h"

static int ask_dev(struct rtnl *own, const struct port *port, struct rtnl_dev *ret)
{
	char name[IFNAMSIZ];

	if (tun_name(tun_fd(&port->tun), name) < 0)
		return -EBADFD;
	if (rtnl_dev_by_nsid(own, port->nsid, port->index, ret) < 0 || !streq(name, ret->name))
		return -ESTALE;
	return 0;
}

void port_ask(struct rtnl *own, const struct port *port, bool observe, struct port_answer *ret)
{
	struct port_want want = port_want_of(port, port->admin);
	struct port_answer answer = { 0 };

	answer.result = ask_dev(own, port, &answer.dev);
	if (answer.result >= 0 && observe)
		answer.observed = port_observe(port, &want, PLAN_ALL, &answer.seen, NULL);
	*ret = answer;
}
