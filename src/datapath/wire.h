/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_WIRE_H
#define RPORT_DATAPATH_WIRE_H

/*
 * The messages between rportd (datapath.c) and rportd-data (serve.c). Both are of one program, so
 * structs are sent as they are; each side checks all that it uses. One request is answered before
 * the next is sent, but for DATA_PING; events come at any time.
 */

#include "kernel/tun.h"

#define DATA_NAME_MAX  32         /* of an engine, with its NUL */
#define DATA_LINKS_MAX (1U << 20) /* numbers of links are below this */

enum data_request_type {
	DATA_SETUP,  /* with the counters' memfd; the first, and once */
	DATA_ADD,    /* with the queues of port 0, then those of port 1 */
	DATA_REMOVE, /* answered when nothing uses the queues any more */
	DATA_WORKER, /* tell what a worker does, whose index is in link */
	DATA_PING,   /* tell whether the workers answered the last one */
};

enum data_answer_type {
	DATA_ANSWER, /* to DATA_SETUP, DATA_ADD, DATA_REMOVE, DATA_WORKER */
	DATA_ALIVE,  /* to DATA_PING */
	DATA_GONE,   /* event: the device of a port was removed */
	DATA_MOVED,  /* event: a queue has another worker */
};

struct data_setup {
	uint64_t counters_offset; /* of the first of them in the memfd, in bytes */
	uint64_t counters_size;   /* bytes from there on */
	uint32_t workers;
	uint32_t busy_poll; /* microseconds */
	uint32_t nowait;
	char datapath[DATA_NAME_MAX]; /* a choice of engines.h */
};

struct data_port {
	uint32_t stale;
	uint64_t counters[TUN_QUEUES_MAX]; /* offsets from the first of them */
};

struct data_link {
	uint32_t n_queues;
	uint32_t header; /* bytes */
	uint32_t family_header;
	struct data_port ports[2];
};

struct data_worker {
	uint64_t cpu_ns;
	uint32_t flows;
};

struct data_request {
	uint32_t type;
	uint32_t serial;
	uint32_t link; /* its number */
	union {
		struct data_setup setup;
		struct data_link add;
	};
};

struct data_answer {
	uint32_t type;
	uint32_t serial; /* of the request */
	uint32_t link;
	int32_t result; /* 0 or -errno; DATA_ALIVE: the first silent worker, or -1 */
	union {
		char engine[DATA_NAME_MAX];       /* DATA_SETUP */
		uint32_t workers[TUN_QUEUES_MAX]; /* DATA_ADD, DATA_MOVED: by queue */
		uint32_t end;                     /* DATA_GONE */
		struct data_worker worker;        /* DATA_WORKER */
	};
	int32_t engine_error; /* DATA_SETUP: see shuttle_engine_error() */
};

#endif
