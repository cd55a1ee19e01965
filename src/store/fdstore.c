/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * The store is systemd's, see sd_pid_notify_with_fds(3) and FileDescriptorStoreMax= in
 * systemd.service(5). It takes descriptors with a name while we run, and the next daemon gets all
 * of them with their names in $LISTEN_FDNAMES, mixed with the sockets of socket activation. In it
 * are the two files of the journal (journal.c), "state-1" and "state-2", which never change once
 * they are there, and what others store by state_store_fd().
 *
 * Storing sends a datagram to the service manager, without a reply. That is enough: when sendmsg()
 * returns, the datagram and its descriptors are in the receive queue of the manager's socket, where
 * they stay even if the sender is killed. The manager reads that queue before it looks which of its
 * children died (its notify socket has the higher priority in its event loop, so that it can still
 * tell which service a message is from). So we do not use sd_notify_barrier(3), which costs a round
 * trip to a busy process for each descriptor. In neither case do we learn that the store is full:
 * FileDescriptorStoreMax= must be large enough for all ports.
 *
 * FDPOLL=0 (systemd 246) keeps the manager from polling stored descriptors. Polling, it would drop
 * a TUN whose device was removed, but it misses most removals, so that we have to check anyway; and
 * every packet that is queued on a port would wake it.
 *
 * A name is not a key for systemd, which keeps a second descriptor of the same name beside the
 * first. So descriptors of that name are removed before. (One message with both FDSTOREREMOVE=1 and
 * FDSTORE=1 only removes.) Of one open file systemd keeps one descriptor, the first, whatever name
 * the others have.
 */

#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/entry.h"
#include "base/notify.h"
#include "store/journal.h"
#include "store/fdstore.h"

_Static_assert(STATE_KEY_MAX == JOURNAL_KEY_MAX, "a key of the state is one of the journal");

/*
 * What the names in the store may take in $LISTEN_FDNAMES, each with a colon: MAX_ARG_STRLEN of
 * execve(2), less what else is in that string, the names of sockets.
 */
#define NAMES_MAX (128 * 1024 - 1024)

/* A descriptor that was passed to us. */
struct inherited {
	char *name;
	int fd; /* -1: it was taken */
};

struct state {
	bool kept;
	struct journal *journal;
	struct inherited *inherited; /* by name */
	size_t n_inherited;
	void *names; /* tree of those in the store */
	size_t names_size;
};

static const char *const journal_names[JOURNAL_FILES] = { "state-1", "state-2" };

/* --- the store -------------------------------------------------------------------------------- */

/*
 * Is there a store? From systemd 254 on, $FDSTORE says how many descriptors it takes; before, and
 * with other managers, nobody says that there is none.
 */
static bool have_store(void)
{
	const char *limit = getenv("FDSTORE");

	return getenv("NOTIFY_SOCKET") && !(limit && streq(limit, "0"));
}

static bool name_valid(const char *name)
{
	size_t length = strnlen(name, STATE_NAME_MAX);

	for (size_t i = 0; i < length; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == ':')
			return false;
	return length > 0 && length < STATE_NAME_MAX;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int note_name(struct state *state, const char *name)
{
	size_t size = strlen(name) + 1;
	char *copy;

	if (tfind(name, &state->names, compare_names))
		return 0;
	if (state->names_size + size > NAMES_MAX)
		return -ENOSPC;
	copy = strdup(name);
	if (!copy || !tsearch(copy, &state->names, compare_names)) {
		free(copy);
		return -ENOMEM;
	}
	state->names_size += size;
	return 0;
}

static void forget_name(struct state *state, const char *name)
{
	char *const *found = tfind(name, &state->names, compare_names);
	char *copy;

	if (!found)
		return;
	copy = *found;
	tdelete(name, &state->names, compare_names);
	state->names_size -= strlen(copy) + 1;
	free(copy);
}

/* Return: 0 or -errno; a name that is passed by the manager may be longer than ours. */
static int send_remove(const char *name)
{
	return notify_sendf(NOTIFY_WAIT, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

static int send_store(const char *name, int fd)
{
	char message[sizeof("FDSTORE=1\nFDPOLL=0\nFDNAME=") + STATE_NAME_MAX];

	snprintf(message, sizeof(message), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
	return notify_send(message, fd, NOTIFY_WAIT);
}

/* --- inherited descriptors -------------------------------------------------------------------- */

static int compare_inherited(const void *a, const void *b)
{
	const struct inherited *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Return: the first one whose name is not before @name. */
static size_t lower_bound(const struct state *state, const char *name)
{
	size_t low = 0, high = state->n_inherited;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(state->inherited[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void free_names(char **names)
{
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
}

static void close_passed(int n)
{
	for (int i = 0; i < n; i++)
		close(SD_LISTEN_FDS_START + i);
}

/* sd_listen_fds_with_names() sets FD_CLOEXEC. */
static int inherit(struct state *state)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	if (n <= 0)
		return n;
	state->inherited = calloc((size_t)n, sizeof(*state->inherited));
	if (!state->inherited) {
		free_names(names);
		close_passed(n);
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++)
		state->inherited[i] = (struct inherited){ names[i], SD_LISTEN_FDS_START + i };
	state->n_inherited = (size_t)n;
	free(names);
	/* of a socket that systemd listens on for us, too, which is as well */
	for (size_t i = 0; i < state->n_inherited; i++)
		(void)note_name(state, state->inherited[i].name);
	qsort(state->inherited, state->n_inherited, sizeof(*state->inherited), compare_inherited);
	return 0;
}

/* Close inherited descriptors of a name that were not taken: the store drops them. */
static void forget_inherited(struct state *state, const char *name)
{
	for (size_t i = lower_bound(state, name);
	     i < state->n_inherited && streq(state->inherited[i].name, name); i++)
		state->inherited[i].fd = safe_close(state->inherited[i].fd);
}

/* Return: NULL when there is none. */
static struct inherited *find_inherited(const struct state *state, const char *name)
{
	for (size_t i = lower_bound(state, name);
	     i < state->n_inherited && streq(state->inherited[i].name, name); i++)
		if (state->inherited[i].fd >= 0)
			return &state->inherited[i];
	return NULL;
}

int state_find_fd(const struct state *state, const char *name)
{
	const struct inherited *inherited = find_inherited(state, name);

	return inherited ? inherited->fd : -ENOENT;
}

int state_take_fd(struct state *state, const char *name)
{
	struct inherited *inherited = find_inherited(state, name);

	return inherited ? steal_fd(&inherited->fd) : -ENOENT;
}

int state_next_fd(struct state *state, const char *prefix, char ret_name[static STATE_NAME_MAX])
{
	size_t length = strlen(prefix);

	for (size_t i = lower_bound(state, prefix); i < state->n_inherited; i++) {
		struct inherited *inherited = &state->inherited[i];

		if (strncmp(inherited->name, prefix, length) != 0)
			break;
		if (inherited->fd < 0 || strlen(inherited->name) >= STATE_NAME_MAX)
			continue;
		strcpy(ret_name, inherited->name);
		return steal_fd(&inherited->fd);
	}
	return -ENOENT;
}

static void remove_stored(struct state *state, const char *name)
{
	if (state->kept)
		(void)send_remove(name);
	forget_name(state, name);
}

/*
 * To remove the name of a socket that systemd listens on for us does nothing: that is not in the
 * store. A name of which somebody has another descriptor stays.
 */
unsigned int state_drop_rest(struct state *state)
{
	const char *taken = NULL;
	unsigned int n = 0;

	for (size_t i = 0; i < state->n_inherited; i++) {
		struct inherited *inherited = &state->inherited[i];

		if (inherited->fd < 0) {
			taken = inherited->name;
			continue;
		}
		if (!(taken && streq(taken, inherited->name)))
			remove_stored(state, inherited->name);
		inherited->fd = safe_close(inherited->fd);
		n++;
	}
	return n;
}

/* --- storing ---------------------------------------------------------------------------------- */

int state_store_fd(struct state *state, const char *name, int fd)
{
	int r;

	if (!name_valid(name) || fd < 0)
		return -EINVAL;
	forget_inherited(state, name);
	if (!state->kept)
		return 0;
	r = note_name(state, name);
	if (r == 0)
		r = send_remove(name);
	if (r == 0)
		r = send_store(name, fd);
	return r;
}

void state_drop_fd(struct state *state, const char *name)
{
	forget_inherited(state, name);
	remove_stored(state, name);
}

bool state_is_kept(const struct state *state)
{
	return state->kept;
}

/* --- records ---------------------------------------------------------------------------------- */

int state_put(struct state *state, const char *key, json_t *value)
{
	int r = journal_put(state->journal, key, value);

	json_decref(value);
	return r;
}

int state_remove(struct state *state, const char *key)
{
	return journal_remove(state->journal, key);
}

int state_foreach(struct state *state, void (*fn)(const char *key, json_t *value, void *userdata),
		  void *userdata)
{
	return journal_foreach(state->journal, fn, userdata);
}

/* --- begin and end ---------------------------------------------------------------------------- */

static int copy_file(int from, int to)
{
	char buffer[16384];
	off_t offset = 0;
	ssize_t n;

	while (offset < (off_t)JOURNAL_MAX) {
		n = pread(from, buffer, sizeof(buffer), offset);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		n = write(to, buffer, (size_t)n);
		if (n < 0)
			return -errno;
		offset += n;
	}
	return 0;
}

/*
 * Write what cannot be read to a file, for people to look at. It is always a new one: what is there
 * may be a link, by which the owner of the directory wants us to overwrite another file.
 */
static int put_aside(const char *path, int from)
{
	_cleanup_entry_ struct dir_entry entry = ENTRY_INIT;
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	r = entry_open(path, &entry);
	if (r >= 0)
		r = entry_stat(&entry, &st);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r >= 0 && (!S_ISREG(st.st_mode) || unlinkat(entry.directory, entry.name, 0) < 0))
		return -EEXIST;
	fd = openat(entry.directory, entry.name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	entry_claim(&entry, &st);
	r = copy_file(from, fd);
	if (r < 0)
		(void)entry_remove(&entry); /* half of it would be taken for the whole */
	return r;
}

static int begin_anew(struct state *state, const char *aside_path, int unreadable,
		      struct state_handover *handover)
{
	handover->unreadable = true;
	if (unreadable >= 0 && strlen(aside_path) < sizeof(handover->aside) &&
	    put_aside(aside_path, unreadable) == 0)
		strcpy(handover->aside, aside_path);
	return journal_new(STATE_VERSION, &state->journal);
}

/* Without a manager that listens there is no store, whatever the environment says. */
static void store_journal(struct state *state, const bool stored[static JOURNAL_FILES])
{
	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		if (!stored[i] && state->kept &&
		    state_store_fd(state, journal_names[i], journal_fd(state->journal, i)) < 0)
			state->kept = false;
}

static int open_journal(struct state *state, const char *aside_path,
			struct state_handover *handover)
{
	int fds[JOURNAL_FILES], taken[JOURNAL_FILES], bad = -1, r;
	bool stored[JOURNAL_FILES];
	char reason[JOURNAL_REASON_MAX];

	for (unsigned int i = 0; i < JOURNAL_FILES; i++) {
		fds[i] = taken[i] = state_take_fd(state, journal_names[i]);
		handover->inherited |= fds[i] >= 0;
	}
	if (handover->inherited)
		r = journal_load(STATE_VERSION, fds, &state->journal, &bad, reason);
	else
		r = journal_new(STATE_VERSION, &state->journal);
	if (r == -EBADMSG) {
		snprintf(handover->reason, sizeof(handover->reason), "%s", reason);
		r = begin_anew(state, aside_path, bad >= 0 ? fds[bad] : -1, handover);
	}
	for (unsigned int i = 0; r == 0 && i < JOURNAL_FILES; i++)
		stored[i] = taken[i] >= 0 && journal_fd(state->journal, i) == taken[i];
	if (r == 0)
		store_journal(state, stored);
	for (unsigned int i = 0; i < JOURNAL_FILES; i++)
		safe_close(fds[i]);
	return r;
}

static void cleanup_state(struct state **state)
{
	state_close(*state);
}

int state_open(const char *aside_path, struct state **ret, struct state_handover *ret_handover)
{
	_cleanup_(cleanup_state) struct state *state = calloc(1, sizeof(*state));
	struct state_handover handover = { 0 };
	int r;

	if (!state)
		return -ENOMEM;
	state->kept = have_store();
	r = inherit(state);
	if (r == 0)
		r = open_journal(state, aside_path, &handover);
	if (r < 0)
		return r;
	*ret = steal_ptr(state);
	*ret_handover = handover;
	return 0;
}

void state_close(struct state *state)
{
	if (!state)
		return;
	for (size_t i = 0; i < state->n_inherited; i++) {
		free(state->inherited[i].name);
		safe_close(state->inherited[i].fd);
	}
	free(state->inherited);
	tdestroy(state->names, free);
	journal_free(state->journal);
	free(state);
}
