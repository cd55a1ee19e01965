/* SPDX-License-Identifier: ISC */

/* What each user may take: places, CPU time, memory. */

#include <time.h>

#include "base/log.h"
#include "varlink/server-state.h"
#include "varlink/user.h"

/*
 * Theory of operation
 *
 * Classes. Root and the members of the server's group are trusted; all others are not, neither by
 * the server nor by each other. A user is a uid in a class: a uid that connects both with and
 * without the group counts as two users.
 *
 * Places. Of everything that is limited in number, a quarter (at least one) is kept for root and
 * the group, and half of that quarter (at least one) for root alone. When the places of the others
 * are taken, a user who holds fewer than the greatest holder takes one from that holder. So a
 * single user gets all places, and many users get equal shares.
 *
 * Time. What the calls of a user cost in CPU time is a debt, which is paid off with a share of the
 * time that passes. While the debt is over BURST, the connections of the user wait. A second debt
 * counts all others together. Root and the group owe nothing.
 *
 * Memory. Input buffers and waiting output are counted by user, and for all others together.
 *
 * A user is remembered until the last connection is closed and the debt is paid, so that a new
 * connection does not bring a new budget.
 */

#define BURST      (50 * USEC_PER_MSEC)
#define USER_SHARE 8 /* a user pays off 1/8 of the time */
#define ALL_SHARE  4 /* all others together, 1/4 */

uint64_t varlink_cpu_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / 1000;
}

/* --- places ----------------------------------------------------------------------------------- */

unsigned int varlink_places(enum varlink_class class, unsigned int limit)
{
	unsigned int kept = MIN(limit, MAX(limit / 4, 1U));

	switch (class) {
	case VARLINK_ROOT:
		break;
	case VARLINK_GROUP:
		return limit - (kept + 1) / 2;
	case VARLINK_OTHER:
		return limit - kept;
	}
	return limit;
}

struct varlink_user *varlink_user_greatest(const struct varlink_server *server,
					   size_t (*holds)(const struct varlink_user *user))
{
	struct varlink_user *greatest = NULL;

	for (struct varlink_user *user = server->users; user; user = user->next)
		if (user->class == VARLINK_OTHER && (!greatest || holds(user) > holds(greatest)))
			greatest = user;
	return greatest;
}

/* --- time ------------------------------------------------------------------------------------- */

static void budget_pay(struct varlink_budget *budget, unsigned int share, uint64_t now)
{
	uint64_t paid = (now - budget->paid_at) / share;

	budget->debt -= MIN(budget->debt, paid);
	budget->paid_at += paid * share; /* what is left of the time counts the next time */
}

void varlink_user_spend(struct varlink_server *server, struct varlink_user *user, uint64_t usec)
{
	if (user->class != VARLINK_OTHER)
		return;
	user->budget.debt += usec;
	server->others.debt += usec;
}

bool varlink_user_is_throttled(struct varlink_server *server, struct varlink_user *user)
{
	uint64_t now = monotonic_usec();

	if (user->class != VARLINK_OTHER)
		return false;
	budget_pay(&user->budget, USER_SHARE, now);
	budget_pay(&server->others, ALL_SHARE, now);
	return user->budget.debt > BURST || server->others.debt > BURST;
}

/* --- memory ----------------------------------------------------------------------------------- */

void varlink_user_account(struct varlink_server *server, struct varlink_user *user, size_t before,
			  size_t now)
{
	user->memory += now - before;
	if (user->class == VARLINK_OTHER)
		server->memory += now - before;
}

/* --- logging ---------------------------------------------------------------------------------- */

struct log_limit *varlink_log_limit(uid_t uid)
{
	static struct log_limit limits[32];
	struct log_limit *limit = &limits[uid == 0 ? 0 : 1 + uid % (ARRAY_SIZE(limits) - 1)];

	if (limit->burst == 0)
		*limit = (struct log_limit)LOG_LIMIT_INIT;
	return limit;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool user_is_done(struct varlink_user *user, uint64_t now)
{
	budget_pay(&user->budget, USER_SHARE, now);
	return user->connections == 0 && user->budget.debt == 0;
}

static void forget_users(struct varlink_server *server, uint64_t now)
{
	struct varlink_user **link = &server->users;

	while (*link) {
		struct varlink_user *user = *link;

		if (user_is_done(user, now)) {
			*link = user->next;
			free(user);
		} else {
			link = &user->next;
		}
	}
}

struct varlink_user *varlink_user_get(struct varlink_server *server, uid_t uid,
				      enum varlink_class class)
{
	uint64_t now = monotonic_usec();
	struct varlink_user *user;

	for (user = server->users; user; user = user->next)
		if (user->uid == uid && user->class == class)
			return user;
	forget_users(server, now);
	user = calloc(1, sizeof(*user));
	if (!user)
		return NULL;
	*user = (struct varlink_user){
		.next = server->users, .uid = uid, .class = class, .budget.paid_at = now
	};
	server->users = user;
	return user;
}

void varlink_users_free(struct varlink_server *server)
{
	while (server->users) {
		struct varlink_user *next = server->users->next;

		free(server->users);
		server->users = next;
	}
}
