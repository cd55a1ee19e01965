/* SPDX-License-Identifier: ISC */

/* Calls about domains, which are found, and stay open until they are released: places. */

#include "network/act-private.h"

/* --- places ----------------------------------------------------------------------------------- */

static struct actor_place *place_by_number(struct actor *actor, uint32_t number)
{
	for (unsigned int i = 0; i < ACTOR_PLACES_MAX; i++)
		if (actor->places[i].number == number)
			return &actor->places[i];
	return NULL;
}

static void drop_place(struct actor_place *place)
{
	domain_place_release(&place->place);
	*place = (struct actor_place){ .place = DOMAIN_PLACE_INIT };
}

void actor_end(struct actor *actor)
{
	for (unsigned int i = 0; i < ACTOR_PLACES_MAX; i++)
		if (actor->places[i].number)
			drop_place(&actor->places[i]);
	actor->last = 0;
}

const struct domain_place *work_place(struct work *work)
{
	const struct actor_place *place;
	uint32_t number;

	message_get_value(work->in, &number);
	place = number ? place_by_number(work->actor, number) : NULL;
	return place ? &place->place : NULL;
}

/* A process in which all places are taken lost count of them, or has none to lose. */
static struct actor_place *new_place(struct actor *actor)
{
	struct actor_place *place = place_by_number(actor, 0);

	if (!place) {
		place = &actor->places[0];
		drop_place(place);
	}
	return place;
}

static int get_process(struct work *work, pid_t pid, struct process **ret)
{
	int fd, r;

	*ret = NULL;
	if (pid == 0)
		return 0;
	fd = message_take_fd(work->in);
	if (fd < 0)
		return work_refuse(work);
	r = process_adopt(fd, pid, ret);
	if (r < 0)
		safe_close(fd);
	return r;
}

/* The process stays with whoever asked: here the place needs only its namespace. */
static void put_process(struct work *work, struct domain_place *place, struct network_found *found)
{
	if (!place->process)
		return;
	found->pid = process_pid(place->process);
	message_put_fd(work->out, process_take_fd(steal_ptr(place->process)));
}

void work_watch(struct work *work, const struct domain *domain)
{
	if (netns_path_valid(domain->name))
		netns_watch_path(work->actor->names, domain->name);
}

int act_resolve(struct work *work)
{
	_cleanup_process_ struct process *process = NULL;
	struct domain_place found = DOMAIN_PLACE_INIT;
	struct network_found answer = { .nsid = -1 };
	struct network_resolve asked;
	struct actor_place *place;
	int nsid, r;

	message_get_value(work->in, &asked);
	if (!message_domain_valid(&asked.domain))
		return work_refuse(work);
	work_watch(work, &asked.domain);
	r = get_process(work, asked.pid, &process);
	if (r >= 0)
		r = domain_resolve_again(&asked.domain, process, &found, &work->err);
	if (r < 0)
		return r;
	(void)netns_identify(found.netns_fd, &answer.netns);
	/* assigns one, so that we receive the events of that namespace */
	if (rtnl_nsid(work->actor->staging.own, found.netns_fd, &nsid) >= 0)
		answer.nsid = nsid;
	put_process(work, &found, &answer);
	place = new_place(work->actor);
	if (++work->actor->last == 0)
		work->actor->last++;
	*place = (struct actor_place){ .number = work->actor->last, .place = found };
	answer.place = place->number;
	answer.domain = found.domain;
	message_put_value(work->out, answer);
	return 0;
}

int act_release(struct work *work)
{
	struct actor_place *place;
	uint32_t number;

	message_get_value(work->in, &number);
	place = number ? place_by_number(work->actor, number) : NULL;
	if (place)
		drop_place(place);
	return 0;
}

/* --- names ------------------------------------------------------------------------------------ */

static bool get_name(struct work *work, const struct domain_place **ret_place,
		     char ret_name[static IFNAMSIZ])
{
	const struct domain_place *place = work_place(work);

	message_get(work->in, ret_name, IFNAMSIZ);
	*ret_place = place;
	return !work->in->broken && message_text_valid(ret_name, IFNAMSIZ) &&
	       ifname_valid(ret_name);
}

int act_exists(struct work *work)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	const struct domain_place *place;
	char name[IFNAMSIZ];
	struct rtnl_dev dev;
	int r;

	if (!get_name(work, &place, name))
		return work_refuse(work);
	r = rtnl_open(place ? place->netns_fd : -1, &rtnl);
	if (r >= 0)
		r = rtnl_dev_by_name(rtnl, name, &dev);
	return r == -ENODEV ? 0 : r < 0 ? r : 1;
}
