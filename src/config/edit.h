/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_EDIT_H
#define RPORT_CONFIG_EDIT_H

/* Changes the text of a file so that it says another link; pure. */

#include <stddef.h>

/**
 * config_edit() - put what one text says into another
 * @old: the text of a file; ends with a NUL
 * @wanted: a text of config_format()
 *
 * A key that says the same stays where it is, as it is written. Others of those that config_format()
 * writes are changed, added or removed. All else stays: comments, blank lines, OnMissing=, and keys
 * and sections that are not known. What a reader would refuse stays, too: it takes reading the
 * result to know that it says @wanted.
 *
 * Return: the text, which the caller frees, or NULL when out of memory.
 */
char *config_edit(const char *old, const char *wanted);

#endif
