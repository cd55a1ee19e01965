/* SPDX-License-Identifier: ISC */

/* Running a delegated plugin. */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "ipam.h"

#define RESULT_MAX    ((size_t)1024 * 1024)
#define DEADLINE_SECS 120 /* a DHCP server may let it wait */

/* The program in the first directory of CNI_PATH that has it. */
static int find_program(const struct cni_request *request, char path[static PATH_MAX])
{
	const char *directory = request->environment.path ? request->environment.path : "";

	while (*directory) {
		size_t length = strcspn(directory, ":");

		if (*directory == '/' &&
		    snprintf(path, PATH_MAX, "%.*s/%s", (int)length, directory, request->ipam) <
			    PATH_MAX &&
		    access(path, X_OK) == 0)
			return 0;
		directory += length;
		directory += *directory == ':';
	}
	return -ENOENT;
}

/* A file, which it can read at its leisure, where a pipe would want us to write meanwhile. */
static int config_fd(const struct cni_request *request)
{
	int fd = memfd_create("cni-config", MFD_CLOEXEC);
	size_t written = 0;
	ssize_t n;

	while (fd >= 0 && written < request->size) {
		n = write(fd, request->text + written, request->size - written);
		if (n < 0)
			return safe_close(fd);
		written += (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Return: its process number, or -errno. */
static pid_t spawn(const char *path, const char *name, int input, int output)
{
	char *argv[] = { (char *)name, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(&pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? pid : -r;
}

/* Its exit status; -1: it was killed. */
static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_program(const struct cni_request *request, const char *path, char **ret,
		       size_t *size, int *ret_status)
{
	uint64_t deadline = monotonic_ns() + DEADLINE_SECS * UINT64_C(1000000000);
	_cleanup_close_ int input = config_fd(request);
	_cleanup_close_ int reading = -1;
	int fds[2], r;
	pid_t pid;

	if (input < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	reading = fds[0];
	pid = spawn(path, request->ipam, input, fds[1]);
	close(fds[1]);
	if (pid < 0)
		return pid;
	r = input_read(reading, RESULT_MAX, deadline, ret, size);
	if (r < 0)
		(void)kill(pid, SIGKILL);
	*ret_status = wait_for(pid);
	return r;
}

/* What it wrote as its error is passed on, so that the runtime sees the code. */
static int fail_with(const struct cni_request *request, int status, const json_t *output,
		     struct cni_error *error)
{
	const json_t *code = json_object_get(output, "code");
	const char *message = json_string_value(json_object_get(output, "msg"));
	const char *details = json_string_value(json_object_get(output, "details"));

	if (json_is_integer(code) && message) {
		cni_fail(error, CNI_DELEGATE, message, "%s", details ? details : "");
		error->code = (int)json_integer_value(code);
		return -EINVAL;
	}
	return cni_fail(error, CNI_DELEGATE, "the IPAM plugin failed", "%.64s %s %d", request->ipam,
			status < 0 ? "was killed:" : "ended with status", status);
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
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX], message[256] = "";
	json_t *output;
	int status = -1, r;
	size_t size = 0;

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
	r = run_program(request, path, &text, &size, &status);
	if (r < 0)
		return cni_fail(error, CNI_IO_FAILURE, "cannot run the IPAM plugin", "%.256s: %s",
				path, strerror(-r));
	output = input_object(text, size, message, sizeof(message));
	if (status != 0) {
		r = fail_with(request, status, output, error);
		json_decref(output);
		return r;
	}
	return take_result(request, output, ret, message, error);
}
