/* SPDX-License-Identifier: ISC */

/* In place of fastpath-program.c where rportd is built without the fast path. */

#include "datapath/fastpath-program.h"

int fastpath_program_load(enum fastpath_role role _unused_,
			  const struct fastpath_target *target _unused_,
			  struct fastpath_program *ret _unused_)
{
	return -EOPNOTSUPP;
}

int fastpath_program_attach(int netns_fd _unused_, unsigned int primary _unused_,
			    bool peer _unused_, int program _unused_)
{
	return -EOPNOTSUPP;
}

int fastpath_program_attached(int netns_fd _unused_, unsigned int primary _unused_,
			      bool peer _unused_)
{
	return -EOPNOTSUPP;
}

int fastpath_program_counts(uint32_t program _unused_)
{
	return -EOPNOTSUPP;
}

int fastpath_read_counts(int counts _unused_, struct fastpath_count *ret _unused_)
{
	return -EOPNOTSUPP;
}
