/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_FOUND_H
#define RPORT_CONFIG_FOUND_H

/* Files that were found, by name. */

#include "base/util.h"

struct found {
	char *name; /* without the suffix */
	char *path;
};

/*
 * Files in the order of their names, of which the first found of a name counts. Zeroed, it is
 * empty.
 *
 * @max: how many are kept
 * @overflow: there are more; those that come last are left out
 */
struct found_set {
	struct found *files;
	size_t n;
	size_t allocated;
	size_t max;
	bool overflow;
};

/**
 * found_set_scan() - add the files of a directory that have a suffix
 * @set: where to
 * @directory: its path; one that does not exist has none
 * @suffix: what the names of the files end in; hidden files are left out
 *
 * Return: 0; -ENOMEM; or another -errno when the directory cannot be read.
 */
int found_set_scan(struct found_set *set, const char *directory, const char *suffix);

/**
 * found_set_has() - was a file of this name found?
 * @set: where to look
 * @name: without the suffix
 *
 * Return: true if so.
 */
bool found_set_has(const struct found_set *set, const char *name);

/**
 * found_set_release() - free what it holds
 * @set: may be empty
 */
void found_set_release(struct found_set *set);
#define _cleanup_found_set_ _cleanup_(found_set_release)

#endif
