/* SPDX-License-Identifier: ISC */
/* The staging namespace: rportd's own, where devices are made that are moved afterwards. */

#include "kernel/thread.h"
#include "port/port-private.h"

#define STAGING_NAME PORT_NEW_NAME "%d"

static int open_staging(void *arg)
{
	struct staging *staging = arg;

	return rtnl_open(-1, &staging->inside);
}

struct open_job {
	struct tun_options options;
	struct tun *ret;
};

static int open_tun(void *arg)
{
	struct open_job *job = arg;

	return tun_open(STAGING_NAME, &job->options, job->ret);
}

int staging_no_tun(int r, struct rport_error *err)
{
	if (r == -ENOENT || r == -ENODEV || r == -ENXIO)
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r,
				       "cannot open /dev/net/tun: %s (is the tun module there?)",
				       strerror(-r));
	return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot make a TUN device: %s",
			       strerror(-r));
}

int staging_open_tun(struct staging *staging, const struct tun_options *options, struct tun *ret,
		     struct rport_error *err)
{
	struct open_job job = { .options = *options, .ret = ret };
	int r = netns_thread_run(staging->thread, open_tun, &job);

	return r < 0 ? staging_no_tun(r, err) : 0;
}

/* Does netlink report how many queues of a device are open? */
static bool are_queues_told(struct staging *staging, const struct tun *tun)
{
	char name[IFNAMSIZ];
	struct rtnl_dev dev;

	return tun_name(tun_fd(tun), name) >= 0 &&
	       rtnl_dev_by_nsid_name(staging->inside, -1, name, &dev) >= 0 &&
	       dev.tun_queues == tun->n_queues;
}

static void *close_probe(void *arg)
{
	tun_close(arg);
	free(arg);
	return NULL;
}

/* Removing a device takes some 20 ms, so a thread does it: packets wait while rportd starts. */
static void close_later(struct tun *probe)
{
	struct tun *copy = malloc(sizeof(*copy));
	pthread_t thread;

	if (copy)
		*copy = *probe;
	if (copy && thread_start(&thread, "rportd-probe", close_probe, copy) >= 0) {
		(void)pthread_detach(thread);
		return;
	}
	free(copy);
	tun_close(probe);
}

int staging_open(struct staging *ret, struct rport_error *err)
{
	struct staging staging = { 0 };
	const char *step = "making the staging namespace";
	struct tun probe;
	int r;

	r = netns_thread_new("rportd-staging", &staging.thread);
	if (r >= 0) {
		step = "opening netlink sockets";
		r = netns_thread_run(staging.thread, open_staging, &staging);
	}
	if (r >= 0)
		r = rtnl_open(-1, &staging.own);
	if (r < 0) {
		staging_close(&staging);
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "%s: %s%s", step, strerror(-r),
				       r == -EPERM ? " (CAP_SYS_ADMIN and CAP_NET_ADMIN are needed)"
						   : "");
	}
	r = staging_open_tun(&staging, &(struct tun_options){ .offload = true, .queues = 2 },
			     &probe, err);
	if (r < 0) {
		staging_close(&staging);
		return r;
	}
	staging.nowait = tun_has_nowait(tun_fd(&probe));
	staging.queues_watched = are_queues_told(&staging, &probe) && tun_watchable(&probe);
	close_later(&probe);
	*ret = staging;
	return 0;
}

void staging_close(struct staging *staging)
{
	rtnl_close(steal_ptr(staging->inside));
	rtnl_close(steal_ptr(staging->own));
	netns_thread_free(steal_ptr(staging->thread));
}
