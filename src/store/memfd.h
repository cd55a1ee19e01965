/* SPDX-License-Identifier: ISC */
#ifndef RPORT_STORE_MEMFD_H
#define RPORT_STORE_MEMFD_H

/* Memory that is a file, so that the descriptor store can keep it. */

#include <sys/mman.h>

#include "base/util.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/**
 * memfd_new() - make an empty memfd that may be sealed and never executed
 * @name: for /proc/PID/fd, see memfd_create(2)
 *
 * Return: the descriptor, or -errno of memfd_create(2): -EMFILE, -ENFILE, -ENOMEM.
 */
static inline int memfd_new(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL) /* Linux 6.2 and before do not know MFD_NOEXEC_SEAL */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

#endif
