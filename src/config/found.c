/* SPDX-License-Identifier: ISC */

/* Which files a path of directories has: by name, the first of each. */

#include <dirent.h>
#include <stdio.h>

#include "config/found.h"

static void found_free(struct found *file)
{
	free(file->name);
	free(file->path);
}

void found_set_release(struct found_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		found_free(&set->files[i]);
	free(set->files);
}

/* Where @name is (true), or where it belongs. */
static bool found_set_search(const struct found_set *set, const char *name, size_t *ret)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, set->files[middle].name);

		if (order == 0) {
			*ret = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*ret = low;
	return false;
}

bool found_set_has(const struct found_set *set, const char *name)
{
	size_t at;

	return found_set_search(set, name, &at);
}

/* Room for one more at @at: false when it would be the last of too many. */
static bool found_set_make_room(struct found_set *set, size_t at)
{
	if (set->n == set->max) {
		set->overflow = true;
		if (at == set->n)
			return false;
		found_free(&set->files[--set->n]);
	}
	memmove(&set->files[at + 1], &set->files[at], (set->n - at) * sizeof(*set->files));
	set->n++;
	return true;
}

static int found_set_grow(struct found_set *set)
{
	size_t wanted = MAX(2 * set->allocated, 16u);
	struct found *files;

	if (set->n < set->allocated)
		return 0;
	files = reallocarray(set->files, wanted, sizeof(*files));
	if (!files)
		return -ENOMEM;
	set->files = files;
	set->allocated = wanted;
	return 0;
}

static int found_set_add(struct found_set *set, const char *directory, const char *entry,
			 size_t length)
{
	_cleanup_free_ char *name = strndup(entry, length), *path = NULL;
	size_t at;

	if (!name)
		return -ENOMEM;
	if (found_set_search(set, name, &at))
		return 0;
	if (asprintf(&path, "%s/%s", directory, entry) < 0) {
		path = NULL; /* undefined then */
		return -ENOMEM;
	}
	if (found_set_grow(set) < 0)
		return -ENOMEM;
	if (found_set_make_room(set, at))
		set->files[at] = (struct found){ .name = steal_ptr(name), .path = steal_ptr(path) };
	return 0;
}

/* Bytes of @entry before @suffix; 0: it ends with something else. */
static size_t stem_length(const char *entry, const char *suffix)
{
	size_t length = strlen(entry), after = strlen(suffix);

	if (entry[0] == '.' || length <= after || !streq(entry + length - after, suffix))
		return 0;
	return length - after;
}

static int scan_entries(DIR *dir, const char *directory, const char *suffix, struct found_set *set)
{
	const struct dirent *entry;
	int r = 0;

	/* NULL is the end, or an error, which errno tells */
	for (errno = 0; r == 0 && (entry = readdir(dir)); errno = 0) {
		size_t length = stem_length(entry->d_name, suffix);

		if (length > 0)
			r = found_set_add(set, directory, entry->d_name, length);
	}
	return r < 0 ? r : -errno;
}

int found_set_scan(struct found_set *set, const char *directory, const char *suffix)
{
	DIR *dir = opendir(directory);
	int r;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	r = scan_entries(dir, directory, suffix, set);
	closedir(dir);
	return r;
}
