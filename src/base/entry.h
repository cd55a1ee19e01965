/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_ENTRY_H
#define RPORT_BASE_ENTRY_H

/*
 * An entry of a directory that may belong to another user, such as the socket of --socket.
 *
 * Its owner can at any time rename the entry, put a link in its place, or do the same with the
 * directory. So the path is resolved once; from then on the directory is a descriptor, and what is
 * removed there is what was put there.
 */

#include <limits.h>
#include <sys/stat.h>

#include "base/util.h"

struct dir_entry {
	int directory; /* opened with O_PATH; -1: there is no entry */
	char name[NAME_MAX + 1];
	dev_t device; /* the file that is ours, like the following */
	ino_t inode;  /* 0: none */
};

#define ENTRY_INIT              \
	{                       \
		.directory = -1 \
	}

/**
 * entry_open() - resolve a path up to its last component
 * @path: of the entry, which need not exist
 * @ret: close it with entry_close(); no file there is ours yet
 *
 * Return: 0; -EINVAL when the last component is empty, "." or ".."; -ENAMETOOLONG; -ENOMEM; or what
 * open(2) says of the directory.
 */
int entry_open(const char *path, struct dir_entry *ret);

/**
 * entry_stat() - read what file the entry is now, without following a symbolic link
 * @entry: of entry_open()
 * @ret: filled
 *
 * Return: 0, -ENOENT, or another -errno of fstatat(2).
 */
int entry_stat(const struct dir_entry *entry, struct stat *ret);

/**
 * entry_claim() - record that the file which is the entry now was made by us
 * @entry: of entry_open(); entry_remove() removes this file and no other
 * @st: of the file
 */
void entry_claim(struct dir_entry *entry, const struct stat *st);

/**
 * entry_is_ours() - check that the entry is still the file that was claimed
 * @entry: of entry_open()
 *
 * Return: true if so; false also when there is no file, or none was claimed.
 */
bool entry_is_ours(const struct dir_entry *entry);

/**
 * entry_remove() - remove the entry if it is still the file that was claimed
 * @entry: of entry_open()
 *
 * Return: 0, -ESTALE when it is another one or none was claimed, or another -errno of unlinkat(2).
 */
int entry_remove(const struct dir_entry *entry);

/**
 * entry_close() - close the directory; takes an entry that was closed or never opened
 * @entry: of entry_open(), or ENTRY_INIT
 */
void entry_close(struct dir_entry *entry);

#define _cleanup_entry_ _cleanup_(entry_close)

#endif
