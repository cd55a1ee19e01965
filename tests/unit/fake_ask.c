/* SPDX-License-Identifier: ISC */
/* The functions of src/port/ask.h without a thread: now and then some answers are late. */

#include "fake_kernel.h"
#include "kernel/rtnl.h"
#include "port/ask.h"

struct port_asker {
	struct rtnl *own;
};

int port_asker_new(struct port_asker **ret)
{
	struct port_asker *asker = calloc(1, sizeof(*asker));
	int r;

	fake_require(asker);
	r = rtnl_open(-1, &asker->own);
	if (r < 0) {
		free(asker);
		return r;
	}
	*ret = asker;
	return 0;
}

void port_asker_free(struct port_asker *asker)
{
	if (!asker)
		return;
	rtnl_close(asker->own);
	free(asker);
}

static int ask_dev(const struct port_asker *asker, const struct port *port, struct rtnl_dev *ret)
{
	char name[IFNAMSIZ];

	if (tun_name(tun_fd(&port->tun), name) < 0)
		return -EBADFD;
	if (rtnl_dev_by_nsid(asker->own, port->nsid, port->index, ret) < 0 ||
	    !streq(name, ret->name))
		return -ESTALE;
	return 0;
}

static void ask(const struct port_asker *asker, const struct port *port, bool observe,
		struct port_answer *ret)
{
	struct port_want want = {
		.spec = &port->spec,
		.admin = port->admin,
		.link_local = port->link_local,
	};

	*ret = (struct port_answer){ 0 };
	ret->result = ask_dev(asker, port, &ret->dev);
	if (ret->result >= 0 && observe)
		ret->observed = port_observe(port, &want, PLAN_ALL, &ret->seen, NULL);
}

unsigned int port_ask(struct port_asker *asker, struct port *const ports[], unsigned int n,
		      bool observe, uint64_t deadline _unused_, struct port_answer ret[])
{
	if (fake_random(8) == 0)
		n = fake_random(n + 1);
	for (unsigned int i = 0; i < n; i++)
		ask(asker, ports[i], observe, &ret[i]);
	return n;
}
