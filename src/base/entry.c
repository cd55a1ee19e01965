/* SPDX-License-Identifier: ISC */
/* An entry of a directory that may belong to another user. */

#include <fcntl.h>

#include "base/entry.h"

/* The directory part of @path, with which openat() can do something. */
static char *directory_of(const char *path, const char *slash)
{
	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int entry_open(const char *path, struct dir_entry *ret)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *directory = directory_of(path, slash);
	struct dir_entry entry = ENTRY_INIT;

	if (!directory)
		return -ENOMEM;
	if (!*name || streq(name, ".") || streq(name, ".."))
		return -EINVAL;
	if (strlen(name) >= sizeof(entry.name))
		return -ENAMETOOLONG;
	memcpy(entry.name, name, strlen(name) + 1);
	entry.directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (entry.directory < 0)
		return -errno;
	*ret = entry;
	return 0;
}

int entry_stat(const struct dir_entry *entry, struct stat *ret)
{
	return fstatat(entry->directory, entry->name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

void entry_claim(struct dir_entry *entry, const struct stat *st)
{
	entry->device = st->st_dev;
	entry->inode = st->st_ino;
}

bool entry_is_ours(const struct dir_entry *entry)
{
	struct stat st;

	return entry->inode != 0 && entry_stat(entry, &st) >= 0 && st.st_dev == entry->device &&
	       st.st_ino == entry->inode;
}

/*
 * Between the check and unlinkat() the owner of the directory can put another file there. It can
 * only be one that the owner may remove, too: that takes the same right as the exchange.
 */
int entry_remove(const struct dir_entry *entry)
{
	if (!entry_is_ours(entry))
		return -ESTALE;
	return unlinkat(entry->directory, entry->name, 0) < 0 ? -errno : 0;
}

void entry_close(struct dir_entry *entry)
{
	safe_close(entry->directory);
	*entry = (struct dir_entry)ENTRY_INIT;
}
