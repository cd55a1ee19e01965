/* SPDX-License-Identifier: ISC */

/*
 * What the kernel takes at least for a pair: two TUN devices are moved to another namespace, with
 * nothing before and between and after that, by a program that does nothing else. What it waits for
 * is an RCU grace period for each move, and more (rcu_barrier() in __dev_change_net_namespace() of
 * net/core/dev.c, under the rtnl lock); a bare grace period is timed beside it.
 */

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/membarrier.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "kernel/netns.h"
#include "kernel/rtnl.h"

#define TIMES_MAX 1000
#define PAUSE_NS  (50 * 1000 * 1000) /* until nothing of what was before is left to be done */

static _Noreturn void die(const char *what, int r)
{
	fprintf(stderr, "moves: %s: %s\n", what, strerror(-r));
	exit(1);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NS }, NULL);
}

/* In the namespace of the caller, which is the program's own. */
static int open_device(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0)
		die("/dev/net/tun", -errno);
	return fd;
}

static void move_device(struct rtnl *rtnl, const char *name, int netns_fd)
{
	struct rtnl_dev dev;
	int r = rtnl_dev_by_name(rtnl, name, &dev);

	if (r >= 0)
		r = rtnl_dev_move(rtnl, dev.index, netns_fd, name, 0);
	if (r < 0)
		die("moving a device", r);
}

static double time_moves(struct rtnl *rtnl, int netns_fd)
{
	int a = open_device("move-a"), b = open_device("move-b");
	double start;

	rest();
	start = now_ms();
	move_device(rtnl, "move-a", netns_fd);
	move_device(rtnl, "move-b", netns_fd);
	start = now_ms() - start;
	close(a);
	close(b);
	return start;
}

static double time_grace_period(void)
{
	double start;

	rest();
	start = now_ms();
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		die("membarrier", -errno);
	return now_ms() - start;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void report(const char *what, double *times, int n, const char *after)
{
	qsort(times, (size_t)n, sizeof(*times), compare);
	printf("\"%s\":{\"median\":%.3f,\"min\":%.3f,\"max\":%.3f}%s", what, times[n / 2], times[0],
	       times[n - 1], after);
}

int main(int argc, char *argv[])
{
	int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 20, netns_fd, r;
	double moves[TIMES_MAX], grace[TIMES_MAX];
	struct rtnl *rtnl;

	if (argc > 2 || n < 1 || n > TIMES_MAX) {
		fprintf(stderr, "Usage: moves [TIMES]\n"
				"Time two moves of TUN devices, and print a JSON object.\n");
		return 2;
	}
	if (unshare(CLONE_NEWNET) < 0 || (netns_fd = netns_open_self()) < 0 ||
	    unshare(CLONE_NEWNET) < 0)
		die("new namespaces", -errno);
	r = rtnl_open(-1, &rtnl);
	if (r < 0)
		die("netlink", r);
	for (int i = 0; i < n; i++) {
		moves[i] = time_moves(rtnl, netns_fd);
		grace[i] = time_grace_period();
	}
	printf("{\"times\":%d,", n);
	report("two_moves_ms", moves, n, ",");
	report("grace_period_ms", grace, n, "}\n");
	rtnl_close(rtnl);
	return 0;
}
