/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * An attacker who takes over a thread of rportd, or of a process beside it, must not reach the whole
 * kernel with it. So at the end of its start-up each process installs a seccomp filter (seccomp(2),
 * libseccomp), which leaves the calls of its tables (seccomp-table.h), and no others, to all of its
 * threads.
 *
 * Add a new call to the group that tells why the process needs it. The tests run rportd with
 * --seccomp=kill, and so find what is missing: SIGSYS ends the process, and `strace -f` shows the
 * last call.
 *
 * Calls by which io_uring acts are not seen by the filter: the rings restrict these themselves.
 */

#include <seccomp.h>

#include "daemon/seccomp.h"
#include "daemon/seccomp-table.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* AddressSanitizer reports faults; LeakSanitizer stops all threads from a process of its own. */
static const char *const sanitizer_calls[] = {
	"clone",    "getppid",   "getrlimit", "gettid", "kill",      "mmap",
	"mprotect", "msync",     "pipe",      "prctl",  "prlimit64", "process_vm_readv",
	"ptrace",   "setrlimit", "wait4",     "waitid",
};

static const char *const mode_names[] = {
	[SECCOMP_REFUSE] = "refuse",
	[SECCOMP_KILL] = "kill",
	[SECCOMP_OFF] = "off",
};

int seccomp_mode_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(mode_names); i++)
		if (streq(name, mode_names[i]))
			return (int)i;
	return -EINVAL;
}

const char *seccomp_mode_name(enum seccomp_mode mode)
{
	return mode_names[mode];
}

static int allow_calls(scmp_filter_ctx filter, const char *const names[], size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return r;
}

static int allow_guarded(scmp_filter_ctx filter, const struct guarded_call table[], size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const struct guarded_call *call = &table[i];
		int number = seccomp_syscall_resolve_name(call->name);

		if (number != __NR_SCMP_ERROR)
			r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
					     SCMP_CMP(call->argument, SCMP_CMP_MASKED_EQ,
						      call->mask, call->value));
	}
	return r;
}

/*
 * A tracer skips a system call by making it number -1, which the filter must let pass. What
 * libseccomp or the kernel is too old for is left out: logging, and a tree for the lookup.
 */
static int set_attributes(scmp_filter_ctx filter)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (r < 0)
		return r;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (seccomp_attr_set(filter, SCMP_FLTATR_API_TSKIP, 1) >= 0)
		(void)seccomp_rule_add(filter, SCMP_ACT_ALLOW, -1, 0);
	return 0;
}

static int allow_table(scmp_filter_ctx filter, const struct seccomp_table *table)
{
	int r = allow_calls(filter, table->calls, table->n_calls);

	return r < 0 ? r : allow_guarded(filter, table->guarded, table->n_guarded);
}

static int load_tables(const struct seccomp_table *const tables[], size_t n, uint32_t otherwise)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	int r;

	if (!filter)
		return -ENOMEM;
	r = set_attributes(filter);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = allow_table(filter, tables[i]);
	if (r >= 0 && SANITIZED)
		r = allow_calls(filter, sanitizer_calls, ARRAY_SIZE(sanitizer_calls));
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

/*
 * The flags of clone3() are in memory, where a filter does not see them. When the call seems to be
 * missing glibc uses clone(). This filter is one by itself since the other logs what it refuses.
 */
static int load_clone3_filter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int number = seccomp_syscall_resolve_name("clone3"), r;

	if (!filter)
		return -ENOMEM;
	r = number == __NR_SCMP_ERROR ? -EOPNOTSUPP
				      : seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r >= 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}

static int install(enum seccomp_mode mode, const struct seccomp_table *const tables[], size_t n)
{
	int r = 0;

	switch (mode) {
	case SECCOMP_REFUSE:
	case SECCOMP_KILL:
		r = load_clone3_filter();
		if (r >= 0)
			r = load_tables(tables, n,
					mode == SECCOMP_KILL ? SCMP_ACT_KILL_PROCESS
							     : SCMP_ACT_ERRNO(EPERM));
		break;
	case SECCOMP_OFF:
		break;
	}
	return r;
}

int seccomp_install(enum seccomp_mode mode)
{
	const struct seccomp_table *const tables[] = { &seccomp_table_common,
						       &seccomp_table_rportd };

	return install(mode, tables, ARRAY_SIZE(tables));
}

int seccomp_install_network(enum seccomp_mode mode, enum fastpath_policy fastpath)
{
	const struct seccomp_table *const tables[] = { &seccomp_table_common,
						       &seccomp_table_network,
						       &seccomp_table_fastpath };

	return install(mode, tables, fastpath == FASTPATH_NEVER ? 2 : 3);
}

int seccomp_install_data(enum seccomp_mode mode)
{
	const struct seccomp_table *const tables[] = { &seccomp_table_data };

	return install(mode, tables, ARRAY_SIZE(tables));
}

int seccomp_install_starter(enum seccomp_mode mode, enum fastpath_policy fastpath)
{
	const struct seccomp_table *const tables[] = { &seccomp_table_starter, &seccomp_table_data,
						       &seccomp_table_common,
						       &seccomp_table_network,
						       &seccomp_table_fastpath };

	return install(mode, tables, fastpath == FASTPATH_NEVER ? 4 : 5);
}
