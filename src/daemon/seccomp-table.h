/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_SECCOMP_TABLE_H
#define RPORT_DAEMON_SECCOMP_TABLE_H

/*
 * Tables of system calls. A name that libseccomp or the architecture does not know is left out: what
 * it does not know rportd cannot call by glibc either, or glibc falls back to an older call, which
 * is listed too.
 */

#include <sched.h>

#include "base/util.h"

/*
 * Which arguments: of argument number .argument the bits of .mask must be .value. All bits are
 * compared where the mask is ANY_BIT.
 */
#define ANY_BIT UINT32_MAX

struct guarded_call {
	const char *name;
	unsigned int argument;
	uint32_t mask, value;
};

/* CLONE_NEW*, of clone(2) */
#define SECCOMP_NAMESPACES                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

/*
 * Calls that are harmless whatever their arguments are; and those that are allowed with certain
 * arguments only: each entry is one alternative, so that a call which has several is allowed when
 * one of them fits.
 */
struct seccomp_table {
	const char *const *calls;
	size_t n_calls;
	const struct guarded_call *guarded;
	size_t n_guarded;
};

#define SECCOMP_TABLE(the_calls, the_guarded)                                                     \
	{                                                                                         \
		.calls = (the_calls), .n_calls = ARRAY_SIZE(the_calls), .guarded = (the_guarded), \
		.n_guarded = ARRAY_SIZE(the_guarded),                                             \
	}

extern const struct seccomp_table seccomp_table_common;   /* of rportd and rportd-net */
extern const struct seccomp_table seccomp_table_rportd;   /* beside the common ones */
extern const struct seccomp_table seccomp_table_network;  /* likewise, of rportd-net */
extern const struct seccomp_table seccomp_table_fastpath; /* where links may have one */
extern const struct seccomp_table seccomp_table_data;
extern const struct seccomp_table seccomp_table_starter; /* beside those of what it starts */

#endif
