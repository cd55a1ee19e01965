/* SPDX-License-Identifier: ISC */
#ifndef RPORT_VARLINK_USER_H
#define RPORT_VARLINK_USER_H

/* What each user may take: places, CPU time, memory. */

#include "varlink/server.h"

struct log_limit;

/*
 * A connection keeps its place at least this long, so that users do not evict each other in turn.
 */
#define VARLINK_EVICT_USEC USEC_PER_SEC

/* CPU time that was used and is not paid off yet, microseconds. */
struct varlink_budget {
	uint64_t debt;
	uint64_t paid_at;
};

/* A uid in a class, and what all its connections use; see user.c. */
struct varlink_user {
	struct varlink_user *next; /* in the server's list */
	uid_t uid;
	enum varlink_class class;
	unsigned int connections;
	unsigned int streams;
	size_t memory; /* bytes of input buffers and waiting output */
	struct varlink_budget budget;
};

/**
 * varlink_cpu_usec() - CPU time of this thread
 *
 * Return: microseconds.
 */
uint64_t varlink_cpu_usec(void);

/**
 * varlink_places() - compute how many places a class may take, together with the classes below it
 * @class: whose places
 * @limit: the number in all
 *
 * Return: the number of places.
 */
unsigned int varlink_places(enum varlink_class class, unsigned int limit);

/**
 * varlink_user_get() - find the user of a uid in a class, or add it
 * @server: the server
 * @uid: of the peer
 * @class: of the peer
 *
 * Return: the user, owned by the server; NULL when out of memory.
 */
struct varlink_user *varlink_user_get(struct varlink_server *server, uid_t uid,
				      enum varlink_class class);

/**
 * varlink_user_greatest() - find the user of class VARLINK_OTHER that holds the most
 * @server: the server
 * @holds: how much a user holds
 *
 * Return: the user, or NULL when there is no such user.
 */
struct varlink_user *varlink_user_greatest(const struct varlink_server *server,
					   size_t (*holds)(const struct varlink_user *user));

/**
 * varlink_user_spend() - charge a user with CPU time; root and the group are not charged
 * @server: the server
 * @user: whose step it was
 * @usec: CPU time, microseconds
 */
void varlink_user_spend(struct varlink_server *server, struct varlink_user *user, uint64_t usec);

/**
 * varlink_user_is_throttled() - tell whether the connections of a user must wait
 * @server: the server
 * @user: whose
 *
 * Return: true while the debt of the user, or that of all others together, is too high.
 */
bool varlink_user_is_throttled(struct varlink_server *server, struct varlink_user *user);

/**
 * varlink_user_account() - note that a connection of a user holds another amount of memory
 * @server: the server
 * @user: whose
 * @before: bytes it held before
 * @now: bytes it holds now
 */
void varlink_user_account(struct varlink_server *server, struct varlink_user *user, size_t before,
			  size_t now);

/**
 * varlink_users_free() - forget all users; no connection may be left
 * @server: the server
 */
void varlink_users_free(struct varlink_server *server);

/**
 * varlink_log_limit() - find the limit for log lines about a user
 * @uid: of the user
 *
 * One user does not silence what is said about another; root has a limit of its own.
 *
 * Return: the limit, for log_limit_pass().
 */
struct log_limit *varlink_log_limit(uid_t uid);

#endif
