/* SPDX-License-Identifier: ISC */

/* Gives up the capabilities that a process of rportd does not need. */

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "daemon/privileges.h"
#include "base/util.h"

typedef uint64_t capability_set;

#define CAPABILITY(number) (UINT64_C(1) << (number))

static const capability_set for_network =
	/* TUN devices, their settings, addresses and routes, in all namespaces */
	CAPABILITY(CAP_NET_ADMIN) |
	/* setns(2) and unshare(2) of network namespaces */
	CAPABILITY(CAP_SYS_ADMIN) |
	/* NETLINK_LISTEN_ALL_NSID, by which interfaces of other namespaces are heard of: the kernel
	 * asks for it when the option is set, and again for each message */
	CAPABILITY(CAP_NET_BROADCAST) |
	/* the probes of Check, by packet sockets */
	CAPABILITY(CAP_NET_RAW);

/*
 * Only root has it: the socket may be in a directory of the user who called sudo(8), and
 * /etc/rportd belongs to the user rportd. It gives little, for what is worth protecting belongs to
 * root, who rportd still is then.
 */
static const capability_set for_files = CAPABILITY(CAP_DAC_OVERRIDE);

static struct __user_cap_header_struct this_thread(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

static int get_permitted(capability_set *ret)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	struct __user_cap_header_struct header = this_thread();

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret = data[0].permitted | (capability_set)data[1].permitted << 32;
	return 0;
}

/*
 * Nothing is inheritable, and so nothing is ambient: the kernel keeps the ambient set a subset of
 * the inheritable one (capabilities(7)). SECBIT_NO_CAP_AMBIENT_RAISE and its like do not hinder it.
 */
static int set_permitted(capability_set set)
{
	struct __user_cap_header_struct header = this_thread();
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].permitted = data[i].effective = (uint32_t)(set >> (32 * i));
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* The kernel may know more capabilities than our headers do: it says EINVAL after its last. */
static int limit_bounding_set(capability_set set)
{
	int there;

	for (unsigned int cap = 0; (there = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		if (there && !(set >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -errno;
	return 0;
}

int privileges_pass_on(void)
{
	struct __user_cap_header_struct header = this_thread();
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	int r = 0;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	/* where a filter refuses it, what the service manager made inheritable still is */
	for (unsigned int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		data[i].inheritable = data[i].permitted;
	(void)syscall(SYS_capset, &header, data);
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (for_network >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0 && geteuid())
			r = -errno;
	return r;
}

int privileges_drop_ambient(void)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ? -errno : 0;
}

static int drop_all_but(capability_set wanted)
{
	capability_set permitted = 0;
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = get_permitted(&permitted);
	if (r < 0)
		return r;
	if (permitted >> CAP_SETPCAP & 1) {
		r = limit_bounding_set(wanted);
		if (r < 0)
			return r;
	}
	/* also when there is nothing to take away: what is inheritable or ambient has to go */
	r = privileges_drop_ambient();
	if (r < 0)
		return r;
	r = set_permitted(permitted & wanted);
	/*
	 * The unit's SystemCallFilter= refuses capset(). What is inheritable stays then, which has
	 * no effect: it is neither permitted by a file under NO_NEW_PRIVS, nor ambient.
	 */
	return r == -EPERM && !(permitted & ~wanted) ? 0 : r;
}

int privileges_keep_network(void)
{
	return drop_all_but(for_network);
}

int privileges_keep_files(void)
{
	return drop_all_but(for_files);
}

int privileges_drop_all(void)
{
	return drop_all_but(0);
}
