/* SPDX-License-Identifier: ISC */
/* Breaks text into lines, for --help of both programs. */

#include <stdio.h>
#include <string.h>

#include "base/wrap.h"

void wrap_print(const char *text, int indent, int column, int width)
{
	const char *blank = "";

	while (*text) {
		int length = (int)strcspn(text, " \n");

		if (*text == '\n') {
			printf("\n%*s", indent, "");
			column = indent;
			blank = "";
			text++;
			continue;
		}

		if (*blank && column + 1 + length > width) {
			printf("\n%*s", indent, "");
			column = indent;
			blank = "";
		}
		column += printf("%s%.*s", blank, length, text);
		blank = " ";
		text += length;
		text += strspn(text, " ");
	}
	putchar('\n');
}
