/* SPDX-License-Identifier: ISC */
#ifndef EXPORTER_LISTEN_H
#define EXPORTER_LISTEN_H

/* The listening socket of rport-exporter, when it is not handed over. */

/**
 * exporter_listen() - make a listening socket
 * @where: ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH
 *
 * A Unix socket that is there is replaced when nobody serves it.
 *
 * Return: an fd; or -errno after having said what is wrong.
 */
int exporter_listen(const char *where);

#endif
