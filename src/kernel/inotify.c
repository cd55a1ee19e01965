/* SPDX-License-Identifier: ISC */

/* Watches of inotify(7) on directories whose file system may not answer. */

#include "kernel/helper.h"
#include "kernel/inotify.h"

#define LAY_MSEC 250 /* until a directory is taken for one that does not answer */

/* A watch, for the helper. The number of the descriptor is enough: a late call holds the file. */
struct laying {
	int inotify_fd;
	uint32_t mask;
	char path[HELPER_ARGUMENT_MAX - 2 * sizeof(uint32_t)];
};

static int lay(const void *argument)
{
	const struct laying *laying = argument;
	int wd = inotify_add_watch(laying->inotify_fd, laying->path, laying->mask);

	return wd < 0 ? -errno : wd;
}

int inotify_lay(int fd, const char *path, uint32_t mask)
{
	struct laying laying = { .inotify_fd = fd, .mask = mask };

	if (strlen(path) >= sizeof(laying.path))
		return -ENAMETOOLONG;
	memcpy(laying.path, path, strlen(path) + 1);
	return helper_run(&(struct helper_call){
		.what = path,
		.run = lay,
		.argument = &laying,
		.size = sizeof(laying),
		.msec = LAY_MSEC,
	});
}
