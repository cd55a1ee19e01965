/* SPDX-License-Identifier: ISC */
#ifndef RPORT_STORE_JOURNAL_H
#define RPORT_STORE_JOURNAL_H

/*
 * Records in memory that outlives a kill: keys and JSON objects, written one after the other to a
 * pair of memfds, which the caller keeps. What fdstore.h promises of records is done here.
 */

#include <jansson.h>

#include "base/util.h"

#define JOURNAL_FILES      2
#define JOURNAL_MAX        (64U * 1024 * 1024) /* bytes; a longer one is not read */
#define JOURNAL_LIVE_MAX   (30U * 1024 * 1024) /* of them, those of records that are valid */
#define JOURNAL_RECORD_MAX (1024U * 1024)      /* bytes of one record as it is written */
#define JOURNAL_GARBAGE    (256U * 1024)       /* bytes that are never worth a compaction */
#define JOURNAL_REASON_MAX 128
#define JOURNAL_KEY_MAX    160 /* bytes of a key, with its NUL */

struct journal;

/**
 * journal_new() - make an empty journal
 * @version: of what the records mean
 * @ret: free it with journal_free()
 *
 * Return: 0; -ENOMEM; or -errno of memfd_create(2) or pwrite(2).
 */
int journal_new(unsigned int version, struct journal **ret);

/**
 * journal_load() - go on with what a former process left
 * @version: the highest that can be read
 * @fds: the files, in any order, -1 for one that is missing; those that were taken over, all on
 *	success and none on -EBADMSG, are -1 then
 * @ret: free it with journal_free()
 * @ret_bad: on -EBADMSG, which of @fds holds the records that cannot be read; -1: none does
 * @reason: on -EBADMSG, why, for people to read
 *
 * A last line that was not written to its end is ignored.
 *
 * Return: 0; -EBADMSG when there are no records that can be read; or another -errno.
 */
int journal_load(unsigned int version, int fds[static JOURNAL_FILES], struct journal **ret,
		 int *ret_bad, char reason[static JOURNAL_REASON_MAX]);

/**
 * journal_free() - close the files and free the journal; takes NULL
 * @journal: of journal_new() or journal_load(), or NULL
 */
void journal_free(struct journal *journal);

/**
 * journal_fd() - return the descriptor of a file, for the descriptor store
 * @journal: of journal_new() or journal_load()
 * @i: less than JOURNAL_FILES; all are needed
 *
 * Return: the descriptor; it stays the journal's, and does not change while that exists.
 */
int journal_fd(const struct journal *journal, unsigned int i);

/**
 * journal_put() - set the record of @key
 * @journal: of journal_new() or journal_load()
 * @key: UTF-8; see journal_key_valid()
 * @value: an object; borrowed
 *
 * Return: 0; -EINVAL: no such key or value can be; -E2BIG: it is longer than JOURNAL_RECORD_MAX;
 * -ENOSPC: all together are longer than JOURNAL_LIVE_MAX; or another -errno. A failure changes
 * nothing.
 */
int journal_put(struct journal *journal, const char *key, const json_t *value);

/**
 * journal_remove() - remove the record of @key, if there is one
 * @journal: of journal_new() or journal_load()
 * @key: see journal_key_valid()
 *
 * Return: 0, also when there is none; -ENOMEM, -ENOSPC, or another -errno. A failure changes
 * nothing.
 */
int journal_remove(struct journal *journal, const char *key);

/**
 * journal_foreach() - call @fn for every record, in the order in which their keys were first put
 * @journal: of journal_new() or journal_load()
 * @fn: must not put or remove records; its @value is borrowed
 * @userdata: for @fn
 *
 * Return: 0; -ENOMEM; -EIO or -EBADMSG when the files were changed by another process; or another
 * -errno.
 */
int journal_foreach(struct journal *journal,
		    void (*fn)(const char *key, json_t *value, void *userdata), void *userdata);

/**
 * journal_key_valid() - check that a string can be a key
 * @key: any bytes, ended by NUL
 *
 * Return: true for 1 to JOURNAL_KEY_MAX - 1 bytes without control characters.
 */
bool journal_key_valid(const char *key);

#endif
