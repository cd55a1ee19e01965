/* SPDX-License-Identifier: ISC */
/*
 * main() of a fuzzer that is built without libFuzzer: run each input once.
 *
 *	fuzz_NAME [FILE|DIRECTORY...]
 *
 * Without arguments, the inputs are those of the tree, $srcdir/tests/fuzz/seeds/NAME and
 * .../regressions/NAME: so `make check` replays, with any compiler, what a fuzzer once found.
 */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "fuzz.h"

#define INPUT_MAX (1024 * 1024) /* bytes of an input */

/* A fuzzer without LLVMFuzzerInitialize() needs nothing before its first input. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc _unused_, char ***argv _unused_)
{
	return 0;
}

static unsigned int n_inputs;

static void replay_file(const char *path)
{
	uint8_t *data = malloc(INPUT_MAX);
	FILE *file = fopen(path, "re");
	struct fuzz_input input;

	fuzz_require(data && file);
	input = (struct fuzz_input){ data, fread(data, 1, INPUT_MAX, file) };
	fuzz_require(!ferror(file));
	fclose(file);
	printf("%s\n", path);
	fflush(stdout);
	{
		_cleanup_free_ uint8_t *exact = fuzz_copy(&input);

		LLVMFuzzerTestOneInput(exact, input.size);
	}
	free(data);
	n_inputs++;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay_directory(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_visible, alphasort);

	fuzz_require(n >= 0);
	for (int i = 0; i < n; i++) {
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		replay_file(file);
		free(entries[i]);
	}
	free(entries);
}

static void replay(const char *path)
{
	struct stat st;

	fuzz_require(stat(path, &st) == 0);
	if (S_ISDIR(st.st_mode))
		replay_directory(path);
	else
		replay_file(path);
}

/* A target need not have regressions; it has seeds. */
static void replay_tree(const char *program)
{
	const char *top = getenv("srcdir"), *name = strstr(program, "fuzz_");
	char path[PATH_MAX];

	fuzz_require(name);
	name += strlen("fuzz_");
	if (!top)
		top = ".";
	snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%s", top, name);
	replay(path);
	snprintf(path, sizeof(path), "%s/tests/fuzz/regressions/%s", top, name);
	if (access(path, F_OK) == 0)
		replay(path);
}

int main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc < 2)
		replay_tree(program_invocation_short_name);
	printf("%u inputs\n", n_inputs);
	return n_inputs > 0 ? 0 : 1;
}
