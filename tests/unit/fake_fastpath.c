/* SPDX-License-Identifier: ISC */

/* The fake kernel has no filters, and the test is linked with fastpath-none.c: links that want the
 * fast path stay with the shuttle. */

#include "kernel/hidden.h"
#include "kernel/packet-sockets.h"
#include "kernel/tc.h"

int tc_attach(struct rtnl *rtnl _unused_, unsigned int index _unused_, enum tc_hook hook _unused_,
	      int program_fd _unused_, const char *name _unused_)
{
	return -EOPNOTSUPP;
}

int tc_find(struct rtnl *rtnl _unused_, unsigned int index _unused_, enum tc_hook hook _unused_,
	    struct tc_filter *ret _unused_)
{
	return -ENOENT;
}

int tc_detach(struct rtnl *rtnl _unused_, unsigned int index _unused_, enum tc_hook hook _unused_)
{
	return 0;
}

int hidden_make(enum hidden_kind kind _unused_, const struct hidden_end ends[static 2] _unused_,
		int netns_fd _unused_, const unsigned char address[static ETH_ALEN] _unused_,
		unsigned int ret_index[static 2] _unused_)
{
	return -EOPNOTSUPP;
}

int hidden_find(const struct hidden_end ends[static 2] _unused_,
		enum hidden_kind *ret_kind _unused_, unsigned int ret_index[static 2] _unused_)
{
	return -ENODEV;
}

int hidden_list(struct rtnl *rtnl _unused_, enum hidden_kind kind _unused_,
		const char *prefix _unused_,
		struct hidden_name ret[static HIDDEN_LIST_MAX] _unused_)
{
	return 0;
}

int packet_sockets_find(int netns_fd _unused_, struct packet_sockets *ret _unused_)
{
	return -ENOENT;
}

bool packet_sockets_hear(const struct packet_sockets *sockets _unused_, unsigned int index _unused_)
{
	return false;
}
