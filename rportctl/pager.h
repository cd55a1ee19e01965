/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_PAGER_H
#define RPORTCTL_PAGER_H

/*
 * Long output on a terminal goes through a pager, as that of systemctl(1) and networkctl(1) does:
 * the one in $SYSTEMD_PAGER, or else $PAGER, or else less(1), or more(1) where that is missing. An
 * empty value, "cat" or --no-pager: none.
 */

#include "rportctl.h"

/**
 * pager_open() - send what is printed from now on through a pager
 * @options: of them, whether to do without
 *
 * Nothing happens where standard output or standard input is no terminal, or no pager starts.
 */
void pager_open(const struct ctl_options *options);

/**
 * pager_is_open() - tell whether standard output is a pipe to the pager
 *
 * Return: true from pager_open() to pager_close().
 */
bool pager_is_open(void);

/**
 * pager_close() - write what is buffered, and wait until the reader leaves the pager
 *
 * Return: true; false when there was no pager.
 */
bool pager_close(void);

#endif
