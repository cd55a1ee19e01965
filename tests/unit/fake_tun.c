/* SPDX-License-Identifier: ISC */
/* /dev/net/tun of the kernel in memory: the functions of src/kernel/tun.h. */

#include <stdio.h>

#include "fake_kernel.h"

static int find(int fd, struct fake_dev **ret)
{
	const struct fake_file *file = fake_file(fd);

	fake_require(file);
	if (file->kind != FAKE_FILE_QUEUE)
		return -ENOTTY;
	if (fake.dead)
		return -EIO;
	if (!file->dev->netns)
		return -EBADFD;
	*ret = file->dev;
	return 0;
}

static void open_queue(struct fake_dev *dev, struct tun *tun)
{
	struct fake_file file = { .kind = FAKE_FILE_QUEUE, .dev = dev, .netns = dev->netns };

	dev->queues++;
	fake_netns_get(file.netns);
	tun->queues[tun->n_queues++] = fake_open(&file);
}

void tun_close(struct tun *tun)
{
	while (tun->n_queues > 0)
		safe_close(tun->queues[--tun->n_queues]);
	*tun = (struct tun){ 0 };
}

void tun_end_persistence(const struct tun *tun)
{
	struct fake_dev *dev;

	if (tun->n_queues > 1 && find(tun_fd(tun), &dev) >= 0)
		dev->persist = false;
}

/* A pattern has the lowest number that is free. */
static struct fake_dev *make(struct fake_netns *netns, const char *pattern)
{
	const char *percent = strstr(pattern, "%d");
	struct fake_dev *dev = NULL;
	char name[IFNAMSIZ];

	if (!percent)
		return fake_dev_new(netns, pattern, FAKE_TUN);
	for (unsigned int i = 0; !dev; i++) {
		snprintf(name, sizeof(name), "%.*s%u", (int)(percent - pattern), pattern, i);
		dev = fake_dev_new(netns, name, FAKE_TUN);
	}
	return dev;
}

static int open_in(struct fake_netns *netns, const char *name, const struct tun_options *options,
		   struct tun *ret)
{
	struct tun tun = { 0 };
	struct fake_dev *dev;
	int r;

	dev = make(netns, name);
	if (!dev)
		return -EEXIST;
	dev->pi = options->mpls;
	dev->vnet = options->offload;
	dev->multi = options->queues > 1;
	do
		open_queue(dev, &tun);
	while (tun.n_queues < options->queues);
	r = fake_call("tun_open (2)", FAKE_ERRNOS(ENOMEM, EINVAL));
	if (r < 0) {
		tun_close(&tun);
		return r;
	}
	tun.header = (options->mpls ? TUN_PI_HEADER : 0) + (options->offload ? TUN_VNET_HEADER : 0);
	tun.family_header = options->mpls;
	*ret = tun;
	return 0;
}

int tun_open(const char *name, const struct tun_options *options, struct tun *ret)
{
	int r = fake_call("tun_open", FAKE_ERRNOS(ENOMEM, EMFILE, EBUSY));

	return r < 0 ? r : open_in(fake.current, name, options, ret);
}

int tun_open_in(int netns_fd, const char *name, const struct tun_options *options, struct tun *ret)
{
	int r = fake_call("tun_open_in", FAKE_ERRNOS(ENOMEM, EMFILE, ETIMEDOUT, EAGAIN));

	if (r < 0)
		return r;
	return open_in(netns_fd < 0 ? fake.current : fake_netns_of(netns_fd), name, options, ret);
}

int tun_adopt(const int fds[], unsigned int n, struct tun *ret)
{
	struct fake_dev *first, *dev;
	struct tun tun = { 0 };
	int r;

	if (n < 1 || n > TUN_QUEUES_MAX)
		return -EINVAL;
	r = find(fds[0], &first);
	for (unsigned int i = 0; i < n && r >= 0; i++) {
		r = find(fds[i], &dev);
		if (r >= 0 && dev != first)
			r = -EINVAL;
		tun.queues[tun.n_queues++] = fds[i];
	}
	if (r >= 0)
		r = first->multi != (n > 1) || first->changed ? -EINVAL : 0;
	if (r < 0)
		return r;
	tun.header = first->vnet ? TUN_VNET_HEADER : 0;
	*ret = tun;
	return 0;
}

void tun_set_family_header(struct tun *tun)
{
	if (!tun->family_header)
		tun->header += TUN_PI_HEADER;
	tun->family_header = true;
}

int tun_verify(const struct tun *tun)
{
	struct fake_dev *dev;
	int r = find(tun_fd(tun), &dev);

	return r < 0 ? r : dev->changed ? -ESTALE : 0;
}

bool tun_watchable(const struct tun *tun _unused_)
{
	return true;
}

int tun_name(int fd, char ret_name[static IFNAMSIZ])
{
	struct fake_dev *dev;
	int r = find(fd, &dev);

	if (r < 0)
		return r;
	memcpy(ret_name, dev->name, IFNAMSIZ);
	return 0;
}

int tun_netns(int fd)
{
	struct fake_dev *dev;
	int r = find(fd, &dev);

	/* one that nobody keeps any more cannot be opened */
	if (r >= 0 && dev->netns->refs == 0)
		r = -EOPNOTSUPP;
	if (r >= 0)
		r = fake_call("tun_netns", FAKE_ERRNOS(ENOMEM, EMFILE, ENFILE));
	if (r < 0)
		return r;
	fake_netns_get(dev->netns);
	return fake_open(&(struct fake_file){ .kind = FAKE_FILE_NETNS, .netns = dev->netns });
}

int tun_home(int fd)
{
	struct fake_netns *netns = fake_file(fd)->netns;
	int r = fake_call("tun_home", FAKE_ERRNOS(ENOMEM, EMFILE, ENFILE));

	if (fake_file(fd)->kind != FAKE_FILE_QUEUE)
		return -ENOTTY;
	if (r < 0)
		return r;
	fake_netns_get(netns);
	return fake_open(&(struct fake_file){ .kind = FAKE_FILE_NETNS, .netns = netns });
}

int tun_set_carrier(int fd, bool on)
{
	struct fake_dev *dev;
	int r = find(fd, &dev);

	if (r >= 0)
		r = fake_call("tun_set_carrier", FAKE_ERRNOS(0));
	if (r < 0)
		return r;
	fake_dev_carrier(dev, on);
	return 0;
}

unsigned int tun_discard(int fd _unused_)
{
	return 0;
}

bool tun_has_nowait(int fd _unused_)
{
	return true;
}
