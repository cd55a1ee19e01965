/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_RPORTD_H
#define RPORT_DAEMON_RPORTD_H

/* The daemon, for main() and for tests. */

/**
 * rportd_main() - run the daemon
 * @argc: of main()
 * @argv: of main()
 *
 * Return: the exit status: 0; 1: wrong arguments; 2: it could not start.
 */
int rportd_main(int argc, char *argv[]);

#endif
