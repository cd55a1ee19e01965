/* SPDX-License-Identifier: ISC */
#ifndef RPORT_STORE_FIXTURE_H
#define RPORT_STORE_FIXTURE_H

/*
 * A descriptor store, and daemons that run one after the other on it: each is a child that takes
 * what the former left. The store is that of fdkeeper.
 */

#include "../tools/fdkeeper.h"
#include "store/fdstore.h"

extern struct store store;
extern char aside_path[64];

void store_setup(void);
void store_teardown(void);

/* What a daemon does. Check's assertions do not work in it; must() does. */
typedef void (*daemon_fn)(struct state *state, const struct state_handover *handover);

/* Run one to its end; it must end well. */
void daemon_run(daemon_fn fn);

/* Run one and kill it @usec after it sent READY=1; it must not have ended before. */
void daemon_kill(daemon_fn fn, unsigned int usec);

/* Return: the descriptor of that name, -1 when there is none. It stays the store's. */
int store_find(const char *name);

/* Return: how many of that name there are. */
unsigned int store_count(const char *name);

/* Make @text the content of a stored file. */
void store_write(const char *name, const char *text, size_t size);

#define must(condition)                                                                         \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                                               \
		}                                                                               \
	} while (0)

#endif
