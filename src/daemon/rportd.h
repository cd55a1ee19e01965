/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DAEMON_RPORTD_H
#define RPORT_DAEMON_RPORTD_H

/**
 * rportd_main() - the daemon, from its arguments to its exit status
 */
int rportd_main(int argc, char *argv[]);

#endif
