/* SPDX-License-Identifier: ISC */

/* The command line of rport-exporter. */

#ifdef HAVE_CONFIG_H
#include "build-config.h"
#endif

#include <getopt.h>
#include <stdio.h>

#include "arguments.h"
#include "base/util.h"

static const struct option options[] = {
	{ "listen", required_argument, NULL, 'l' },
	{ "socket", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void print_help(void)
{
	puts("Usage: rport-exporter [OPTION...]\n\n"
	     "Serves the metrics of rportd over HTTP, at /metrics, and its own health at\n"
	     "/healthz.\n\n"
	     "  --listen ADDRESS:PORT  where to listen (" EXPORTER_LISTEN_DEFAULT
	     "), [ADDRESS]:PORT for\n"
	     "                         IPv6, or unix:PATH; not used when the service\n"
	     "                         manager hands over sockets\n"
	     "  --socket PATH          where rportd listens\n"
	     "  -h, --help             this\n"
	     "  -V, --version          the version");
}

int exporter_arguments_parse(int argc, char **argv, struct exporter_arguments *ret)
{
	struct exporter_arguments arguments = { .listen = EXPORTER_LISTEN_DEFAULT };
	int option;

	while ((option = getopt_long(argc, argv, "hV", options, NULL)) >= 0)
		switch (option) {
		case 'l':
			arguments.listen = optarg;
			break;
		case 's':
			arguments.socket = optarg;
			break;
		case 'h':
			print_help();
			return 0;
		case 'V':
			puts("rport-exporter " PACKAGE_VERSION);
			return 0;
		default: /* getopt_long() has said what is wrong */
			return -EINVAL;
		}
	if (optind < argc) {
		fprintf(stderr,
			"rport-exporter: \"%s\": there is nothing but options; see --help\n",
			argv[optind]);
		return -EINVAL;
	}
	*ret = arguments;
	return 1;
}
