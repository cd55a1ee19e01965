/* SPDX-License-Identifier: ISC */

/* Running a delegated plugin. */

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ipam.h"
#include "tool.h"

#define DEADLINE_SECS 120 /* a DHCP server may let it wait */

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The program in the first directory of CNI_PATH that has it. */
static int find_program(const struct cni_request *request, char path[static PATH_MAX])
{
	const char *directory = request->environment.path ? request->environment.path : "";

	while (*directory) {
		size_t length = strcspn(directory, ":");

		if (*directory == '/' &&
		    snprintf(path, PATH_MAX, "%.*s/%s", (int)length, directory, request->ipam) <
			    PATH_MAX &&
		    is_program(path))
			return 0;
		directory += length;
		directory += *directory == ':';
	}
	return -ENOENT;
}

static const char *why_not_run(int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return "it did not end within " STRINGIFY(DEADLINE_SECS) " s";
	case -E2BIG:
		return "it wrote more than 1 MiB";
	case -EINTR:
		return "it was killed";
	default:
		return strerror(-r);
	}
}

/* What it wrote as its error is passed on, so that the runtime sees the code. */
static int fail_with(const struct cni_request *request, int status, const json_t *output,
		     struct cni_error *error)
{
	json_int_t number = json_integer_value(json_object_get(output, "code"));
	const char *message = json_string_value(json_object_get(output, "msg"));
	const char *details = json_string_value(json_object_get(output, "details"));

	if (number > 0 && number <= INT_MAX && message)
		return cni_fail(error, (enum cni_code)number, message, "%s",
				details ? details : "");
	return cni_fail(error, CNI_DELEGATE, "the IPAM plugin failed", "%.64s ended with status %d",
			request->ipam, status);
}

/* Only ADD has a result. */
static int take_result(const struct cni_request *request, json_t *output, json_t **ret,
		       const char *message, struct cni_error *error)
{
	if (!ret) {
		json_decref(output);
		return 0;
	}
	if (!output)
		return cni_fail(error, CNI_CANNOT_DECODE,
				"cannot read the result of the IPAM plugin", "%.64s: %s",
				request->ipam, message);
	*ret = output;
	return 0;
}

int ipam_run(const struct cni_request *request, const char *command, json_t **ret,
	     struct cni_error *error)
{
	char path[PATH_MAX], message[256] = "";
	const char *const argv[] = { path, NULL };
	const struct tool_call call = { .argv = argv,
					.input = request->text,
					.input_size = request->size,
					.share_stderr = true,
					.msec = DEADLINE_SECS * 1000 };
	struct tool_answer answer;
	json_t *output;
	int r;

	if (ret)
		*ret = NULL;
	if (!request->ipam)
		return 0;
	if (find_program(request, path) < 0)
		return cni_fail(error, CNI_INVALID_CONFIG, "the IPAM plugin is missing",
				"there is no %.64s in CNI_PATH=%.256s", request->ipam,
				request->environment.path ? request->environment.path : "");
	if (setenv("CNI_COMMAND", command, 1) < 0)
		return cni_no_memory(error);
	r = tool_ask(&call, &answer);
	if (r < 0)
		return cni_fail(error, CNI_IO_FAILURE, "cannot run the IPAM plugin", "%.256s: %s",
				path, why_not_run(r));
	output = input_object(answer.output, strlen(answer.output), message, sizeof(message));
	tool_answer_release(&answer);
	if (r > 0) {
		r = fail_with(request, r, output, error);
		json_decref(output);
		return r;
	}
	return take_result(request, output, ret, message, error);
}
