/* SPDX-License-Identifier: ISC */
#ifndef RPORT_FUZZ_H
#define RPORT_FUZZ_H

/*
 * What the fuzzers share. Each is one file with LLVMFuzzerTestOneInput() of libFuzzer, linked with
 * libFuzzer (configure --enable-fuzzers) or with replay.c, which runs the inputs of the tree.
 *
 * An input that has several parts (frames, files, answers) is a text with the byte FUZZ_CUT
 * between them: it is in no UTF-8, so a mutation of one part stays in it, and a part cannot have
 * it by accident.
 */

#include <stdio.h>

#include "base/util.h"

#define FUZZ_CUT 0xff

/* Called by libFuzzer and replay.c. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that has to hold for every input; its failure is a finding, in builds without
 * assertions, too. */
#define fuzz_require(condition)                                                                  \
	do {                                                                                     \
		if (!(condition)) {                                                              \
			dprintf(STDERR_FILENO, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
				#condition);                                                     \
			abort();                                                                 \
		}                                                                                \
	} while (0)

/* What of an input has not been taken yet. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/**
 * fuzz_take_part() - take everything up to the next FUZZ_CUT, which is dropped
 * @input: shortened by what is taken
 * @ret: the part, without the FUZZ_CUT; may be empty
 *
 * Return: false when @input is at its end.
 */
bool fuzz_take_part(struct fuzz_input *input, struct fuzz_input *ret);

/**
 * fuzz_take_byte() - take one byte
 * Return: the byte, 0 at the end of @input.
 */
uint8_t fuzz_take_byte(struct fuzz_input *input);

/**
 * fuzz_copy() - a copy in a block of exactly its size, so that AddressSanitizer sees each byte read
 * beyond it
 *
 * Return: the copy, for free(3).
 */
void *fuzz_copy(const struct fuzz_input *input);

/**
 * fuzz_text() - the same as a string, which ends at the first NUL
 * Return: the string, for free(3).
 */
char *fuzz_text(const struct fuzz_input *input);

/**
 * fuzz_memfd() - a memory file that holds the input
 * Return: the descriptor, for close(2).
 */
int fuzz_memfd(const struct fuzz_input *input);

/**
 * fuzz_count_entries() - count the entries of a directory
 * @directory: for example "/proc/self/fd"
 *
 * Return: how many there are.
 */
unsigned int fuzz_count_entries(const char *directory);

/**
 * fuzz_be_quiet() - send what the code under test prints to /dev/null, and log nothing
 *
 * Reports of sanitizers and of libFuzzer go to descriptor 2, past stdio, and are seen.
 */
void fuzz_be_quiet(void);

/**
 * fuzz_skip() - end the program, for this machine or user cannot run it
 * @reason: printed
 *
 * The status is 77, which Automake counts as skipped.
 */
void fuzz_skip(const char *reason) __attribute__((noreturn));

#endif
