/* SPDX-License-Identifier: ISC */

/* The table of engines: what --datapath accepts, and the order in which engines are tried. */

#include <stdio.h>

#include "datapath/engines.h"

/* The preferred engine first. Engines with a common first word ("uring-") stand together. */
static const struct engine_class *const engines[] = {
	&engine_batch,
	&engine_pending,
	&engine_epoll,
};

/* The length of the first word of a name: that of "uring" in "uring-batch". */
static int first_word(const char *name)
{
	return (int)strcspn(name, "-");
}

static bool allows(const char *choice, const struct engine_class *engine)
{
	int length = first_word(engine->name);

	return !choice || streq(choice, ENGINES_AUTO) || streq(choice, engine->name) ||
	       (strncmp(choice, engine->name, (size_t)length) == 0 && choice[length] == '\0');
}

const struct engine_class *engines_next(const char *choice, const struct engine_class *previous)
{
	bool passed = !previous;

	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		if (passed && allows(choice, engines[i]))
			return engines[i];
		passed = passed || engines[i] == previous;
	}
	return NULL;
}

/* Does row @i begin a group of engines, of which a choice can name the common first word? */
static bool begins_group(size_t i)
{
	int length = first_word(engines[i]->name);

	return engines[i]->name[length] != '\0' &&
	       (i == 0 || strncmp(engines[i]->name, engines[i - 1]->name, (size_t)length + 1) != 0);
}

const char *engines_format(bool needs, char buf[static ENGINES_TEXT_MAX])
{
	FILE *out = fmemopen(buf, ENGINES_TEXT_MAX, "w");

	buf[0] = '\0';
	if (!out)
		return buf;
	fputs(ENGINES_AUTO, out);
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++) {
		const struct engine_class *engine = engines[i];

		if (begins_group(i))
			fprintf(out, ", %.*s", first_word(engine->name), engine->name);
		fprintf(out, "%s%s", i + 1 < ARRAY_SIZE(engines) ? ", " : " or ", engine->name);
		if (needs && engine->needs)
			fprintf(out, " (%s)", engine->needs);
	}
	fclose(out);
	buf[ENGINES_TEXT_MAX - 1] = '\0';
	return buf;
}
