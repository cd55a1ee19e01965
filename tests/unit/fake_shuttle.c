/* SPDX-License-Identifier: ISC */
/* The shuttle, which moves nothing, and the service manager with its descriptor store. */

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/notify.h"
#include "datapath/datapath.h"
#include "fake_kernel.h"

/* --- the shuttle ------------------------------------------------------------------------------ */

struct datapath_link {
	TAILQ_ENTRY(datapath_link) entry;
	void *owner;
	unsigned int n_queues;
	int queues[2][TUN_QUEUES_MAX];
	bool told[2]; /* that it was removed */
};

struct datapath {
	struct datapath_options options;
	TAILQ_HEAD(datapath_link_list, datapath_link) links;
};

static struct datapath *shuttle;

int datapath_new(sd_event *event _unused_, const struct datapath_options *options,
		 struct datapath **ret)
{
	int r = fake_call(__func__, FAKE_ERRNOS(ENOMEM));

	if (r < 0)
		return r;
	fake_require(!shuttle);
	shuttle = calloc(1, sizeof(*shuttle));
	fake_require(shuttle);
	shuttle->options = *options;
	TAILQ_INIT(&shuttle->links);
	*ret = shuttle;
	return 0;
}

int datapath_run(struct datapath *datapath _unused_, bool nowait _unused_)
{
	return fake_call(__func__, FAKE_ERRNOS(ENOMEM, ENOSYS, EOPNOTSUPP));
}

void datapath_stop(struct datapath *datapath _unused_)
{
}

void datapath_free(struct datapath *of)
{
	if (!of)
		return;
	fake_require(TAILQ_EMPTY(&of->links));
	free(steal_ptr(shuttle));
}

bool fake_shuttle_uses(int fd)
{
	const struct datapath_link *link;

	if (!shuttle)
		return false;
	TAILQ_FOREACH(link, &shuttle->links, entry)
	{
		for (unsigned int i = 0; i < 2 * link->n_queues; i++)
			if (link->queues[i % 2][i / 2] == fd)
				return true;
	}
	return false;
}

unsigned int fake_shuttle_links(void)
{
	const struct datapath_link *link;
	unsigned int n = 0;

	TAILQ_FOREACH(link, &shuttle->links, entry)
	{
		n++;
	}
	return n;
}

int datapath_add_link(struct datapath *to, const struct shuttle_port ports[static 2], void *owner,
		      struct datapath_link **ret)
{
	struct datapath_link *link;
	int r = fake_call(__func__, FAKE_ERRNOS(ENOMEM));

	if (r < 0)
		return r;
	fake_require(ports[0].tun->header == ports[1].tun->header);
	fake_require(ports[0].tun->n_queues == ports[1].tun->n_queues);
	link = calloc(1, sizeof(*link));
	fake_require(link);
	link->owner = owner;
	for (unsigned int i = 0; i < 2 * ports[0].tun->n_queues; i++) {
		int fd = ports[i % 2].tun->queues[i / 2];

		fake_require(fake_file(fd) && fake_file(fd)->kind == FAKE_FILE_QUEUE);
		fake_require(!fake_shuttle_uses(fd));
		fake_require(ports[i % 2].counters[i / 2]);
		link->queues[i % 2][i / 2] = fd;
	}
	link->n_queues = ports[0].tun->n_queues;
	TAILQ_INSERT_TAIL(&to->links, link, entry);
	*ret = link;
	return 0;
}

void datapath_remove_link(struct datapath_link *link)
{
	if (!link)
		return;
	TAILQ_REMOVE(&shuttle->links, link, entry);
	free(link);
}

static bool is_gone(const struct datapath_link *link, unsigned int end)
{
	return !link->told[end] && !fake_file(link->queues[end][0])->dev->netns;
}

static struct datapath_link *find_gone(unsigned int *ret_end)
{
	struct datapath_link *link;

	if (!shuttle || fake.dead)
		return NULL;
	TAILQ_FOREACH(link, &shuttle->links, entry)
	{
		for (unsigned int end = 0; end < 2; end++) {
			if (!is_gone(link, end))
				continue;
			*ret_end = end;
			return link;
		}
	}
	return NULL;
}

bool fake_shuttle_idle(void)
{
	unsigned int end;

	return !find_gone(&end);
}

bool fake_shuttle_turn(void)
{
	unsigned int end;
	struct datapath_link *link = find_gone(&end);

	if (!link)
		return false;
	link->told[end] = true;
	shuttle->options.gone(link->owner, end, shuttle->options.userdata);
	return true;
}

unsigned int datapath_link_workers(const struct datapath_link *link,
				   unsigned int ret[static TUN_QUEUES_MAX])
{
	for (unsigned int i = 0; i < link->n_queues; i++)
		ret[i] = 0;
	return link->n_queues;
}

bool datapath_answers(struct datapath *of _unused_, int *ret_silent _unused_)
{
	return true;
}

bool datapath_get_worker(struct datapath *of _unused_, unsigned int index _unused_,
			 struct shuttle_worker *ret _unused_)
{
	return false;
}

const char *datapath_name(const struct datapath *of _unused_)
{
	return "fake";
}

bool datapath_has_busy_poll(const struct datapath *of _unused_)
{
	return false;
}

unsigned int datapath_restarts(const struct datapath *datapath _unused_)
{
	return 0;
}

void datapath_replace(struct datapath *datapath _unused_)
{
}

int datapath_engine_error(const struct datapath *of _unused_)
{
	return 0;
}

/* --- the descriptor store --------------------------------------------------------------------- */

struct stored {
	TAILQ_ENTRY(stored) entry;
	char name[64];
	int fd;
};

static TAILQ_HEAD(stored_list, stored) store = TAILQ_HEAD_INITIALIZER(store);

static void drop(struct stored *stored)
{
	TAILQ_REMOVE(&store, stored, entry);
	close(stored->fd);
	free(stored);
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	if (fake_file(a) || fake_file(b))
		return fake_file(a) == fake_file(b);
	fake_require(fstat(a, &x) == 0 && fstat(b, &y) == 0);
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Of one open file the service manager keeps one descriptor, the first. */
static void keep(const char *name, int fd)
{
	struct stored *stored;

	TAILQ_FOREACH(stored, &store, entry)
	{
		if (is_same_file(stored->fd, fd))
			return;
	}
	stored = calloc(1, sizeof(*stored));
	fake_require(stored);
	snprintf(stored->name, sizeof(stored->name), "%s", name);
	stored->fd = fake_dup(fd, FAKE_FDS_OF_STORE);
	TAILQ_INSERT_TAIL(&store, stored, entry);
}

static void forget(const char *name)
{
	struct stored *stored, *next;

	for (stored = TAILQ_FIRST(&store); stored; stored = next) {
		next = TAILQ_NEXT(stored, entry);
		if (streq(stored->name, name))
			drop(stored);
	}
}

int notify_send(const char *text, int fd, enum notify_wait wait _unused_)
{
	const char *name = strstr(text, "FDNAME=");

	(void)fake_call(__func__, FAKE_ERRNOS(0));
	if (fake.dead || !name)
		return 0;
	if (strncmp(text, "FDSTOREREMOVE=1", 15) == 0)
		forget(name + 7);
	else if (strncmp(text, "FDSTORE=1", 9) == 0)
		keep(name + 7, fd);
	return 0;
}

int notify_sendf(enum notify_wait wait, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return notify_send(text, -1, wait);
}

/* What the store has is passed as descriptors 3, 4, 5 ... */
int sd_listen_fds_with_names(int unset_environment _unused_, char ***ret_names)
{
	const struct stored *stored;
	char **names;
	int n = 0;

	if (TAILQ_EMPTY(&store))
		return 0;
	names = calloc(fake_store_count() + 1, sizeof(*names));
	fake_require(names);
	TAILQ_FOREACH(stored, &store, entry)
	{
		fake_dup_to(stored->fd, SD_LISTEN_FDS_START + n);
		names[n] = strdup(stored->name);
		fake_require(names[n++]);
	}
	*ret_names = names;
	return n;
}

int fake_store_find(const char *name)
{
	const struct stored *stored;

	TAILQ_FOREACH(stored, &store, entry)
	{
		if (streq(stored->name, name))
			return stored->fd;
	}
	return -1;
}

unsigned int fake_store_count(void)
{
	const struct stored *stored;
	unsigned int n = 0;

	TAILQ_FOREACH(stored, &store, entry)
	{
		n++;
	}
	return n;
}

void fake_store_foreach(void (*fn)(const char *name, int fd))
{
	const struct stored *stored;

	TAILQ_FOREACH(stored, &store, entry)
	{
		fn(stored->name, stored->fd);
	}
}

void fake_store_clear(void)
{
	while (!TAILQ_EMPTY(&store))
		drop(TAILQ_FIRST(&store));
}
