/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * /proc/PID/ns/net is for those who may trace the process (ptrace(2), "Ptrace access mode
 * checking"), so for another user's it takes CAP_SYS_PTRACE, with which one can read the memory of
 * every process and so become anybody. Moving an interface into the namespace of a process takes
 * CAP_NET_ADMIN only (IFLA_NET_NS_PID, rtnetlink(7)), which we need anyway. A TUN device that has
 * been moved tells where it is (TUNGETDEVNETNS, Linux 5.2), so one is made for that, and is gone
 * again when its descriptor is closed.
 *
 * Both take the number of the process. The namespace is that of the process if this has not ended
 * afterwards (process.h).
 */

#include "kernel/helper.h"
#include "kernel/netns-pid.h"
#include "kernel/netns.h"
#include "kernel/rtnl.h"
#include "kernel/tun.h"

#define SCOUT_NAME "rport-scout"

static int send_away(pid_t pid)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_dev dev = { 0 };
	int r;

	r = rtnl_open(-1, &rtnl);
	if (r >= 0)
		r = rtnl_dev_by_name(rtnl, SCOUT_NAME, &dev);
	if (r >= 0)
		r = rtnl_dev_set_alias(rtnl, dev.index, "rport");
	if (r >= 0)
		r = rtnl_dev_move_to_pid(rtnl, dev.index, pid);
	return r;
}

/* In a new namespace, so that it is not seen before it has its alias. Return: the namespace. */
static int send_scout(const void *argument)
{
	const pid_t *pid = argument;
	struct tun tun = { 0 };
	int r;

	r = tun_open(SCOUT_NAME, &(struct tun_options){ 0 }, &tun);
	if (r >= 0)
		r = send_away(*pid);
	if (r >= 0)
		r = tun_netns(tun_fd(&tun));
	tun_close(&tun);
	return r;
}

int netns_pid_open(const struct process *process)
{
	pid_t pid = process_pid(process);
	_cleanup_close_ int fd = -1;

	if (process_has_ended(process))
		return -ESRCH;
	fd = netns_open_pid(pid);
	/* where /proc hides the processes of others (ProtectProc=) it says ENOENT */
	if (fd < 0 && !helper_is_late(fd))
		fd = netns_open_inside(-1, send_scout, &pid, sizeof(pid));
	if (process_has_ended(process))
		return -ESRCH;
	return fd < 0 ? fd : steal_fd(&fd);
}

int netns_pid_open_name(const char *name)
{
	_cleanup_process_ struct process *process = NULL;
	int fd = netns_open_name(name), r;
	pid_t pid;

	if (fd != -ENOENT && fd != -EACCES)
		return fd;
	pid = netns_link_pid(name);
	if (pid == 0)
		return fd;
	r = process_open(pid, &process);
	if (r >= 0)
		r = netns_pid_open(process);
	return r == -ESRCH ? -ENOENT : r;
}

int netns_pid_named(const char *name, const struct netns_id *id)
{
	_cleanup_close_ int fd = netns_pid_open_name(name);
	struct netns_id other = { 0 };
	int r;

	if (helper_is_late(fd) || fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return fd;
	if (fd < 0)
		return 0;
	r = netns_identify(fd, &other);
	return r < 0 ? r : netns_equal(&other, id);
}
