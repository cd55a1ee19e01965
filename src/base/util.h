/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_UTIL_H
#define RPORT_BASE_UTIL_H

/* Small things that every file may use: scope-bound cleanup, array and number helpers. */

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                       ((a) < (b) ? (a) : (b))
#define MAX(a, b)                       ((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define PLURAL(n)                       ((n) == 1 ? "" : "s")
#define STRINGIFY_(x)                   #x
#define STRINGIFY(x)                    STRINGIFY_(x)

#define _cleanup_(f)        __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _unused_            __attribute__((unused))

/**
 * steal_fd() - hand a descriptor over to a new owner
 * @fd: the variable that holds it; -1 afterwards
 *
 * Return: the descriptor.
 */
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Hand a cleanup-managed pointer over to a new owner. */
#define steal_ptr(ptr)                           \
	({                                       \
		__typeof__(ptr) stolen_ = (ptr); \
		(ptr) = NULL;                    \
		stolen_;                         \
	})

/**
 * safe_close() - close a descriptor and keep errno
 * @fd: a descriptor; if it is negative, nothing happens
 *
 * Return: -1, to store in place of the descriptor.
 */
static inline int safe_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return -1;
}

/**
 * cleanup_close() - close a descriptor at the end of its scope, for _cleanup_close_
 * @fd: the variable that holds it; negative: there is none
 */
static inline void cleanup_close(int *fd)
{
	safe_close(*fd);
}

/**
 * cleanup_free() - free memory at the end of its scope, for _cleanup_free_
 * @ptr: the address of the pointer
 */
static inline void cleanup_free(void *ptr)
{
	free(*(void **)ptr);
}

#define _cleanup_close_ _cleanup_(cleanup_close)
#define _cleanup_free_  _cleanup_(cleanup_free)

/**
 * streq() - compare two strings
 * @a: one
 * @b: the other
 *
 * Return: true when they are equal.
 */
static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/**
 * skip_prefix() - find what follows a prefix
 * @text: a string
 * @prefix: what it may begin with
 *
 * Return: the rest of @text; NULL when it begins with something else.
 */
static inline const char *skip_prefix(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/**
 * monotonic_ns() - read CLOCK_MONOTONIC
 *
 * Return: nanoseconds.
 */
static inline uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#define USEC_PER_SEC  UINT64_C(1000000)
#define USEC_PER_MSEC UINT64_C(1000)

/**
 * monotonic_usec() - read CLOCK_MONOTONIC
 *
 * Return: microseconds.
 */
static inline uint64_t monotonic_usec(void)
{
	return monotonic_ns() / 1000;
}

/**
 * usable_cpus() - count the CPUs that this process may use
 *
 * Return: the number, at least 1.
 */
static inline unsigned int usable_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ? 1 : (unsigned int)CPU_COUNT(&cpus);
}

#endif
