/* SPDX-License-Identifier: ISC */
/*
 * Fuzzes NAME.rport and its drop-ins: the parts of an input are read one after the other into one
 * link.
 *
 * Properties: every message is fit to be shown; at most CONFIG_FAULTS_MAX and one of each severity
 * come of a file; a link without an error is written as a file that reads as the same link.
 */

#include "config/config-private.h"
#include "fuzz.h"
#include "port/spec-diff.h"

struct told {
	unsigned int n;
	bool errors;
};

static void problem(enum config_severity severity, const char *file, unsigned int line _unused_,
		    const char *message, void *userdata)
{
	struct told *told = userdata;

	fuzz_require(text_printable(message) && text_printable(file));
	told->n++;
	told->errors |= severity == CONFIG_ERROR;
}

static void read_file(struct config_draft *draft, struct told *told, const char *text, size_t size)
{
	unsigned int before = told->n;

	config_draft_read(draft, "/x/fuzz.rport", text, size);
	fuzz_require(told->n - before <= 2 * (CONFIG_FAULTS_MAX + 1));
}

/* A link may hold what a file cannot say (config_write() refuses it): only then may it differ. */
static void read_again(const struct link_spec *spec)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
	_cleanup_free_ char *text = config_format(spec);
	char difference[256];
	struct told told = { 0 };

	fuzz_require(text);
	draft.problem = problem;
	draft.userdata = &told;
	read_file(&draft, &told, text, strlen(text));
	config_draft_finish(&draft, "/x/fuzz.rport");
	fuzz_require(!draft.bad && !told.errors);
	fuzz_require(draft.spec.wait == spec->wait);
	for (int side = 0; side < 2; side++)
		fuzz_require(!port_spec_diff(&spec->ports[side], &draft.spec.ports[side],
					     difference, sizeof(difference)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_config_draft_ struct config_draft draft = CONFIG_DRAFT_INIT;
	struct fuzz_input input = { data, size }, part;
	struct told told = { 0 };

	draft.problem = problem;
	draft.userdata = &told;
	while (fuzz_take_part(&input, &part)) {
		_cleanup_free_ char *text = fuzz_copy(&part);

		read_file(&draft, &told, text, part.size);
	}
	config_draft_finish(&draft, "/x/fuzz.rport");
	fuzz_require(draft.bad == told.errors);
	if (!draft.bad)
		read_again(&draft.spec);
	return 0;
}
