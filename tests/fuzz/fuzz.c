/* SPDX-License-Identifier: ISC */
/* What the fuzzers share: taking an input apart. See fuzz.h. */

#include <dirent.h>
#include <sys/mman.h>

#include "base/log.h"
#include "fuzz.h"

bool fuzz_take_part(struct fuzz_input *input, struct fuzz_input *ret)
{
	const uint8_t *cut;

	if (input->size == 0)
		return false;
	cut = memchr(input->data, FUZZ_CUT, input->size);
	ret->data = input->data;
	ret->size = cut ? (size_t)(cut - input->data) : input->size;
	input->data += ret->size + (cut ? 1 : 0);
	input->size -= ret->size + (cut ? 1 : 0);
	return true;
}

uint8_t fuzz_take_byte(struct fuzz_input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

void *fuzz_copy(const struct fuzz_input *input)
{
	void *copy = malloc(MAX(input->size, 1u));

	fuzz_require(copy);
	if (input->size > 0)
		memcpy(copy, input->data, input->size);
	return copy;
}

char *fuzz_text(const struct fuzz_input *input)
{
	char *text = input->size > 0 ? strndup((const char *)input->data, input->size) : strdup("");

	fuzz_require(text);
	return text;
}

int fuzz_memfd(const struct fuzz_input *input)
{
	int fd = memfd_create("rport-fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	fuzz_require(fd >= 0);
	fuzz_require(write(fd, input->data, input->size) == (ssize_t)input->size);
	return fd;
}

unsigned int fuzz_count_entries(const char *directory)
{
	DIR *dir = opendir(directory);
	unsigned int n = 0;

	fuzz_require(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

void fuzz_be_quiet(void)
{
	FILE *null = fopen("/dev/null", "we");

	fuzz_require(null);
	stdout = null;
	stderr = null;
	log_set_level(LOG_EMERG);
}

void fuzz_skip(const char *reason)
{
	fprintf(stderr, "skipped: %s\n", reason);
	exit(77);
}
