/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Each directory on the way to a path is watched, from the root on, for the one name that is the next
 * component. The directory of /run/some/box that somebody renames is an event of /run.
 *
 * Adding. Directories come and go, and with them their watches. So a path is added again before each
 * look at it. This lays the watches again, by path, which costs nothing where they are in place; and
 * the look sees what was missed before. The thread that looks does it, since a directory may not
 * answer; the thread that reads the events never waits.
 *
 * Forgetting. Paths are never removed: where PATHS_MAX are watched, a new one replaces the one that was
 * added the longest time ago. A watch is removed with the last path that has it. A thread that lays
 * the same watch at that moment may lose it: then no event comes until the path is added again. The
 * caller looks at all paths from time to time in any case, since not everything can be watched.
 */
#include <limits.h>
#include <pthread.h>

#include "kernel/helper.h"
#include "kernel/inotify.h"
#include "kernel/netns-paths.h"

#define PATHS_MAX  256
#define LEVELS_MAX 16 /* directories of a path: the last ones */
#define MASK       (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR)

/*
 * struct level - a directory on the way
 * @wd: its watch; negative: none
 * @at: where its path ends in that of the namespace; the component that is watched for follows
 */
struct level {
	int wd;
	size_t at;
};

/* @turn: when it was added last, of all; 0: unused */
struct watched {
	char path[NAME_MAX + 1];
	uint64_t turn;
	struct level levels[LEVELS_MAX];
	size_t n_levels;
};

/* @lock: of all that follows */
struct netns_paths {
	int fd;
	pthread_mutex_t lock;
	uint64_t turn;
	struct watched watched[PATHS_MAX];
};

int netns_paths_new(struct netns_paths **ret)
{
	struct netns_paths *paths = calloc(1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	paths->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (paths->fd < 0) {
		free(paths);
		return -errno;
	}
	pthread_mutex_init(&paths->lock, NULL);
	*ret = paths;
	return 0;
}

void netns_paths_free(struct netns_paths *paths)
{
	if (!paths)
		return;
	safe_close(paths->fd);
	pthread_mutex_destroy(&paths->lock);
	free(paths);
}

int netns_paths_fd(const struct netns_paths *paths)
{
	return paths->fd;
}

/* --- adding ----------------------------------------------------------------------------------- */

static void find_levels(struct watched *watched)
{
	size_t n = 0;

	for (const char *c = watched->path; *c; c++)
		n += *c == '/';
	for (const char *c = watched->path; *c; c++) {
		if (*c != '/' || n-- > LEVELS_MAX)
			continue;
		watched->levels[watched->n_levels++] =
			(struct level){ .wd = -1, .at = (size_t)(c - watched->path) };
	}
}

static void lay_watches(const struct netns_paths *paths, struct watched *watched)
{
	char directory[NAME_MAX + 1];

	for (size_t i = 0; i < watched->n_levels; i++) {
		struct level *level = &watched->levels[i];

		memcpy(directory, watched->path, level->at);
		directory[level->at] = '\0';
		level->wd = inotify_lay(paths->fd, level->at > 0 ? directory : "/", MASK);
		if (helper_is_late(level->wd)) /* what is below is late, too */
			return;
	}
}

static bool has_watch(const struct watched *watched, int wd)
{
	for (size_t i = 0; i < watched->n_levels; i++)
		if (watched->levels[i].wd == wd)
			return true;
	return false;
}

static bool any_has_watch(const struct netns_paths *paths, int wd)
{
	for (size_t i = 0; i < PATHS_MAX; i++)
		if (has_watch(&paths->watched[i], wd))
			return true;
	return false;
}

/* The place of a path, or the one that it takes. */
static struct watched *find_place(struct netns_paths *paths, const char *path)
{
	struct watched *oldest = &paths->watched[0];

	for (size_t i = 0; i < PATHS_MAX; i++) {
		struct watched *watched = &paths->watched[i];

		if (streq(watched->path, path))
			return watched;
		if (watched->turn < oldest->turn)
			oldest = watched;
	}
	return oldest;
}

static void put(struct netns_paths *paths, const struct watched *watched)
{
	struct watched *place = find_place(paths, watched->path), before = *place;

	*place = *watched;
	place->turn = ++paths->turn;
	for (size_t i = 0; i < before.n_levels; i++) {
		int wd = before.levels[i].wd;

		if (wd >= 0 && !any_has_watch(paths, wd))
			inotify_rm_watch(paths->fd, wd); /* fails when it went by itself */
	}
}

void netns_paths_add(struct netns_paths *paths, const char *path)
{
	struct watched watched = { 0 };
	size_t length = strlen(path);

	if (length >= sizeof(watched.path) || skip_prefix(path, "/proc/"))
		return;
	memcpy(watched.path, path, length);
	find_levels(&watched);
	lay_watches(paths, &watched);
	pthread_mutex_lock(&paths->lock);
	put(paths, &watched);
	pthread_mutex_unlock(&paths->lock);
}

/* --- telling ---------------------------------------------------------------------------------- */

static bool concerns(const struct watched *watched, const struct inotify_event *event)
{
	for (size_t i = 0; i < watched->n_levels; i++) {
		const struct level *level = &watched->levels[i];
		const char *component = watched->path + level->at + 1;
		size_t length = strcspn(component, "/");

		if (level->wd == event->wd && strlen(event->name) == length &&
		    memcmp(event->name, component, length) == 0)
			return true;
	}
	return false;
}

static bool tell_event(struct netns_paths *paths, const struct inotify_event *event,
		       void (*tell)(void *userdata, const char *path), void *userdata)
{
	bool told = event->mask & IN_Q_OVERFLOW;

	if (told)
		tell(userdata, NULL);
	if (event->len == 0)
		return told;
	pthread_mutex_lock(&paths->lock);
	for (size_t i = 0; i < PATHS_MAX; i++) {
		if (!concerns(&paths->watched[i], event))
			continue;
		tell(userdata, paths->watched[i].path);
		told = true;
	}
	pthread_mutex_unlock(&paths->lock);
	return told;
}

bool netns_paths_read(struct netns_paths *paths, void (*tell)(void *userdata, const char *path),
		      void *userdata)
{
	union inotify_buffer buffer;
	const struct inotify_event *event;
	bool told = false;
	ssize_t n = read(paths->fd, &buffer, sizeof(buffer));

	for (ssize_t i = 0; i < n; i += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(buffer.bytes + i);
		told |= tell_event(paths, event, tell, userdata);
	}
	return told;
}
