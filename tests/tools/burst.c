/* SPDX-License-Identifier: ISC */

/*
 * Packets on all ports rportN of a namespace, numbered on each:
 *
 *	burst send COUNT		COUNT packets into each, in turns
 *	burst receive PORTS COUNT MS	PORTS * COUNT packets, or what comes until there is none for MS; the first one
 *				may take 20 times as long
 *
 * A receiver prints "ready", and at its end "packets=N least=N disordered=N astray=N": how many came,
 * on the port with the fewest, after a later one, and on a port of another number.
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PORTS_MAX 4096
#define INDEX_MAX 65536
#define PROTOCOL  253 /* RFC 3692: for experiments */

struct packet {
	uint8_t header[20]; /* of IPv4 */
	uint32_t port, number;
};

static int port_of[INDEX_MAX]; /* number of the port with this index, and 1 */
static unsigned int index_of[PORTS_MAX];
static unsigned int received[PORTS_MAX];
static uint32_t next[PORTS_MAX];

static int open_socket(uint16_t protocol)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(protocol));
	int size = 256 << 20;

	if (fd < 0)
		err(1, "packet socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		err(1, "SO_RCVBUFFORCE");
	return fd;
}

/* Return: N of rportN; PORTS_MAX: it is called otherwise. */
static unsigned long port_number(const char *name)
{
	static const char prefix[] = "rport";
	unsigned long port;
	char *end;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return PORTS_MAX;
	port = strtoul(name + strlen(prefix), &end, 10);
	return end == name + strlen(prefix) || *end ? PORTS_MAX : port;
}

static void find_ports(void)
{
	struct if_nameindex *all = if_nameindex();

	if (!all)
		err(1, "interfaces");
	for (struct if_nameindex *i = all; i->if_index; i++) {
		unsigned long port = port_number(i->if_name);

		if (port >= PORTS_MAX || i->if_index >= INDEX_MAX)
			continue;
		port_of[i->if_index] = (int)port + 1;
		index_of[port] = i->if_index;
	}
	if_freenameindex(all);
}

static void send_one(int fd, uint32_t port, uint32_t number)
{
	struct packet packet = {
		.header = { 0x45, [3] = sizeof(packet), [8] = 64, [9] = PROTOCOL, [12] = 10,
			    [16] = 10 },
		.port = htonl(port),
		.number = htonl(number),
	};
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = (int)index_of[port] };

	/* what does not fit into the queue of the device is dropped without an error */
	if (sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != ENOBUFS)
		err(1, "rport%u", port);
}

static void send_all(unsigned int count)
{
	int fd = open_socket(0);

	for (uint32_t number = 0; number < count; number++)
		for (uint32_t port = 0; port < PORTS_MAX; port++)
			if (index_of[port])
				send_one(fd, port, number);
}

struct result {
	unsigned int packets, disordered, astray;
};

static bool receive_one(int fd, struct result *result)
{
	struct packet packet = { 0 };
	struct sockaddr_ll from = { 0 };
	socklen_t length = sizeof(from);
	ssize_t size = recvfrom(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&from, &length);
	uint32_t port, number;

	if (size != sizeof(packet) || packet.header[9] != PROTOCOL ||
	    from.sll_pkttype == PACKET_OUTGOING)
		return false;
	port = ntohl(packet.port);
	number = ntohl(packet.number);
	if (port >= PORTS_MAX || port_of[from.sll_ifindex] != (int)port + 1) {
		result->astray++;
		return false;
	}
	result->disordered += number < next[port];
	next[port] = number + 1;
	received[port]++;
	result->packets++;
	return true;
}

static void receive_all(unsigned int ports, unsigned int count, int msec)
{
	struct result result = { 0 };
	int fd = open_socket(ETH_P_IP);
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	unsigned int least = count;

	puts("ready");
	fflush(stdout);
	while (result.packets < ports * count &&
	       poll(&pollfd, 1, result.packets > 0 ? msec : 20 * msec) > 0)
		receive_one(fd, &result);
	for (unsigned int port = 0; port < ports; port++)
		least = received[port] < least ? received[port] : least;
	printf("packets=%u least=%u disordered=%u astray=%u\n", result.packets, least,
	       result.disordered, result.astray);
}

static unsigned int number_of(const char *text)
{
	return (unsigned int)strtoul(text, NULL, 10);
}

int main(int argc, char *argv[])
{
	find_ports();
	if (argc == 3 && strcmp(argv[1], "send") == 0) {
		send_all(number_of(argv[2]));
	} else if (argc == 5 && strcmp(argv[1], "receive") == 0) {
		receive_all(number_of(argv[2]), number_of(argv[3]), (int)number_of(argv[4]));
	} else {
		fprintf(stderr, "Usage: burst send COUNT | receive PORTS COUNT MS\n");
		return 2;
	}
	return 0;
}
