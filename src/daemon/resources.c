/* SPDX-License-Identifier: ISC */

/* What the process needs before anything else: standard descriptors, and limits high enough. */

#include <fcntl.h>
#include <sys/resource.h>

#include "base/log.h"
#include "daemon/resources.h"

int resources_open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Raise a limit to @wanted where we may exceed the hard limit, else to the hard limit. */
static void raise_limit(int resource, rlim_t wanted, const char *name)
{
	struct rlimit limit, most = { .rlim_cur = wanted, .rlim_max = wanted };

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur >= wanted)
		return;
	if (setrlimit(resource, &most) == 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(resource, &limit) < 0)
		log_warning("cannot raise the limit of %s: %m", name);
}

void resources_raise_limits(void)
{
	struct rlimit files;

	/* each link takes two descriptors, and more for a moment while it is made */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0)
		raise_limit(RLIMIT_NOFILE, files.rlim_max, "open files");
	/* the queues of io_uring (datapath/ring.c); all processes of the user share this limit */
	raise_limit(RLIMIT_MEMLOCK, RLIM_INFINITY, "locked memory");
}
