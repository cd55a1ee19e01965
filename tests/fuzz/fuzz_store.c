/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes what a former daemon left: the parts of an input are the two files of the journal, the
 * file of the counters, the names under which descriptors are passed, and what is put then.
 *
 * Properties: what cannot be read is set aside and the daemon begins with nothing; after any
 * start, a record that is put is there, and there again for the next daemon.
 */

#include <fcntl.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "port/spec-json.h"
#include "store/counters.h"
#include "store/journal.h"

#define FDS_START 3 /* SD_LISTEN_FDS_START */
#define PASSED    6 /* descriptors */
#define SLOTS     16

static char aside[64];

int LLVMFuzzerInitialize(int *argc _unused_, char ***argv _unused_)
{
	snprintf(aside, sizeof(aside), "/tmp/rport-fuzz-%d.aside", (int)getpid());
	return 0;
}

struct seen {
	unsigned int n;
	bool found;
};

/* What restore reads in a record. */
static void see_record(const char *key, json_t *value, void *userdata)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	struct seen *seen = userdata;
	struct rport_error err;

	fuzz_require(key && *key && json_is_object(value));
	(void)spec_json_read(value, &spec, &err);
	seen->n++;
	seen->found |= streq(key, "fuzz") && json_is_true(json_object_get(value, "put"));
}

/* Pass descriptors as systemd does: @files under their names, and again under those of @more, which
 * are separated by ':'. Without backslashes: sd_listen_fds_with_names(3) would refuse all names. */
static void pass(const int files[static 3], char *more)
{
	char number[16], names[1024] = "state-1:state-2:counters";
	unsigned int n = 3;
	char *name;

	for (char *c = strchr(more, '\\'); c; c = strchr(c, '\\'))
		*c = '/';
	while (n < PASSED && (name = strsep(&more, ":"))) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, ":%.255s", name);
		n++;
	}
	for (unsigned int i = 0; i < n; i++)
		fuzz_require(dup2(files[i % 3], FDS_START + (int)i) >= 0);
	snprintf(number, sizeof(number), "%d", (int)getpid());
	setenv("LISTEN_PID", number, 1);
	snprintf(number, sizeof(number), "%u", n);
	setenv("LISTEN_FDS", number, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

/* What a daemon does with what it was left. Return: the records. */
static struct seen run_daemon(const struct fuzz_input *script, bool expect_put)
{
	char name[STATE_NAME_MAX];
	struct state_handover handover = { 0 };
	struct counters *counters;
	struct seen seen = { 0 };
	struct state *state;
	unsigned int slot;

	fuzz_require(state_open(aside, &state, &handover) == 0);
	fuzz_require(!handover.unreadable || handover.reason[0]);
	fuzz_require(state_foreach(state, see_record, &seen) == 0);
	if (expect_put)
		fuzz_require(seen.found);
	if (counters_open(state, SLOTS, &counters) == 0) {
		(void)counters_take(counters, script->size > 0 ? script->data[0] : 0);
		if (counters_new(counters, 1, &slot) == 0)
			counters_of(counters, slot, 0)->packets++;
		(void)counters_absence(counters);
		counters_alive(counters);
		counters_close(counters);
	}
	for (int fd; (fd = state_next_fd(state, "port", name)) >= 0;)
		close(fd);
	(void)state_drop_rest(state);
	state_close(state);
	return seen;
}

/* A journal made of what was left, changed, and given to the next. */
static void run_journal(const int files[static 2], const struct fuzz_input *script)
{
	int fds[JOURNAL_FILES], bad = -1;
	char reason[JOURNAL_REASON_MAX];
	struct fuzz_input rest = *script;
	struct journal *journal = NULL;
	struct seen seen = { 0 };
	json_t *put = json_pack("{s:b}", "put", 1);

	for (int i = 0; i < JOURNAL_FILES; i++)
		fds[i] = fcntl(files[i], F_DUPFD_CLOEXEC, 10);
	if (journal_load(STATE_VERSION, fds, &journal, &bad, reason) < 0)
		fuzz_require(journal_new(STATE_VERSION, &journal) == 0);
	while (rest.size > 0) {
		char key[2] = { (char)fuzz_take_byte(&rest), '\0' };

		if (fuzz_take_byte(&rest) & 1)
			(void)journal_put(journal, key, put);
		else
			(void)journal_remove(journal, key);
	}
	fuzz_require(journal_put(journal, "fuzz", put) == 0);
	for (int i = 0; i < JOURNAL_FILES; i++) {
		safe_close(fds[i]);
		fds[i] = fcntl(journal_fd(journal, (unsigned int)i), F_DUPFD_CLOEXEC, 10);
	}
	journal_free(journal);
	fuzz_require(journal_load(STATE_VERSION, fds, &journal, &bad, reason) == 0);
	fuzz_require(journal_foreach(journal, see_record, &seen) == 0 && seen.found);
	journal_free(journal);
	json_decref(put);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size }, parts[5] = { 0 };
	int files[3], copies[3];
	char *names;

	for (size_t i = 0; i < ARRAY_SIZE(parts) && fuzz_take_part(&input, &parts[i]); i++)
		continue;
	for (int i = 0; i < 3; i++) {
		int fd = fuzz_memfd(&parts[i]);

		/* beyond those that pass() overwrites */
		files[i] = fcntl(fd, F_DUPFD_CLOEXEC, FDS_START + PASSED);
		fuzz_require(files[i] >= 0);
		if (fd != files[i])
			close(fd);
		copies[i] = i < 2 ? fuzz_memfd(&parts[i]) : -1;
		if (copies[i] >= 0 && copies[i] < FDS_START + PASSED) {
			fd = copies[i];
			copies[i] = fcntl(fd, F_DUPFD_CLOEXEC, FDS_START + PASSED);
			close(fd);
		}
	}
	/* without the seal against getting shorter, the counters are not taken over */
	(void)fcntl(files[2], F_ADD_SEALS, F_SEAL_SHRINK);
	names = fuzz_text(&parts[3]);
	pass(files, names);
	run_daemon(&parts[4], false);
	free(names);
	run_journal(copies, &parts[4]);
	for (int i = 0; i < 3; i++) {
		safe_close(files[i]);
		safe_close(copies[i]);
	}
	unlink(aside);
	return 0;
}
