/* SPDX-License-Identifier: ISC */
#ifndef RPORT_STORE_FDSTORE_H
#define RPORT_STORE_FDSTORE_H

/*
 * What survives a restart: records and descriptors, kept by the service manager in its descriptor
 * store (sd_pid_notify_with_fds(3), FDSTORE=1) while no daemon runs. Without one (no NOTIFY_SOCKET,
 * no FileDescriptorStoreMax=) everything works, and nothing survives.
 *
 * A record is a key and a JSON object. The module knows neither ports nor links. The names
 * "state-1" and "state-2" in the store are its own.
 */

#include <jansson.h>

#include "base/error.h"

#define STATE_VERSION  1
#define STATE_KEY_MAX  160 /* bytes of a key, with its NUL */
#define STATE_NAME_MAX 64  /* bytes of the name of a descriptor, with its NUL */

struct state;

/*
 * What a former daemon left.
 *
 * @inherited: it left something
 * @unreadable: but its records could not be read
 * @reason: why not
 * @aside: the file that unreadable records were written to; "": they could not be written
 */
struct state_handover {
	bool inherited;
	bool unreadable;
	char reason[256];
	char aside[256];
};

/**
 * state_open() - take over what a former daemon left, or begin with nothing
 * @aside_path: the file that records go to which cannot be read (of a newer version, or damaged)
 * @ret: close it with state_close()
 * @ret_handover: how it went
 *
 * Takes all descriptors of sd_listen_fds_with_names(3) and unsets its environment; call it once.
 *
 * Return: 0; -ENOMEM; or -errno of memfd_create(2).
 */
int state_open(const char *aside_path, struct state **ret, struct state_handover *ret_handover);

/**
 * state_close() - free the state; the descriptor store keeps its content. Takes NULL
 * @state: of state_open(), or NULL
 */
void state_close(struct state *state);

/**
 * state_is_kept() - check whether there is a store that would keep things
 * @state: of state_open()
 *
 * A service manager that takes messages is believed to have one, unless $FDSTORE says otherwise
 * (systemd 254). Whether it is full is never known.
 *
 * Return: true when there is one.
 */
bool state_is_kept(const struct state *state);

/**
 * state_put() - set the record of @key
 * @state: of state_open()
 * @key: 1 to STATE_KEY_MAX - 1 bytes of UTF-8, without control characters
 * @value: an object; the reference is taken over
 *
 * The record is in the store when this returns: a kill does not lose it. Cost does not depend on
 * how many records there are.
 *
 * Return: 0; -EINVAL: the key is empty, too long or has control characters, or @value is no object;
 * -E2BIG, -ENOSPC: it is, or all would be, longer than is allowed (journal.h); or another -errno. A
 * failure leaves the former record.
 */
int state_put(struct state *state, const char *key, json_t *value);

/**
 * state_remove() - remove the record of @key, if there is one
 * @state: of state_open()
 * @key: as for state_put()
 *
 * Return: as journal_remove().
 */
int state_remove(struct state *state, const char *key);

/**
 * state_foreach() - call @fn for every record, in the order in which their keys were first put
 * @state: of state_open()
 * @fn: must not put or remove records; its @value is borrowed
 * @userdata: for @fn
 *
 * Return: as journal_foreach().
 */
int state_foreach(struct state *state, void (*fn)(const char *key, json_t *value, void *userdata),
		  void *userdata);

/**
 * state_store_fd() - put a descriptor into the store
 * @state: of state_open()
 * @name: by which the next daemon finds it: printable ASCII, without ':'. One of that name that is
 *	there already is replaced. Make it short: all names together go into one environment string,
 *	and with more than 128 KiB (MAX_ARG_STRLEN) the next daemon could not be executed
 * @fd: stays the caller's; one open file is in the store under one name only, its first
 *
 * Return: 0 or -errno; 0 without a store; -ENOSPC: with this name they would be too long together.
 */
int state_store_fd(struct state *state, const char *name, int fd);

/**
 * state_drop_fd() - remove a descriptor from the store, if there is one of that name
 * @state: of state_open()
 * @name: as for state_store_fd()
 */
void state_drop_fd(struct state *state, const char *name);

/**
 * state_take_fd() - take an inherited descriptor
 * @state: of state_open()
 * @name: as for state_store_fd()
 *
 * Return: the descriptor, now the caller's and still in the store; -ENOENT when there is none.
 */
int state_take_fd(struct state *state, const char *name);

/**
 * state_find_fd() - find an inherited descriptor that nobody has taken
 * @state: of state_open()
 * @name: as for state_store_fd()
 *
 * Return: the descriptor, not the caller's; -ENOENT when there is none.
 */
int state_find_fd(const struct state *state, const char *name);

/**
 * state_next_fd() - take any inherited descriptor whose name begins with @prefix
 * @state: of state_open()
 * @prefix: "" matches every name
 * @ret_name: its name
 *
 * Return: as state_take_fd().
 */
int state_next_fd(struct state *state, const char *prefix, char ret_name[static STATE_NAME_MAX]);

/**
 * state_drop_rest() - close inherited descriptors that were not taken, and remove them from the
 * store
 * @state: of state_open()
 *
 * Return: how many there were.
 */
unsigned int state_drop_rest(struct state *state);

#endif
