/* SPDX-License-Identifier: ISC */

/* The network namespaces of ports. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/names.h"
#include "client.h"
#include "output.h"
#include "place.h"
#include "view.h"

static const char *after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* VRFs without a namespace, and "default", are in that of the daemon. */
static int path_of_daemon(const struct ctl_options *options, char path[static PATH_MAX])
{
	struct client_answer answer;
	enum ctl_status status = client_call_or_complain(options, "org.rportd.Manager.Status",
							 json_object(), &answer);

	if (status == STATUS_DONE)
		snprintf(path, PATH_MAX, "/proc/%" JSON_INTEGER_FORMAT "/ns/net",
			 view_number(answer.parameters, "pid"));
	client_answer_release(&answer);
	return status == STATUS_DONE ? 0 : -EIO;
}

static int find_path(const struct ctl_options *options, const char *domain,
		     char path[static PATH_MAX])
{
	const char *name = after(domain, "netns:"), *pid = after(domain, "pid:");
	_cleanup_free_ char *copy = NULL;
	char *slash;

	if (pid) {
		snprintf(path, PATH_MAX, "/proc/%s/ns/net", pid);
		return 0;
	}
	if (!name)
		return path_of_daemon(options, path);
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	/* of a VRF in it: "netns:NAME/vrf:NAME" */
	slash = strrchr(copy, '/');
	if (slash && after(slash, "/vrf:"))
		*slash = '\0';
	return netns_path(copy, path);
}

int place_open(const struct ctl_options *options, const char *domain)
{
	char path[PATH_MAX];
	int r = find_path(options, domain, path);

	if (r < 0)
		return r;
	r = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r >= 0)
		return r;
	r = -errno;
	output_error("cannot open the namespace of %s, %s: %s", domain, path, strerror(-r));
	return r;
}
