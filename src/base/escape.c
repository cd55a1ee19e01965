/* SPDX-License-Identifier: ISC */

/* Text that other users choose, escaped for JSON, logs, files and terminals. */

#include <stdio.h>

#include "base/escape.h"

#define ESCAPED_BYTE 4 /* bytes of "\xNN" */

size_t utf8_decode(const char *text, uint32_t *ret)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length = bytes[0] < 0x80             ? 1
			: (bytes[0] & 0xe0) == 0xc0 ? 2
			: (bytes[0] & 0xf0) == 0xe0 ? 3
			: (bytes[0] & 0xf8) == 0xf0 ? 4
						    : 0;
	uint32_t c = length > 1 ? bytes[0] & (0x7fU >> length) : bytes[0];

	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80) /* the end of the text, too */
			return 0;
		c = c << 6 | (bytes[i] & 0x3f);
	}
	if (length == 0 || c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return length;
}

/* False also for what does not command a terminal, but makes a text look like another one. */
static bool is_visible(uint32_t c)
{
	switch (c) {
	case 0x00 ... 0x1f: /* C0 */
	case 0x7f ... 0x9f: /* DEL, C1 */
	case 0xad:
	case 0x61c:
	case 0x180e:
	case 0x200b ... 0x200f: /* invisible, and direction marks */
	case 0x2028 ... 0x202e: /* line ends, directions */
	case 0x2060 ... 0x206f:
	case 0xfe00 ... 0xfe0f: /* variants */
	case 0xfeff:
	case 0xfff0 ... 0xfffb:
	case 0xe0000 ... UINT32_MAX: /* tags, private use */
		return false;
	default:
		return true;
	}
}

static bool is_kept(uint32_t c, unsigned int flags)
{
	switch (c) {
	case '\\':
		return !(flags & ESCAPE_BACKSLASH);
	case ' ':
		return !(flags & ESCAPE_BLANK);
	case '\n':
	case '\t':
		return flags & ESCAPE_KEEP_LINES;
	default:
		return is_visible(c);
	}
}

/*
 * Write the next character, or the next byte that is part of no character, to @out, which has room
 * for one character or ESCAPED_BYTE bytes and a NUL.
 * Return: how many bytes of @text that was. @ret_length: how many are in @out.
 */
static size_t escape_next(const char *text, unsigned int flags, char *out, size_t *ret_length)
{
	uint32_t c;
	size_t length = utf8_decode(text, &c);

	if (length > 0 && is_kept(c, flags)) {
		memcpy(out, text, length);
		*ret_length = length;
		return length;
	}
	/* the bytes after the first begin no character: each gets here by itself */
	*ret_length = (size_t)sprintf(out, "\\x%02x", (unsigned char)*text);
	return 1;
}

/* @ret_width: characters written. Return: bytes written, without the NUL. */
static size_t escape(char *buf, size_t size, const char *text, unsigned int flags,
		     size_t *ret_width)
{
	char piece[ESCAPED_BYTE + 1];
	size_t used = 0, width = 0, length, taken;

	while (*text) {
		taken = escape_next(text, flags, piece, &length);
		if (used + length >= size)
			break;
		memcpy(buf + used, piece, length);
		used += length;
		/* a character that was kept is one, however many bytes it has */
		width += taken > 1 ? 1 : length;
		text += taken;
	}
	buf[used] = '\0';
	*ret_width = width;
	return used;
}

size_t escape_into(char *buf, size_t size, const char *text, unsigned int flags)
{
	size_t width;

	return escape(buf, size, text, flags, &width);
}

char *escape_text(const char *text, unsigned int flags, size_t *ret_width)
{
	size_t size = ESCAPED_SIZE(strlen(text)), width;
	char *buf = malloc(size);

	if (!buf)
		return NULL;
	escape(buf, size, text, flags, &width);
	if (ret_width)
		*ret_width = width;
	return buf;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_@%+=:,./-", c);
}

const char *escape_word(const char *text, char *buf)
{
	const char *c = text;
	char *out = buf;

	while (*c && is_plain(*c))
		c++;
	if (*text && !*c)
		return strcpy(buf, text);
	*out++ = '\'';
	for (c = text; *c; c++)
		if (*c == '\'')
			out = stpcpy(out, "'\"'\"'");
		else
			*out++ = *c;
	strcpy(out, "'");
	return buf;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Return: the byte that "\xNN" at @text stands for, or 0. */
static int escaped_byte(const char *text)
{
	int high, low;

	if (text[0] != '\\' || text[1] != 'x')
		return 0;
	high = hex_value(text[2]);
	low = high < 0 ? -1 : hex_value(text[3]);
	return low < 0 ? 0 : high * 16 + low;
}

void escape_undo(char *text)
{
	char *out = text;

	while (*text) {
		int byte = escaped_byte(text);

		*out++ = byte ? (char)byte : *text;
		text += byte ? ESCAPED_BYTE : 1;
	}
	*out = '\0';
}

json_t *escape_json(const char *text)
{
	char buf[ESCAPED_SIZE(256)];
	_cleanup_free_ char *longer = NULL;

	if (ESCAPED_SIZE(strlen(text)) <= sizeof(buf)) {
		escape_into(buf, sizeof(buf), text, ESCAPE_BACKSLASH);
		return json_string(buf);
	}
	longer = escape_text(text, ESCAPE_BACKSLASH, NULL);
	return longer ? json_string(longer) : NULL;
}
