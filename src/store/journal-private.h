/* SPDX-License-Identifier: ISC */
#ifndef RPORT_STORE_JOURNAL_PRIVATE_H
#define RPORT_STORE_JOURNAL_PRIVATE_H

/* What journal.c (writing) and journal-load.c (reading what a former process left) share. */

#include <sys/queue.h>

#include "store/journal.h"

struct record {
	TAILQ_ENTRY(record) entry; /* in the order in which keys were first put */
	uint32_t offset, length;   /* of its line in the active file */
	char key[];
};

TAILQ_HEAD(record_list, record);

struct journal {
	unsigned int version;
	int fds[JOURNAL_FILES];
	unsigned int active; /* the file that is appended to */
	json_int_t generation;
	size_t size;     /* of the active file */
	size_t header;   /* of its first line */
	size_t live;     /* of its lines that are records */
	size_t retry_at; /* the size at which to try again a compaction that failed */
	void *index;     /* tsearch(3), of record->key */
	struct record_list records;
};

/* An empty one without files, or NULL. */
/**
 * journal_alloc() - allocate an empty journal without files
 * @version: of what the records mean
 *
 * Return: the journal, to free with journal_free(); NULL when out of memory.
 */
struct journal *journal_alloc(unsigned int version);

/**
 * journal_find() - find the record of a key
 * @journal: the journal
 * @key: see journal_key_valid()
 *
 * Return: the record, owned by the journal; NULL when there is none.
 */
struct record *journal_find(const struct journal *journal, const char *key);

/* A record without a line, or NULL. */
/**
 * journal_add() - add a record that has no line in a file yet
 * @journal: without a record of @key
 * @key: copied
 *
 * Return: the record, owned by the journal; NULL when out of memory.
 */
struct record *journal_add(struct journal *journal, const char *key);

/**
 * journal_drop() - remove a record from the index and free it
 * @journal: the journal that has it
 * @record: not to be used afterwards
 */
void journal_drop(struct journal *journal, struct record *record);

/* Its line is this one now. */
/**
 * journal_move() - record where the line of a record is now
 * @journal: the journal that has it
 * @record: of journal_find() or journal_add()
 * @offset: of its line in the active file, bytes
 * @length: of its line, bytes
 */
void journal_move(struct journal *journal, struct record *record, size_t offset, size_t length);

/* Copy what is valid to the other file and go on there. Return: 0 or -errno, nothing changed. */
/**
 * journal_compact() - copy the valid records to the other file, which becomes the active one
 * @journal: unchanged on failure
 *
 * Return: 0; -ENOSPC or -ENOMEM without memory for the other file; -EIO; or another -errno.
 */
int journal_compact(struct journal *journal);

/**
 * journal_read_all() - read a part of a file
 * @fd: of the file
 * @data: filled
 * @size: bytes to read
 * @offset: of the first byte in the file
 *
 * Return: 0, -EIO when the file is too short, or another -errno of pread(2).
 */
int journal_read_all(int fd, char *data, size_t size, size_t offset);

/**
 * cleanup_journal() - free a journal at the end of its scope
 * @journal: the address of the pointer
 */
static inline void cleanup_journal(struct journal **journal)
{
	journal_free(*journal);
}

#endif
