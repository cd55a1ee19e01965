/* SPDX-License-Identifier: ISC */
/*
 * What the owner of a namespace can do to it by the thousand, faster than ip(8): rtnetlink(7)
 * requests, many to a datagram, in the namespace of the caller.
 *
 *	netload routes4|routes6 INTERFACE COUNT	host routes into an interface that is up
 *	netload addresses4|addresses6 INTERFACE COUNT
 *	netload flap INTERFACE SECONDS	add and delete an address of each family without a pause
 *	netload rename INTERFACE SECONDS	NAME and NAMEx in turns
 *	netload up-and-down INTERFACE SECONDS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h> /* before any of <linux/> */
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH_SIZE  65536
#define MESSAGE_MAX 256

struct batch {
	int fd;
	size_t used;
	unsigned int refused; /* requests that the kernel answered with an error */
	char data[BATCH_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static struct batch batch;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void open_batch(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int size = 1 << 22;

	batch.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (batch.fd < 0 || connect(batch.fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		die("netlink socket");
	(void)setsockopt(batch.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Errors come unasked; one whose socket buffer is full of them would hear of no more. */
static void count_errors(void)
{
	char answer[8192];

	while (recv(batch.fd, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		batch.refused++;
}

static void flush_batch(void)
{
	if (batch.used > 0 && send(batch.fd, batch.data, batch.used, 0) < 0)
		die("send");
	batch.used = 0;
	count_errors();
}

static struct nlmsghdr *begin(unsigned short type, unsigned short flags, const void *header,
			      size_t size)
{
	struct nlmsghdr *nlh;

	if (batch.used + MESSAGE_MAX > BATCH_SIZE)
		flush_batch();
	nlh = (struct nlmsghdr *)(void *)(batch.data + batch.used);
	memset(nlh, 0, MESSAGE_MAX);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_len = (unsigned int)NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(nlh), header, size);
	return nlh;
}

static void put(struct nlmsghdr *nlh, unsigned short type, const void *data, size_t size)
{
	struct rtattr *attr = (struct rtattr *)(void *)((char *)nlh + NLMSG_ALIGN(nlh->nlmsg_len));

	attr->rta_type = type;
	attr->rta_len = (unsigned short)RTA_LENGTH(size);
	memcpy(RTA_DATA(attr), data, size);
	nlh->nlmsg_len = (unsigned int)(NLMSG_ALIGN(nlh->nlmsg_len) + RTA_ALIGN(attr->rta_len));
}

static void end(const struct nlmsghdr *nlh)
{
	batch.used += NLMSG_ALIGN(nlh->nlmsg_len);
}

/* 11.0.0.0 and 2001:db8:11::, and @n. Return: the size. */
static size_t make_address(int family, unsigned int n, unsigned char ret[static 16])
{
	static const unsigned char prefix[] = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x11 };
	unsigned int low = htonl(n), high = htonl(0x0b000000 + n);

	memset(ret, 0, 16);
	if (family == AF_INET) {
		memcpy(ret, &high, 4);
		return 4;
	}
	memcpy(ret, prefix, sizeof(prefix));
	memcpy(ret + 12, &low, 4);
	return 16;
}

static void add_route(int family, int index, unsigned int n)
{
	struct rtmsg header = {
		.rtm_family = (unsigned char)family,
		.rtm_dst_len = family == AF_INET ? 32 : 128,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct nlmsghdr *nlh =
		begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	unsigned char address[16];

	put(nlh, RTA_DST, address, make_address(family, n, address));
	put(nlh, RTA_OIF, &index, sizeof(index));
	end(nlh);
}

static void change_address(unsigned short type, int family, int index, unsigned int n)
{
	struct ifaddrmsg header = {
		.ifa_family = (unsigned char)family,
		.ifa_prefixlen = family == AF_INET ? 32 : 128,
		.ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_index = (unsigned int)index,
	};
	struct nlmsghdr *nlh =
		begin(type, type == RTM_NEWADDR ? NLM_F_CREATE : 0, &header, sizeof(header));
	unsigned char address[16];
	size_t size = make_address(family, n, address);

	put(nlh, IFA_LOCAL, address, size);
	put(nlh, IFA_ADDRESS, address, size);
	end(nlh);
}

static void change_link(int index, const char *name, unsigned int flags, unsigned int mask)
{
	struct ifinfomsg header = { .ifi_index = index, .ifi_flags = flags, .ifi_change = mask };
	struct nlmsghdr *nlh = begin(RTM_NEWLINK, 0, &header, sizeof(header));

	if (name)
		put(nlh, IFLA_IFNAME, name, strlen(name) + 1);
	end(nlh);
}

/* --- a round of each -------------------------------------------------------------------------- */

static void flap(int index, const char *name)
{
	(void)name;
	change_address(RTM_NEWADDR, AF_INET, index, 0);
	change_address(RTM_NEWADDR, AF_INET6, index, 0);
	change_address(RTM_DELADDR, AF_INET, index, 0);
	change_address(RTM_DELADDR, AF_INET6, index, 0);
}

static void rename_twice(int index, const char *name)
{
	char other[IFNAMSIZ + 1];

	snprintf(other, sizeof(other), "%.14sx", name);
	change_link(index, other, 0, 0);
	change_link(index, name, 0, 0);
}

static void up_and_down(int index, const char *name)
{
	(void)name;
	change_link(index, NULL, 0, IFF_UP);
	change_link(index, NULL, IFF_UP, IFF_UP);
}

static void repeat(void (*round)(int index, const char *name), int index, const char *name,
		   unsigned int seconds)
{
	time_t last = time(NULL) + (time_t)seconds;

	while (time(NULL) < last) {
		for (int i = 0; i < 50; i++)
			round(index, name);
		flush_batch();
	}
}

static const struct {
	const char *name;
	void (*round)(int index, const char *name);
} rounds[] = {
	{ "flap", flap },
	{ "rename", rename_twice },
	{ "up-and-down", up_and_down },
};

static void add_one(const char *what, int index, unsigned int n)
{
	int family = what[strlen(what) - 1] == '6' ? AF_INET6 : AF_INET;

	if (strncmp(what, "routes", 6) == 0)
		add_route(family, index, n);
	else
		change_address(RTM_NEWADDR, family, index, n + 1);
}

int main(int argc, char *argv[])
{
	unsigned int number;
	int index;

	if (argc != 4) {
		fprintf(stderr, "usage: netload WHAT INTERFACE NUMBER\n");
		return 2;
	}
	index = (int)if_nametoindex(argv[2]);
	number = (unsigned int)strtoul(argv[3], NULL, 10);
	if (index == 0)
		die(argv[2]);
	open_batch();
	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		if (strcmp(rounds[i].name, argv[1]) == 0) {
			repeat(rounds[i].round, index, argv[2], number);
			return 0;
		}
	}
	for (unsigned int n = 0; n < number; n++)
		add_one(argv[1], index, n);
	flush_batch();
	if (batch.refused > 0)
		fprintf(stderr, "netload: %u requests refused\n", batch.refused);
	return batch.refused > 0;
}
