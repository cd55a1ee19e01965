/* SPDX-License-Identifier: ISC */

/* Questions about packets, and probes: the functions of kernel/lookup.h and kernel/probe.h. */

#include "fake_kernel.h"
#include "kernel/lookup.h"
#include "kernel/netns.h"
#include "kernel/probe.h"

int rtnl_lookup(struct rtnl *rtnl _unused_, const struct route_question *question,
		struct route_answer *ret)
{
	int r = fake_call("rtnl_lookup", FAKE_ERRNOS(ENETUNREACH, ENOBUFS));

	*ret = (struct route_answer){ .type = 1, .oif = question->oif, .source = question->to };
	return r;
}

int rtnl_inet_settings(struct rtnl *rtnl _unused_, int family _unused_, unsigned int index _unused_,
		       struct inet_settings *ret)
{
	int r = fake_call("rtnl_inet_settings", FAKE_ERRNOS(ENOBUFS));

	if (r >= 0)
		*ret = (struct inet_settings){ 1, 1 };
	return r;
}

int rtnl_local_comes_first(struct rtnl *rtnl _unused_, int family _unused_)
{
	return fake_call("rtnl_local_comes_first", FAKE_ERRNOS(ENOBUFS));
}

int rtnl_routes_into(struct rtnl *rtnl _unused_, unsigned int index _unused_,
		     struct ip_prefix ret[static ROUTES_INTO_MAX] _unused_)
{
	return fake_call("rtnl_routes_into", FAKE_ERRNOS(ENOBUFS));
}

/* Only interfaces of rportd may be used for it. */
int probe_send(const struct probe_end *from, const struct probe_end *to, int family _unused_,
	       struct probe_result *ret)
{
	const struct probe_end *ends[2] = { from, to };

	for (unsigned int i = 0; i < 2; i++) {
		const struct fake_dev *dev =
			fake_dev_by_index(fake_netns_of(ends[i]->netns_fd), ends[i]->index);

		if (!dev || dev->kind != FAKE_TUN)
			fake_fail("a probe by an interface that is not rportd's");
	}
	*ret = (struct probe_result){ .arrived = true };
	return fake_call("probe_send", FAKE_ERRNOS(EPERM));
}

/* Files of the kernel: there are none. */
int netns_open_inside(int netns_fd _unused_, int (*fn)(const void *argument) _unused_,
		      const void *argument _unused_, size_t size _unused_)
{
	return -ENOENT;
}
