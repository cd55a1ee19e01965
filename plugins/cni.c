/* SPDX-License-Identifier: ISC */

/* rport-cni: a CNI plugin that joins containers to VRFs and namespaces by links of rportd. */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include <signal.h>
#include <stdio.h>

#include "cni.h"

static const struct {
	const char *name;
	int (*run)(const struct cni_request *request, struct cni_error *error);
} commands[] = {
	{ "ADD", cni_add }, { "DEL", cni_del },       { "CHECK", cni_check },
	{ "GC", cni_gc },   { "STATUS", cni_status },
};

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static int print_error(const char *version, const struct cni_error *error)
{
	(void)output_object(json_pack("{s:s, s:i, s:o, s:o}", "cniVersion", version, "code",
				      error->code, "msg", output_message(error->message), "details",
				      output_message(error->details)));
	return EXIT_FAILURE;
}

/* The cniVersion of the runtime is repeated; the answer does not depend on it. */
static int print_versions(const char *text, size_t size)
{
	char message[256];
	json_t *input = input_object(text, size, message, sizeof(message));
	const char *version = json_string_value(json_object_get(input, "cniVersion"));
	int r;

	r = output_object(json_pack("{s:s, s:o}", "cniVersion", version ? version : CNI_NEWEST,
				    "supportedVersions", cni_supported_versions()));
	json_decref(input);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const struct cni_environment *environment, char *text, size_t size)
{
	struct cni_error error = { 0 };
	struct cni_request request;
	int r;

	r = cni_request_read(environment, text, size, &request, &error);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(commands); i++)
		if (streq(request.environment.command, commands[i].name)) {
			r = commands[i].run(&request, &error);
			break;
		}
	if (r < 0)
		print_error(request.version, &error);
	cni_request_release(&request);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Without CNI_COMMAND: a person runs it, or a program that probes plugins. */
static int print_about(void)
{
	fputs("rport-cni " PACKAGE_VERSION ": a CNI plugin, which a container runtime runs; see "
	      "rport-cni(8)\n",
	      stderr);
	return EXIT_SUCCESS;
}

static int print_option(const char *option)
{
	if (streq(option, "-V") || streq(option, "--version")) {
		puts("rport-cni " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (streq(option, "-h") || streq(option, "--help")) {
		puts("Usage: CNI_COMMAND=COMMAND rport-cni <CONFIGURATION\n\n"
		     "A CNI plugin, which a container runtime runs: it joins containers to VRFs\n"
		     "and namespaces by links of rportd. See rport-cni(8).\n\n"
		     "  -h, --help     this\n"
		     "  -V, --version  the version");
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "rport-cni: \"%s\": there are no such arguments; see --help\n", option);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct cni_environment environment = {
		.command = variable("CNI_COMMAND"),
		.container = variable("CNI_CONTAINERID"),
		.netns = variable("CNI_NETNS"),
		.interface = variable("CNI_IFNAME"),
		.path = variable("CNI_PATH"),
	};
	struct cni_error error;
	char *text = NULL;
	size_t size = 0;
	int r;

	if (argc > 1)
		return print_option(argv[1]);
	if (!environment.command)
		return print_about();
	/* what ADD has made is removed if nobody reads its result */
	(void)signal(SIGPIPE, SIG_IGN);
	r = input_read(STDIN_FILENO, INPUT_MAX, &text, &size);
	if (r < 0) {
		cni_fail(&error, CNI_IO_FAILURE, "cannot read the network configuration", "%s",
			 r == -EMSGSIZE ? "it is longer than 4 MiB" : strerror(-r));
		return print_error(CNI_NEWEST, &error);
	}
	if (streq(environment.command, "VERSION")) {
		r = print_versions(text, size);
		free(text);
		return r;
	}
	return run(&environment, text, size);
}
