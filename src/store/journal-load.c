/* SPDX-License-Identifier: ISC */

/* The journal: reads what a former process left. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "store/journal-private.h"
#include "store/memfd.h"

/* A file of the pair, as its first line says. */
struct candidate {
	bool blank; /* missing, empty, or a compaction was not finished */
	bool bad;   /* @reason says why */
	json_int_t version, generation;
	size_t header; /* bytes of its first line */
	char reason[JOURNAL_REASON_MAX];
};

/* --- lines ------------------------------------------------------------------------------------ */

static int parse_line(const char *text, size_t size, json_t **ret)
{
	json_error_t error;

	*ret = json_loadb(text, size, 0, &error);
	if (!*ret)
		return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	return 0;
}

static int put(struct journal *journal, const char *key, size_t offset, size_t length)
{
	struct record *record = journal_find(journal, key);

	if (!record)
		record = journal_add(journal, key);
	if (!record)
		return -ENOMEM;
	journal_move(journal, record, offset, length);
	return 0;
}

/* What a line changes. Unknown members are ignored: a later daemon may have written them. */
static int apply(struct journal *journal, const json_t *line, size_t offset, size_t length)
{
	const char *added = json_string_value(json_object_get(line, "put"));
	const char *removed = json_string_value(json_object_get(line, "remove"));
	const char *key = added ? added : removed;
	struct record *record;

	if (!key || !journal_key_valid(key))
		return -EBADMSG;
	if (added)
		return json_is_object(json_object_get(line, "value"))
			       ? put(journal, key, offset, length)
			       : -EBADMSG;
	record = journal_find(journal, key);
	if (record)
		journal_drop(journal, record);
	return 0;
}

/* Read the lines after the first one, to the end or to where one was not finished. */
static int read_lines(struct journal *journal, FILE *file, char *reason)
{
	_cleanup_free_ char *text = NULL;
	size_t allocated = 0, number = 1;
	ssize_t n;

	journal->size = journal->header;
	while ((n = getline(&text, &allocated, file)) > 0 && text[n - 1] == '\n') {
		json_t *line = NULL;
		int r = parse_line(text, (size_t)n, &line);

		number++;
		if (r == 0)
			r = apply(journal, line, journal->size, (size_t)n);
		json_decref(line);
		if (r == -EBADMSG)
			snprintf(reason, JOURNAL_REASON_MAX, "line %zu is damaged", number);
		if (r < 0)
			return r;
		journal->size += (size_t)n;
	}
	return ferror(file) ? -EIO : 0;
}

static int load_file(struct journal *journal, int fd, char *reason)
{
	_cleanup_close_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *file;
	int r;

	if (copy < 0)
		return -errno;
	file = fdopen(copy, "r");
	if (!file)
		return -errno;
	steal_fd(&copy);
	r = fseeko(file, (off_t)journal->header, SEEK_SET) < 0 ? -errno : 0;
	if (r == 0)
		r = read_lines(journal, file, reason);
	fclose(file);
	return r;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool is_blank(int fd, char *text, size_t size, off_t *ret_size)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return true;
	*ret_size = st.st_size;
	return pread(fd, text, size, 0) > 0 && text[0] == '\0';
}

/* Return: true when what the header says can be read. */
static bool judge(struct candidate *candidate, off_t size, unsigned int max_version)
{
	if (candidate->version < 1)
		snprintf(candidate->reason, sizeof(candidate->reason),
			 "their first line is not that of rportd's records");
	else if (candidate->version > (json_int_t)max_version)
		snprintf(candidate->reason, sizeof(candidate->reason),
			 "a newer rportd wrote them, in version %" JSON_INTEGER_FORMAT
			 " (this one reads up to version %u)",
			 candidate->version, max_version);
	else if (size > (off_t)JOURNAL_MAX)
		snprintf(candidate->reason, sizeof(candidate->reason),
			 "they are longer than %u MiB", JOURNAL_MAX >> 20);
	else
		return true;
	return false;
}

static void examine(struct candidate *candidate, int fd, unsigned int max_version)
{
	char text[4096] = "", *end;
	off_t size = 0;
	json_t *header;

	*candidate = (struct candidate){ .blank = is_blank(fd, text, sizeof(text), &size) };
	if (candidate->blank)
		return;
	end = memchr(text, '\n', sizeof(text));
	candidate->header = end ? (size_t)(end - text) + 1 : 0;
	header = json_loadb(text, candidate->header, 0, NULL);
	candidate->version = json_integer_value(json_object_get(header, "rport-state"));
	candidate->generation = json_integer_value(json_object_get(header, "generation"));
	json_decref(header);
	candidate->bad = !judge(candidate, size, max_version);
}

/* Make the file that is not active an empty one, or another one when that cannot be. */
static int clear_other(struct journal *journal, int *other)
{
	struct stat st;
	int fd;

	if (*other < 0 || fstat(*other, &st) < 0 || !S_ISREG(st.st_mode) ||
	    ftruncate(*other, 0) < 0) {
		fd = memfd_new("rport-state");
		if (fd < 0)
			return fd;
		safe_close(*other);
		*other = fd;
	}
	journal->fds[1 - journal->active] = steal_fd(other);
	return 0;
}

static int load_candidate(const struct candidate *candidate, unsigned int version, int fds[],
			  unsigned int i, struct journal **ret, char *reason)
{
	_cleanup_(cleanup_journal) struct journal *journal = journal_alloc(version);
	int r;

	if (!journal)
		return -ENOMEM;
	journal->header = candidate->header;
	journal->generation = candidate->generation;
	journal->active = i;
	r = load_file(journal, fds[i], reason);
	if (r == 0)
		r = clear_other(journal, &fds[1 - i]);
	if (r < 0)
		return r;
	journal->fds[i] = steal_fd(&fds[i]);
	/* lines of this version are not to follow a header of an older one */
	if (candidate->version < (json_int_t)version)
		r = journal_compact(journal);
	if (r < 0)
		return r;
	*ret = steal_ptr(journal);
	return 0;
}

int journal_load(unsigned int version, int fds[static JOURNAL_FILES], struct journal **ret,
		 int *ret_bad, char reason[static JOURNAL_REASON_MAX])
{
	struct candidate candidates[JOURNAL_FILES];
	unsigned int newest;
	int bad = -1;

	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		examine(&candidates[i], fds[i], version);
	newest = candidates[1].generation > candidates[0].generation;
	for (unsigned int n = 0; n < JOURNAL_FILES; n++) {
		unsigned int i = n == 0 ? newest : 1 - newest;
		struct candidate *candidate = &candidates[i];
		int r = -EBADMSG;

		if (candidate->blank)
			continue;
		if (!candidate->bad)
			r = load_candidate(candidate, version, fds, i, ret, candidate->reason);
		if (r != -EBADMSG)
			return r;
		if (bad < 0)
			bad = (int)i;
	}
	snprintf(reason, JOURNAL_REASON_MAX, "%s",
		 bad < 0 ? "there are no records" : candidates[bad].reason);
	*ret_bad = bad;
	return -EBADMSG;
}
