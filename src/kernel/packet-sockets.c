/* SPDX-License-Identifier: ISC */

/*
 * Finds packet sockets, which tell of themselves by no event unless they are promiscuous.
 *
 * /proc/net/packet has one line a socket. It is opened by a thread in the namespace, and stays that
 * of this namespace whoever reads it. Only a socket for all protocols (ETH_P_ALL) sees packets that
 * are sent.
 */

#include <fcntl.h>
#include <linux/if_ether.h>
#include <stdio.h>

#include "kernel/netns.h"
#include "kernel/packet-sockets.h"

#define TEXT_MAX (32 * 1024) /* some 400 sockets: their number is the owner's choice */

static int open_list(const void *argument _unused_)
{
	int fd = open("/proc/thread-self/net/packet", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void add(struct packet_sockets *sockets, unsigned int index)
{
	if (index == 0 || sockets->n == PACKET_SOCKETS_MAX)
		sockets->all = true;
	else
		sockets->indices[sockets->n++] = index;
}

/* Columns of a line; the kernel pads them. */
enum {
	COLUMN_PROTOCOL = 3, /* hexadecimal */
	COLUMN_INTERFACE = 4,
};

static void parse_line(char *line, struct packet_sockets *ret)
{
	unsigned int column = 0;
	bool hears = false;
	char *word;

	while ((word = strsep(&line, " "))) {
		if (!*word)
			continue;
		if (column == COLUMN_PROTOCOL)
			hears = strtoul(word, NULL, 16) == ETH_P_ALL;
		else if (column == COLUMN_INTERFACE && hears)
			add(ret, (unsigned int)strtoul(word, NULL, 10));
		column++;
	}
}

void packet_sockets_parse(char *text, struct packet_sockets *ret)
{
	char *line;

	*ret = (struct packet_sockets){ 0 };
	while ((line = strsep(&text, "\n")))
		parse_line(line, ret);
}

static ssize_t read_all(int fd, char text[static TEXT_MAX])
{
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, text + size, TEXT_MAX - 1 - size)) > 0)
		size += (size_t)n;
	text[size] = '\0';
	return n < 0 ? -errno : (ssize_t)size;
}

int packet_sockets_find(int netns_fd, struct packet_sockets *ret)
{
	_cleanup_close_ int fd = netns_open_inside(netns_fd, open_list, NULL, 0);
	char text[TEXT_MAX];
	ssize_t size;

	if (fd < 0)
		return fd;
	size = read_all(fd, text);
	if (size < 0)
		return (int)size;
	packet_sockets_parse(text, ret);
	ret->all |= size == TEXT_MAX - 1;
	return 0;
}

bool packet_sockets_hear(const struct packet_sockets *sockets, unsigned int index)
{
	for (unsigned int i = 0; i < sockets->n && !sockets->all; i++)
		if (sockets->indices[i] == index)
			return true;
	return sockets->all;
}
