/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_ESCAPE_H
#define RPORT_BASE_ESCAPE_H

/*
 * One form for text that other users choose (names of interfaces and files), used in JSON, the log,
 * files and on terminals: a byte that is not printable is written "\xNN", with two lower-case
 * hexadecimal digits, and a backslash is written "\x5c". The program keeps names as the kernel has
 * them; it escapes a text once, where the text leaves, and decodes it once, where it comes in.
 */

#include <jansson.h>

#include "base/util.h"

/* Bytes of buffer in which @length bytes of text fit when escaped, with the NUL. */
#define ESCAPED_SIZE(length) (4 * (length) + 1)

enum escape_flags {
	ESCAPE_BACKSLASH = 1 << 0, /* also backslashes: escape_undo() gives the same text again */
	ESCAPE_BLANK = 1 << 1,     /* also spaces */
	ESCAPE_KEEP_LINES = 1 << 2 /* but not line feeds and tabs */
};

/**
 * utf8_decode() - read one character of UTF-8 (RFC 3629)
 * @text: ends with a NUL
 * @ret: the character, untouched on failure
 *
 * Return: the length of the character in bytes, or 0 when no valid character begins at @text.
 */
size_t utf8_decode(const char *text, uint32_t *ret);

/**
 * escape_into() - write text in its escaped form into a buffer
 * @buf: is always NUL-terminated; text that does not fit is cut before an escaped byte or a
 *       character, never inside one
 * @size: of @buf in bytes, at least 1
 * @text: any bytes
 * @flags: of enum escape_flags
 *
 * What is escaped: bytes that are not UTF-8, control characters (C0, DEL, C1), and characters that
 * are invisible or change the direction of the text, since they make one name look like another.
 *
 * Return: the length of what is in @buf, in bytes.
 */
size_t escape_into(char *buf, size_t size, const char *text, unsigned int flags);

/**
 * escape_text() - write text in its escaped form into new memory
 * @text: any bytes
 * @flags: of enum escape_flags
 * @ret_width: characters in the escaped form; NULL: the caller does not want it
 *
 * Return: the escaped form, which the caller frees, or NULL when out of memory.
 */
char *escape_text(const char *text, unsigned int flags, size_t *ret_width);

/* Bytes of buffer in which @length bytes of text fit as a word of a shell, with the NUL. */
#define ESCAPED_WORD_SIZE(length) (5 * (length) + 3)

/**
 * escape_word() - write text as one word of sh(1), for commands that somebody is to run
 * @text: any bytes, such as the name that a stranger gave to an interface
 * @buf: filled; of ESCAPED_WORD_SIZE(strlen(@text)) bytes at least
 *
 * Text that means nothing to a shell stays what it is; all other is in single quotes.
 *
 * Return: @buf.
 */
const char *escape_word(const char *text, char *buf);

/**
 * escape_undo() - decode "\xNN", in place
 * @text: a backslash that does not begin such an escape stands for itself, as does "\x00"
 */
void escape_undo(char *text);

/**
 * escape_json() - text of any bytes as a JSON string, in the form that escape_undo() reads
 * @text: any bytes
 *
 * Return: a new reference, or NULL when out of memory, and only then.
 */
json_t *escape_json(const char *text);

#endif
