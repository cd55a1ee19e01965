/* SPDX-License-Identifier: ISC */

/* The network namespaces of ports. */

#include <fcntl.h>
#include <stdio.h>

#include "base/names.h"
#include "client.h"
#include "output.h"
#include "place.h"
#include "view.h"

/* VRFs without a namespace, and "default", are in that of the daemon. */
static int path_of_daemon(const struct ctl_options *options, char path[static NETNS_PATH_MAX])
{
	struct client_answer answer;
	enum ctl_status status = client_call_or_complain(options, "org.rportd.Manager.Status",
							 json_object(), &answer);

	if (status == STATUS_DONE)
		snprintf(path, NETNS_PATH_MAX, "/proc/%" JSON_INTEGER_FORMAT "/ns/net",
			 view_number(answer.parameters, "pid"));
	client_answer_release(&answer);
	return status == STATUS_DONE ? 0 : -EIO;
}

int place_open(const struct ctl_options *options, const char *domain)
{
	char path[NETNS_PATH_MAX];
	int r = netns_path_of_domain(domain, path);

	if (r < 0)
		output_error("cannot open the namespace of %s: it is not known where that is",
			     domain);
	else if (!*path)
		r = path_of_daemon(options, path);
	if (r < 0)
		return r;
	r = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r >= 0)
		return r;
	r = -errno;
	output_error("cannot open the namespace of %s, %s: %s", domain, path, strerror(-r));
	return r;
}
