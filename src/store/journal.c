/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * A file begins with a line {"rport-state":VERSION,"generation":N}, then comes a line for every
 * change: {"put":KEY,"value":{...}} or {"remove":KEY}. Members that we do not know are ignored;
 * what an older daemon could not ignore raises the version. A line is appended by one pwrite(),
 * which copies from front to back and moves the end of the file after what it copied: a process
 * that is killed in it leaves at most a last line without its end, which is ignored. The next line
 * is written over it, and what that does not cover has no end either. Nothing has to reach a disk;
 * what is in the memfd when the system call returns stays there as long as anybody has the file
 * open.
 *
 * In memory there is only where the record of each key begins and how long it is, so that a put
 * costs as much as its record is long, and a record costs some hundred bytes besides its text.
 *
 * What was put again or removed is garbage. When it is more than half of the file, the valid lines
 * are copied to the other file of the pair, with zeros in place of its first line, which comes last
 * and has the next generation; then the former file is emptied. Whenever a kill comes, one file is
 * whole, and the one of the highest generation is it. There are two files for good, rather than a
 * new one for each compaction, because storing a descriptor may fail without our hearing of it (the
 * store is full), and then all records would be lost with the former file.
 */

#include <search.h>
#include <stdio.h>

#include "store/journal-private.h"
#include "store/memfd.h"

#define HEADER_SIZE 64 /* bytes of the first line as we write it, padded with spaces */

/* --- the index -------------------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct record *journal_find(const struct journal *journal, const char *key)
{
	char *const *found = tfind(key, &journal->index, compare_keys);

	return found ? container_of(*found, struct record, key) : NULL;
}

struct record *journal_add(struct journal *journal, const char *key)
{
	struct record *record = malloc(sizeof(*record) + strlen(key) + 1);

	if (!record)
		return NULL;
	strcpy(record->key, key);
	record->offset = record->length = 0;
	if (!tsearch(record->key, &journal->index, compare_keys)) {
		free(record);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&journal->records, record, entry);
	return record;
}

void journal_drop(struct journal *journal, struct record *record)
{
	journal->live -= record->length;
	tdelete(record->key, &journal->index, compare_keys);
	TAILQ_REMOVE(&journal->records, record, entry);
	free(record);
}

void journal_move(struct journal *journal, struct record *record, size_t offset, size_t length)
{
	journal->live += length - record->length;
	record->offset = (uint32_t)offset;
	record->length = (uint32_t)length;
}

bool journal_key_valid(const char *key)
{
	size_t length = strnlen(key, JOURNAL_KEY_MAX);

	for (size_t i = 0; i < length; i++)
		if ((unsigned char)key[i] < ' ' || key[i] == 0x7f)
			return false;
	return length > 0 && length < JOURNAL_KEY_MAX;
}

/* --- files ------------------------------------------------------------------------------------ */

/* All of @size bytes, from @data to the file or the other way round. Return: 0 or -errno. */
static int transfer(bool to_file, int fd, char *data, size_t size, size_t offset)
{
	while (size > 0) {
		ssize_t n = to_file ? pwrite(fd, data, size, (off_t)offset)
				    : pread(fd, data, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		size -= (size_t)n;
		offset += (size_t)n;
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t size, size_t offset)
{
	return transfer(true, fd, (char *)data, size, offset);
}

int journal_read_all(int fd, char *data, size_t size, size_t offset)
{
	return transfer(false, fd, data, size, offset);
}

static int write_header(int fd, unsigned int version, json_int_t generation)
{
	char text[HEADER_SIZE], line[HEADER_SIZE + 1];

	snprintf(text, sizeof(text), "{\"rport-state\":%u,\"generation\":%" JSON_INTEGER_FORMAT "}",
		 version, generation);
	snprintf(line, sizeof(line), "%-*s\n", HEADER_SIZE - 1, text);
	return write_all(fd, line, HEADER_SIZE, 0);
}

/* Append a line. One that fails (for lack of memory) leaves what a kill leaves. */
static int append(struct journal *journal, const char *line, size_t length)
{
	int r;

	if (journal->size + length > JOURNAL_MAX)
		return -ENOSPC;
	r = write_all(journal->fds[journal->active], line, length, journal->size);
	if (r < 0)
		return r;
	journal->size += length;
	return 0;
}

/* --- compaction ------------------------------------------------------------------------------- */

static int copy_records(const struct journal *journal, int to, size_t *ret_size)
{
	_cleanup_free_ char *line = NULL;
	size_t size = HEADER_SIZE, allocated = 0;
	const struct record *record;
	int r;

	TAILQ_FOREACH(record, &journal->records, entry)
	{
		if (record->length > allocated) {
			char *longer = realloc(line, record->length);

			if (!longer)
				return -ENOMEM;
			line = longer;
			allocated = record->length;
		}
		r = journal_read_all(journal->fds[journal->active], line, record->length,
				     record->offset);
		if (r == 0)
			r = write_all(to, line, record->length, size);
		if (r < 0)
			return r;
		size += record->length;
	}
	*ret_size = size;
	return 0;
}

int journal_compact(struct journal *journal)
{
	unsigned int other = 1 - journal->active;
	struct record *record;
	size_t size, offset = HEADER_SIZE;
	int r;

	if (ftruncate(journal->fds[other], 0) < 0)
		return -errno;
	r = copy_records(journal, journal->fds[other], &size);
	if (r == 0)
		r = write_header(journal->fds[other], journal->version, journal->generation + 1);
	if (r < 0) {
		(void)!ftruncate(journal->fds[other], 0);
		return r;
	}
	/* commit: the other file counts now, and the former is memory to be given back */
	(void)!ftruncate(journal->fds[journal->active], 0);
	journal->active = other;
	journal->generation++;
	journal->size = size;
	journal->header = HEADER_SIZE;
	TAILQ_FOREACH(record, &journal->records, entry)
	{
		record->offset = (uint32_t)offset;
		offset += record->length;
	}
	return 0;
}

/* One that fails (for lack of memory) is tried again when some more has been written. */
static void compact_if_worth_it(struct journal *journal)
{
	size_t garbage = journal->size - journal->header - journal->live;

	if (garbage <= JOURNAL_GARBAGE || garbage <= journal->size / 2 ||
	    journal->size < journal->retry_at)
		return;
	journal->retry_at = journal_compact(journal) < 0 ? journal->size + JOURNAL_GARBAGE : 0;
}

/* --- put and remove --------------------------------------------------------------------------- */

/* A line with its newline, or NULL. */
static char *format_line(json_t *line, size_t *ret_length)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;

	json_decref(line);
	if (!text)
		return NULL;
	*ret_length = strlen(text) + 1;
	text[*ret_length - 1] = '\n'; /* where the NUL was: it is no string any more */
	return text;
}

int journal_put(struct journal *journal, const char *key, const json_t *value)
{
	struct record *record, *added = NULL;
	_cleanup_free_ char *line = NULL;
	size_t length, offset;
	int r;

	if (!journal_key_valid(key) || !json_is_object(value))
		return -EINVAL;
	/* "O" only counts a reference, and gives it back */
	line = format_line(json_pack("{s:s, s:O}", "put", key, "value", (json_t *)value), &length);
	if (!line)
		return -EINVAL; /* not UTF-8; jansson does not tell that from out of memory */
	if (length > JOURNAL_RECORD_MAX)
		return -E2BIG;
	record = journal_find(journal, key);
	if (journal->live - (record ? record->length : 0) + length > JOURNAL_LIVE_MAX)
		return -ENOSPC;
	if (!record)
		record = added = journal_add(journal, key);
	if (!record)
		return -ENOMEM;
	offset = journal->size;
	r = append(journal, line, length);
	if (r < 0) {
		if (added)
			journal_drop(journal, added);
		return r;
	}
	journal_move(journal, record, offset, length);
	compact_if_worth_it(journal);
	return 0;
}

int journal_remove(struct journal *journal, const char *key)
{
	struct record *record = journal_find(journal, key);
	_cleanup_free_ char *line = NULL;
	size_t length;
	int r;

	if (!record)
		return 0;
	line = format_line(json_pack("{s:s}", "remove", key), &length);
	if (!line)
		return -ENOMEM;
	r = append(journal, line, length);
	if (r < 0)
		return r;
	journal_drop(journal, record);
	compact_if_worth_it(journal);
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_record(const struct journal *journal, const struct record *record, json_t **ret)
{
	_cleanup_free_ char *line = malloc(record->length);
	int r;

	if (!line)
		return -ENOMEM;
	r = journal_read_all(journal->fds[journal->active], line, record->length, record->offset);
	if (r < 0)
		return r;
	*ret = json_loadb(line, record->length, 0, NULL);
	return *ret ? 0 : -ENOMEM; /* it was parsed or written before */
}

int journal_foreach(struct journal *journal,
		    void (*fn)(const char *key, json_t *value, void *userdata), void *userdata)
{
	const struct record *record;

	TAILQ_FOREACH(record, &journal->records, entry)
	{
		json_t *line;
		int r = read_record(journal, record, &line);

		if (r < 0)
			return r;
		fn(record->key, json_object_get(line, "value"), userdata);
		json_decref(line);
	}
	return 0;
}

static void forget_records(struct journal *journal)
{
	struct record *record;

	while ((record = TAILQ_FIRST(&journal->records)))
		journal_drop(journal, record);
}

/* --- begin and end ---------------------------------------------------------------------------- */

struct journal *journal_alloc(unsigned int version)
{
	struct journal *journal = malloc(sizeof(*journal));

	if (!journal)
		return NULL;
	*journal = (struct journal){ .version = version };
	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		journal->fds[i] = -1;
	TAILQ_INIT(&journal->records);
	return journal;
}

void journal_free(struct journal *journal)
{
	if (!journal)
		return;
	forget_records(journal);
	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		safe_close(journal->fds[i]);
	free(journal);
}

int journal_fd(const struct journal *journal, unsigned int i)
{
	return journal->fds[i];
}

static int make_missing(struct journal *journal)
{
	for (unsigned int i = 0; i < JOURNAL_FILES; i++) {
		if (journal->fds[i] >= 0)
			continue;
		journal->fds[i] = memfd_new("rport-state");
		if (journal->fds[i] < 0)
			return journal->fds[i];
	}
	return 0;
}

int journal_new(unsigned int version, struct journal **ret)
{
	_cleanup_(cleanup_journal) struct journal *journal = journal_alloc(version);
	int r;

	if (!journal)
		return -ENOMEM;
	r = make_missing(journal);
	if (r == 0)
		r = write_header(journal->fds[0], version, 1);
	if (r < 0)
		return r;
	journal->generation = 1;
	journal->size = journal->header = HEADER_SIZE;
	*ret = steal_ptr(journal);
	return 0;
}
