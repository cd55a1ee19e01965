/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_INOTIFY_H
#define RPORT_KERNEL_INOTIFY_H

/* Watches of inotify(7) on directories whose file system may not answer. */

#include <sys/inotify.h>

#include "base/util.h"

/* A buffer for read(2) from an inotify descriptor; what does not fit is there the next time. */
union inotify_buffer {
	char bytes[16 * (sizeof(struct inotify_event) + 256)];
	struct inotify_event align;
};

/**
 * inotify_lay() - watch a directory, or go on watching it
 * @fd: of inotify_init1(2)
 * @path: of the directory, less than HELPER_ARGUMENT_MAX - 8 bytes
 * @mask: of events
 *
 * May be called by any thread.
 *
 * Return: the watch, the same one for the same directory; -ENAMETOOLONG; -ETIMEDOUT or -EAGAIN when the
 * file system does not answer within 250 ms (helper_run()); or another -errno of inotify_add_watch(2).
 */
int inotify_lay(int fd, const char *path, uint32_t mask);

#endif
