/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BASE_WRAP_H
#define RPORT_BASE_WRAP_H

/* Text in lines, as --help prints it. */

/**
 * wrap_print() - print words in lines of a width, and end the last line
 * @text: words with blanks between them; a newline begins a new line
 * @indent: column in which lines begin, but the first
 * @column: where the cursor is, at which the first line begins
 * @width: columns of a line at most
 */
void wrap_print(const char *text, int indent, int column, int width);

#endif
