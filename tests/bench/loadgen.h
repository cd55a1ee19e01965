/* SPDX-License-Identifier: ISC */
#ifndef RPORT_BENCH_LOADGEN_H
#define RPORT_BENCH_LOADGEN_H

/*
 * What the measurements of loadgen share: options, sockets in namespaces, the clock, CPU time. One
 * process is both ends of a measurement, with its sockets in two namespaces: it knows when the
 * other end is ready, one clock times both, and a search needs no process for each step.
 */

#include <netinet/in.h>
#include <pthread.h>

#include "base/util.h"

#define LOAD_PIDS_MAX    8
#define LOAD_STREAMS_MAX 64
#define LOAD_NS          1000000000ULL /* in a second */

struct load_options {
	const char *from, *to;  /* namespaces of /run/netns, with "%VRF": a VRF there */
	struct in_addr address; /* that of the receiver, in @to */
	uint64_t ns;            /* of one measurement */
	unsigned int size;      /* bytes of payload of a datagram */
	unsigned int streams;
	double rate;      /* datagrams a second; of a search: the first one tried */
	double precision; /* a search ends when its bounds are this close, as a part of the lower */
	int pids[LOAD_PIDS_MAX]; /* whose CPU time is counted */
	unsigned int n_pids;
};

/**
 * load_now() - nanoseconds of CLOCK_MONOTONIC
 */
uint64_t load_now(void);

/**
 * load_sleep_until() - until load_now() says so
 */
void load_sleep_until(uint64_t ns);

/**
 * load_die() - print what failed, with errno, and exit with status 1
 */
void load_die(const char *fmt, ...) _printf_(1, 2) __attribute__((noreturn));

/**
 * load_cpu() - nanoseconds of CPU time that the processes of --pid have used, all threads together
 */
uint64_t load_cpu(const struct load_options *options);

/**
 * load_socket() - an IPv4 socket in a namespace
 * @domain: as load_options.from
 * @type: SOCK_STREAM or SOCK_DGRAM
 *
 * Return: the descriptor; O_CLOEXEC, blocking. Ends the program when it cannot be had.
 */
int load_socket(const char *domain, int type);

/**
 * load_bind() - give a socket the receiver's address, and a free port
 * Return: the address with the port.
 */
struct sockaddr_in load_bind(int fd, const struct load_options *options);

/**
 * load_set() - setsockopt() of an int, or the end of the program
 * @what: the option's name for the message
 */
void load_set(int fd, int level, int option, int value, const char *what);

/**
 * load_thread() - start one, or end the program
 */
pthread_t load_thread(void *(*run)(void *arg), void *arg);

/* Subcommands; each prints one JSON object. Return: the exit status of the program. */
int load_tcp(const struct load_options *options);
int load_udp(const struct load_options *options);
int load_search(const struct load_options *options);
int load_rtt(const struct load_options *options);

#endif
