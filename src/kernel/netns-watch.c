/* SPDX-License-Identifier: ISC */
/*
 * Theory of operation. There are two sources, because neither sees everything.
 *
 * inotify(7) sees files come and go: symbolic links, and what others mount namespaces on. The
 * parent is watched together with the directory, always and not only while there is none: a
 * directory that is removed while somebody is in it sends no IN_DELETE_SELF before that process
 * leaves, but its parent sends IN_DELETE at once.
 *
 * Mounts are not seen by inotify. `ip netns add` makes the file first and mounts the namespace on
 * it afterwards, and `umount` makes a namespace go whose file stays. /proc/self/mountinfo tells of
 * every mount and umount by EPOLLPRI | EPOLLERR (proc(5)). Asking for it by poll resets it,
 * mounts_poll() in the kernel's fs/namespace.c, so that nothing has to be read and nothing spins.
 * That also means that whoever else asks takes it away: one that is pending when the descriptor
 * enters the epoll set, or when the epoll descriptor is polled itself, is lost. So this source is
 * never switched off and on again. (Seen on Linux 6.18.)
 *
 * Neither handler looks at what has happened. They start a timer, and when it ends, the watches are
 * laid again, by path (that is free when they are still in place), and the caller is told. Whatever
 * was missed between, such as a file in a directory just made, the caller sees when it looks, and
 * what comes after is seen by the new watches.
 *
 * Paths elsewhere are watched by inotify, too (netns-paths.c); mountinfo tells of mounts on them as well.
 *
 * A machine may run out of inotify instances (fs.inotify.max_user_instances), and a container may
 * have no mountinfo. One source is better than none: only without both there is an error.
 */
#include <fcntl.h>

#include "base/turn.h"
#include "kernel/inotify.h"
#include "kernel/netns-paths.h"
#include "kernel/netns-watch-private.h"

#define SETTLE_USEC   2000  /* a burst may follow: the file is made, then it is mounted on */
#define INTERVAL_USEC 10000 /* from call to call, however many mounts there are */
#define ACCURACY_USEC 500   /* of the timer */

#define NAMES_MAX 32 /* of a burst that are told one by one */

#define DIRECTORY_MASK                                                                         \
	(IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR)
#define PARENT_MASK (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR)

struct netns_watch {
	sd_event *event;
	void (*changed)(void *userdata);
	void *userdata;
	char *directory;
	char *parent;
	const char *name; /* of the directory in its parent; within @directory */
	int inotify_fd;
	int directory_wd; /* negative: not watched */
	int parent_wd;
	int mounts_fd;
	struct netns_paths *paths; /* NULL: unavailable */
	sd_event_source *paths_source;
	sd_event_source *inotify_source;
	sd_event_source *mounts_source;
	sd_event_source *timer; /* runs while the caller has something to be told */
	uint64_t quiet_until;   /* CLOCK_MONOTONIC, us */
	char *names[NAMES_MAX]; /* to be told */
	size_t n_names;
	bool missed; /* there is more than these */
	bool told;   /* all that */
};

/* --- telling ---------------------------------------------------------------------------------- */

static int stir(struct netns_watch *watch)
{
	uint64_t now;
	int running, r;

	r = sd_event_source_get_enabled(watch->timer, &running);
	if (r < 0 || running != SD_EVENT_OFF)
		return r;
	r = sd_event_now(watch->event, CLOCK_MONOTONIC, &now);
	if (r >= 0)
		r = sd_event_source_set_time(watch->timer,
					     MAX(now + SETTLE_USEC, watch->quiet_until));
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
	return r;
}

static void drop_stale(const struct netns_watch *watch, int old)
{
	if (old >= 0 && old != watch->parent_wd && old != watch->directory_wd)
		inotify_rm_watch(watch->inotify_fd, old); /* fails when it went by itself */
}

static void renew_watches(struct netns_watch *watch)
{
	int parent = watch->parent_wd, directory = watch->directory_wd;

	if (watch->inotify_fd < 0)
		return;
	/* The same directory keeps its number. The parent is first: it tells of a directory that is
	 * made a moment later. */
	watch->parent_wd = inotify_lay(watch->inotify_fd, watch->parent, PARENT_MASK);
	watch->directory_wd = inotify_lay(watch->inotify_fd, watch->directory, DIRECTORY_MASK);
	drop_stale(watch, parent);
	drop_stale(watch, directory);
}

static void forget_names(struct netns_watch *watch)
{
	while (watch->n_names > 0)
		free(watch->names[--watch->n_names]);
	watch->missed = watch->told = false;
}

/* @name: NULL: nobody knows which */
static void note_name(struct netns_watch *watch, const char *name)
{
	char *copy = NULL;

	if (watch->told)
		forget_names(watch);
	if (name && watch->n_names < NAMES_MAX)
		copy = strdup(name);
	if (copy)
		watch->names[watch->n_names++] = copy;
	else
		watch->missed = true;
}

const char *netns_watch_name(const struct netns_watch *watch, size_t i)
{
	return i < watch->n_names ? watch->names[i] : NULL;
}

bool netns_watch_missed(const struct netns_watch *watch)
{
	return watch->missed;
}

bool netns_watch_sees_all(const struct netns_watch *watch)
{
	return watch && watch->inotify_source && watch->mounts_source;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec, void *userdata)
{
	struct netns_watch *watch = userdata;
	uint64_t now = usec;

	turn_is("names of namespaces");
	sd_event_now(watch->event, CLOCK_MONOTONIC, &now);
	watch->quiet_until = now + INTERVAL_USEC;
	renew_watches(watch);
	watch->told = true;
	watch->changed(watch->userdata); /* it may free the watch */
	return 0;
}

static int start_timer(struct netns_watch *watch)
{
	int r;

	r = sd_event_add_time(watch->event, &watch->timer, CLOCK_MONOTONIC, 0, ACCURACY_USEC,
			      on_timer, watch);
	return r < 0 ? r : sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
}

/* --- inotify ---------------------------------------------------------------------------------- */

static bool concerns_us(const struct netns_watch *watch, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->wd == watch->directory_wd)
		return true;
	/* much else happens in the parent; but when it goes, so does its watch */
	return event->wd == watch->parent_wd &&
	       (event->mask & IN_IGNORED || (event->len > 0 && streq(event->name, watch->name)));
}

static int on_inotify(sd_event_source *source _unused_, int fd, uint32_t revents _unused_,
		      void *userdata)
{
	struct netns_watch *watch = userdata;
	union inotify_buffer buffer;
	const struct inotify_event *event;
	bool ours = false;
	ssize_t n;

	n = read(fd, &buffer, sizeof(buffer));
	for (ssize_t i = 0; i < n; i += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(buffer.bytes + i);
		if (!concerns_us(watch, event))
			continue;
		ours = true;
		note_name(watch,
			  event->wd == watch->directory_wd && event->len > 0 ? event->name : NULL);
	}
	return ours ? stir(watch) : 0;
}

static int start_inotify(struct netns_watch *watch)
{
	int r;

	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->inotify_fd < 0)
		return -errno;
	renew_watches(watch);
	if (watch->parent_wd < 0 && watch->directory_wd < 0)
		r = watch->directory_wd;
	else
		r = sd_event_add_io(watch->event, &watch->inotify_source, watch->inotify_fd,
				    EPOLLIN, on_inotify, watch);
	if (r < 0)
		watch->inotify_fd = safe_close(watch->inotify_fd);
	return r;
}

/* --- paths ------------------------------------------------------------------------------------ */

static void note_path(void *userdata, const char *path)
{
	note_name(userdata, path);
}

static int on_paths(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		    void *userdata)
{
	struct netns_watch *watch = userdata;

	return netns_paths_read(watch->paths, note_path, watch) ? stir(watch) : 0;
}

void netns_watch_path(struct netns_watch *watch, const char *path)
{
	if (watch && watch->paths)
		netns_paths_add(watch->paths, path);
}

/* Without it, the caller notices when it looks. */
static void start_paths(struct netns_watch *watch)
{
	if (netns_paths_new(&watch->paths) >= 0 &&
	    sd_event_add_io(watch->event, &watch->paths_source, netns_paths_fd(watch->paths),
			    EPOLLIN, on_paths, watch) < 0)
		netns_paths_free(steal_ptr(watch->paths));
}

/* --- mounts ----------------------------------------------------------------------------------- */

static int on_mounts(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_,
		     void *userdata)
{
	note_name(userdata, NULL);
	return stir(userdata);
}

static int start_mounts(struct netns_watch *watch, const char *mountinfo)
{
	int r;

	watch->mounts_fd = open(mountinfo, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (watch->mounts_fd < 0)
		return -errno;
	/* without EPOLLIN, which is always there */
	r = sd_event_add_io(watch->event, &watch->mounts_source, watch->mounts_fd,
			    EPOLLPRI | EPOLLERR, on_mounts, watch);
	if (r < 0)
		watch->mounts_fd = safe_close(watch->mounts_fd);
	return r;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int set_paths(struct netns_watch *watch, const char *directory)
{
	const char *slash = strrchr(directory, '/');

	if (!slash || slash == directory || !slash[1])
		return -EINVAL;
	watch->directory = strdup(directory);
	watch->parent = strndup(directory, (size_t)(slash - directory));
	if (!watch->directory || !watch->parent)
		return -ENOMEM;
	watch->name = watch->directory + (slash + 1 - directory);
	return 0;
}

static int start(struct netns_watch *watch, const char *directory, const char *mountinfo)
{
	int r, inotify, mounts;

	r = set_paths(watch, directory);
	if (r >= 0)
		r = start_timer(watch);
	if (r < 0)
		return r;
	inotify = start_inotify(watch);
	start_paths(watch);
	mounts = mountinfo ? start_mounts(watch, mountinfo) : -ENOENT;
	return inotify < 0 && mounts < 0 ? inotify : 0;
}

int netns_watch_new_at(sd_event *event, const char *directory, const char *mountinfo,
		       void (*changed)(void *userdata), void *userdata, struct netns_watch **ret)
{
	struct netns_watch *watch = malloc(sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	*watch = (struct netns_watch){
		.event = sd_event_ref(event),
		.changed = changed,
		.userdata = userdata,
		.inotify_fd = -1,
		.directory_wd = -1,
		.parent_wd = -1,
		.mounts_fd = -1,
	};
	r = start(watch, directory, mountinfo);
	if (r < 0) {
		netns_watch_free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

int netns_watch_new(sd_event *event, void (*changed)(void *userdata), void *userdata,
		    struct netns_watch **ret)
{
	return netns_watch_new_at(event, NETNS_RUN_DIR, "/proc/self/mountinfo", changed, userdata,
				  ret);
}

void netns_watch_free(struct netns_watch *watch)
{
	if (!watch)
		return;
	sd_event_source_disable_unref(watch->inotify_source);
	sd_event_source_disable_unref(watch->paths_source);
	netns_paths_free(watch->paths);
	sd_event_source_disable_unref(watch->mounts_source);
	sd_event_source_disable_unref(watch->timer);
	safe_close(watch->inotify_fd);
	safe_close(watch->mounts_fd);
	forget_names(watch);
	free(watch->directory);
	free(watch->parent);
	sd_event_unref(watch->event);
	free(watch);
}
