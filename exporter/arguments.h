/* SPDX-License-Identifier: ISC */
#ifndef EXPORTER_ARGUMENTS_H
#define EXPORTER_ARGUMENTS_H

/* The command line of rport-exporter. */

#define EXPORTER_LISTEN_DEFAULT "127.0.0.1:9980"

/*
 * struct exporter_arguments - what was said
 * @listen: where to listen, when the service manager hands over no socket
 * @socket: of rportd; NULL: where it usually is
 */
struct exporter_arguments {
	const char *listen;
	const char *socket;
};

/**
 * exporter_arguments_parse() - read the command line
 * @argc: of main()
 * @argv: of main()
 * @ret: borrows from @argv
 *
 * Return: 1; 0 when all has been done (--help); or -EINVAL after having said what is wrong.
 */
int exporter_arguments_parse(int argc, char **argv, struct exporter_arguments *ret);

#endif
