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
struct journal *journal_alloc(unsigned int version);

struct record *journal_find(const struct journal *journal, const char *key);

/* A record without a line, or NULL. */
struct record *journal_add(struct journal *journal, const char *key);

void journal_drop(struct journal *journal, struct record *record);

/* Its line is this one now. */
void journal_move(struct journal *journal, struct record *record, size_t offset, size_t length);

/* Copy what is valid to the other file and go on there. Return: 0 or -errno, nothing changed. */
int journal_compact(struct journal *journal);

int journal_read_all(int fd, char *data, size_t size, size_t offset);

static inline void cleanup_journal(struct journal **journal)
{
	journal_free(*journal);
}

#endif
