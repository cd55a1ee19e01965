/* SPDX-License-Identifier: ISC */

/*
 * Filters of tc(8): messages built by hand, since libnl does not know programs by their descriptor.
 *
 * Theory of operation
 *
 * One filter has one place: the highest preference number, all protocols, handle 1. So it is
 * replaced, found and removed without a search. RTM_NEWTFILTER with NLM_F_REPLACE exchanges the
 * program for each packet as a whole: a packet meets the old one or the new one.
 *
 * To add or remove clsact the kernel deactivates the interface for a moment (qdisc_graft()), and
 * packets are lost. So it is added once, and goes with the interface.
 */

#include <arpa/inet.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "kernel/rtnl-private.h"
#include "kernel/tc.h"

#define PREFERENCE 0xffffU
#define HANDLE     1

static uint32_t parent_of(enum tc_hook hook)
{
	return TC_H_MAKE(TC_H_CLSACT, hook == TC_EGRESS ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
}

static struct nl_msg *make_request(int type, int flags, const struct tcmsg *header)
{
	_cleanup_msg_ struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	if (!msg || nlmsg_append(msg, (void *)header, sizeof(*header), NLMSG_ALIGNTO) < 0)
		return NULL;
	return steal_ptr(msg);
}

/* --- clsact ----------------------------------------------------------------------------------- */

static struct tcmsg clsact_at(unsigned int index)
{
	return (struct tcmsg){
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)index,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
		.tcm_parent = TC_H_CLSACT,
	};
}

/* Return: 0, also when it is there. */
static int make_clsact(struct rtnl *rtnl, unsigned int index)
{
	struct tcmsg header = clsact_at(index);
	_cleanup_msg_ struct nl_msg *msg = make_request(RTM_NEWQDISC, NLM_F_CREATE, &header);

	if (!msg || nla_put_string(msg, TCA_KIND, "clsact") < 0)
		return -ENOMEM;
	return rtnl_send(rtnl, msg);
}

/* --- the filter ------------------------------------------------------------------------------- */

static struct tcmsg filter_at(unsigned int index, enum tc_hook hook)
{
	return (struct tcmsg){
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = (int)index,
		.tcm_handle = HANDLE,
		.tcm_parent = parent_of(hook),
		.tcm_info = TC_H_MAKE(PREFERENCE << 16, htons(ETH_P_ALL)),
	};
}

static int put_program(struct nl_msg *msg, int program_fd, const char *name)
{
	char text[TC_NAME_MAX];
	struct nlattr *options;

	snprintf(text, sizeof(text), "%s", name);
	if (nla_put_string(msg, TCA_KIND, "bpf") < 0)
		return -ENOMEM;
	options = nla_nest_start(msg, TCA_OPTIONS);
	if (!options || nla_put_u32(msg, TCA_BPF_FD, (uint32_t)program_fd) < 0 ||
	    nla_put_string(msg, TCA_BPF_NAME, text) < 0 ||
	    nla_put_u32(msg, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT) < 0)
		return -ENOMEM;
	nla_nest_end(msg, options);
	return 0;
}

int tc_attach(struct rtnl *rtnl, unsigned int index, enum tc_hook hook, int program_fd,
	      const char *name)
{
	struct tcmsg header = filter_at(index, hook);
	_cleanup_msg_ struct nl_msg *msg =
		make_request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, &header);
	int r = msg ? put_program(msg, program_fd, name) : -ENOMEM;

	if (r >= 0)
		r = make_clsact(rtnl, index);
	if (r < 0)
		return r;
	return rtnl_send(rtnl, msg);
}

static int read_filter(struct nl_msg *msg, void *arg)
{
	struct nlattr *options = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct tcmsg), TCA_OPTIONS);
	struct nlattr *name, *program;
	struct tc_filter *ret = arg;

	if (!options)
		return NL_SKIP;
	name = nla_find(nla_data(options), nla_len(options), TCA_BPF_NAME);
	program = nla_find(nla_data(options), nla_len(options), TCA_BPF_ID);
	if (name)
		nla_strlcpy(ret->name, name, sizeof(ret->name));
	if (program && nla_len(program) >= (int)sizeof(uint32_t))
		ret->program = nla_get_u32(program);
	return NL_OK;
}

int tc_find(struct rtnl *rtnl, unsigned int index, enum tc_hook hook, struct tc_filter *ret)
{
	struct tcmsg header = filter_at(index, hook);
	_cleanup_msg_ struct nl_msg *msg = make_request(RTM_GETTFILTER, 0, &header);
	struct tc_filter filter = { 0 };
	int r;

	if (!msg)
		return -ENOMEM;
	r = rtnl_result(rtnl, rtnl_exchange(rtnl, msg, read_filter, &filter));
	if (r == -EINVAL) /* there is no clsact */
		return -ENOENT;
	if (r >= 0)
		*ret = filter;
	return r;
}

int tc_detach(struct rtnl *rtnl, unsigned int index, enum tc_hook hook)
{
	struct tcmsg header = filter_at(index, hook);
	_cleanup_msg_ struct nl_msg *msg = make_request(RTM_DELTFILTER, 0, &header);
	int r = msg ? rtnl_send(rtnl, msg) : -ENOMEM;

	return r == -ENOENT || r == -EINVAL || r == -ENODEV ? 0 : r;
}
