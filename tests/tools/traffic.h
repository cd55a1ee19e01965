/* SPDX-License-Identifier: ISC */
#ifndef RPORT_TESTS_TRAFFIC_H
#define RPORT_TESTS_TRAFFIC_H

/* What the subcommands of traffic share: options, sockets, the clock. */

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/util.h"

#define TRAFFIC_DATAGRAM_MAX 65507 /* bytes of payload that one UDP datagram over IPv4 can have */
#define TRAFFIC_COUNT_MAX    100000000
#define TRAFFIC_FRAME_MAX    65536

/* What the command line can say; each subcommand uses what concerns it. */
struct traffic_options {
	const char *device;      /* SO_BINDTODEVICE, NULL: none */
	const char *multicast;   /* interface to join or send through, NULL: none */
	const char *ready;       /* file to make when the socket is bound, NULL: none */
	const char *source;      /* address to send from, NULL: the kernel chooses */
	int discover;            /* IP_PMTUDISC_*, -1: the default */
	int ttl;                 /* 0: the default */
	unsigned int size;       /* bytes of payload of a datagram */
	unsigned int segments;   /* datagrams handed to the kernel at once (UDP_SEGMENT) */
	unsigned int window;     /* datagrams that may be under way unacknowledged, 0: any number */
	unsigned long count;     /* datagrams, frames, connections */
	unsigned long long rate; /* datagrams a second, 0: as fast as it goes */
	unsigned long long bytes;
	unsigned long seed;
	unsigned int timeout_ms; /* after so long all ends */
	unsigned int idle_ms;    /* a receiver that has something ends after so long without more */
	bool echo;
	bool pause; /* print the longest time between two datagrams */
	bool duplex;
	bool ignore_errors;
};

/**
 * traffic_now() - milliseconds of CLOCK_MONOTONIC
 */
unsigned long long traffic_now(void);

/**
 * traffic_die() - print what failed, with errno, and exit with status 1
 */
void traffic_die(const char *fmt, ...) _printf_(1, 2) __attribute__((noreturn));

/**
 * traffic_wait() - wait for events on one descriptor
 * @events: of poll(2)
 * @deadline: milliseconds as of traffic_now()
 *
 * Return: the events that came, 0 when the deadline has passed.
 */
short traffic_wait(int fd, short events, unsigned long long deadline);

/**
 * traffic_address() - read a numeric address and a port
 * @address: IPv4 or IPv6, the latter with %INTERFACE where needed
 * @ret: the socket address
 *
 * Return: its length. Ends the program when it is not one.
 */
socklen_t traffic_address(const char *address, const char *port, struct sockaddr_storage *ret);

/**
 * traffic_socket() - a socket as the options want it: device, TTL, path-MTU discovery, buffers
 * @family: AF_INET or AF_INET6
 * @type: SOCK_STREAM or SOCK_DGRAM
 *
 * Return: the descriptor. Ends the program when an option is refused.
 */
int traffic_socket(int family, int type, const struct traffic_options *options);

/**
 * traffic_set() - setsockopt() of an int, or the end of the program
 * @what: the option's name for the message
 */
void traffic_set(int fd, int level, int option, int value, const char *what);

/**
 * traffic_ready() - tell whoever waits for it that the socket is bound
 */
void traffic_ready(const struct traffic_options *options);

/* Subcommands: arguments after the options; the exit status of the program. */
int traffic_pattern(const struct traffic_options *options, char **args);
int traffic_tcp_listen(const struct traffic_options *options, char **args);
int traffic_tcp_send(const struct traffic_options *options, char **args);
int traffic_unix_send(const struct traffic_options *options, char **args);
int traffic_unix_hold(const struct traffic_options *options, char **args);
int traffic_udp_listen(const struct traffic_options *options, char **args);
int traffic_udp_send(const struct traffic_options *options, char **args);
int traffic_probe(const struct traffic_options *options, char **args);
int traffic_frame(const struct traffic_options *options, char **args);
int traffic_frame_listen(const struct traffic_options *options, char **args);
int traffic_queue(const struct traffic_options *options, char **args);

#endif
