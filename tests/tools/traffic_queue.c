/* SPDX-License-Identifier: ISC */

/* traffic queue: what the owner of a namespace can do to a TUN device there that another process
 * has made: open it, too, and change it. */

#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "traffic.h"

struct change {
	const char *name;
	unsigned long request;
	bool by_value; /* the argument is a number, not a pointer to one */
};

static const struct change changes[] = {
	{ "header", TUNSETVNETHDRSZ, false },
	{ "send-buffer", TUNSETSNDBUF, false },
	{ "persist", TUNSETPERSIST, true },
	{ "owner", TUNSETOWNER, true },
	{ "open", 0, false },
};

static const struct change *find_change(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (streq(changes[i].name, name))
			return &changes[i];
	errno = 0;
	traffic_die("%s is no change of a device", name);
}

static void apply(int fd, const struct change *change, int value)
{
	int r = 0;

	if (change->request)
		r = change->by_value ? ioctl(fd, change->request, (unsigned long)value)
				     : ioctl(fd, change->request, &value);
	if (r < 0)
		traffic_die("%s %d", change->name, value);
}

/* The queue is detached before the change, so that packets go to those of the other process. */
int traffic_queue(const struct traffic_options *options, char **args)
{
	const struct change *change = find_change(args[1]);
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		traffic_die("/dev/net/tun");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", args[0]);
	if (ioctl(fd, TUNSETIFF, &ifr) < 0) {
		if (errno != EINVAL)
			traffic_die("TUNSETIFF without IFF_MULTI_QUEUE");
		ifr.ifr_flags |= IFF_MULTI_QUEUE;
		if (ioctl(fd, TUNSETIFF, &ifr) < 0)
			traffic_die("TUNSETIFF");
		ifr.ifr_flags = IFF_DETACH_QUEUE;
		if (ioctl(fd, TUNSETQUEUE, &ifr) < 0)
			traffic_die("TUNSETQUEUE");
	}
	apply(fd, change, (int)options->size);
	traffic_ready(options);
	if (options->idle_ms > 0)
		(void)poll(NULL, 0, (int)options->idle_ms);
	close(fd);
	return 0;
}
