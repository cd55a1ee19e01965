/* SPDX-License-Identifier: ISC */

/*
 * Theory of operation
 *
 * Trust. Whoever owns rportd can ask for whatever he likes. Which interface a call is about is said
 * by the descriptors that come with it, and by nothing else: all functions of src/port that change
 * one look it up by its descriptor first (port_open_rtnl()). rportd cannot make such a descriptor,
 * it only has those that rportd-net gave it. So no call reaches an interface of others.
 *
 * Each call is a function below, which reads its arguments from the request, and writes its results
 * to the reply, after the place of the header.
 */

#include "kernel/thread.h"
#include "datapath/fastpath-program.h"
#include "network/act.h"
#include "port/ask.h"
#include "port/fastpath.h"
#include "port/derive.h"
#include "port/look.h"
#include "port/observe.h"

/*
 * struct work - one call
 * @in, @out: request and reply
 * @err: why it failed, if it says so
 */
struct work {
	struct actor *actor;
	struct message *in, *out;
	struct rport_error err;
};

/* Whoever sent this is not rportd any more. */
static int refuse(struct work *work)
{
	work->in->broken = true;
	return -EBADMSG;
}

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

/* Return: the place that the request names next, or NULL. */
static const struct domain_place *get_place(struct work *work)
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
		return refuse(work);
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

static int resolve(struct work *work)
{
	_cleanup_process_ struct process *process = NULL;
	struct domain_place found = DOMAIN_PLACE_INIT;
	struct network_found answer = { .nsid = -1 };
	struct network_resolve asked;
	struct actor_place *place;
	int nsid, r;

	message_get_value(work->in, &asked);
	if (!message_domain_valid(&asked.domain))
		return refuse(work);
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

static int release(struct work *work)
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
	const struct domain_place *place = get_place(work);

	message_get(work->in, ret_name, IFNAMSIZ);
	*ret_place = place;
	return !work->in->broken && message_text_valid(ret_name, IFNAMSIZ) &&
	       ifname_valid(ret_name);
}

static int name_taken(struct work *work)
{
	const struct domain_place *place;
	char name[IFNAMSIZ];

	if (!get_name(work, &place, name))
		return refuse(work);
	return place ? port_name_taken(&work->actor->staging, place, name) : -ESTALE;
}

static int exists(struct work *work)
{
	_cleanup_rtnl_ struct rtnl *rtnl = NULL;
	const struct domain_place *place;
	char name[IFNAMSIZ];
	struct rtnl_dev dev;
	int r;

	if (!get_name(work, &place, name))
		return refuse(work);
	r = rtnl_open(place ? place->netns_fd : -1, &rtnl);
	if (r >= 0)
		r = rtnl_dev_by_name(rtnl, name, &dev);
	return r == -ENODEV ? 0 : r < 0 ? r : 1;
}

/* --- devices ---------------------------------------------------------------------------------- */

static int make(struct work *work)
{
	const struct domain_place *place = get_place(work);
	struct port port;
	int r;

	message_get_port(work->in, &port);
	if (work->in->broken || port.tun.n_queues > 0 || !port.spec.ifname[0] ||
	    port.spec.queues < 1)
		r = refuse(work);
	else if (!place)
		r = rport_error_set(&work->err, RPORT_ERR_SYSTEM, ESTALE,
				    "the network process was started again: try once more");
	else
		r = port_make(&work->actor->staging, &port, place, &work->err);
	message_put_state(work->out, &port);
	for (unsigned int i = 0; r >= 0 && i < port.tun.n_queues; i++)
		message_put_fd(work->out, port.tun.queues[i]);
	if (r >= 0)
		port.tun.n_queues = 0; /* the reply's */
	message_release_port(&port);
	return r;
}

static unsigned int take_fds(struct message *in, int ret[static TUN_QUEUES_MAX])
{
	unsigned int n = 0;

	while (!in->broken && in->fds_at < in->n_fds && n < TUN_QUEUES_MAX)
		ret[n++] = message_take_fd(in);
	return n;
}

static void close_fds(const int fds[], unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		safe_close(fds[i]);
}

static int adopt(struct work *work)
{
	const struct domain_place *place = get_place(work);
	int fds[TUN_QUEUES_MAX], r;
	struct port port;
	unsigned int n;

	message_get_port(work->in, &port);
	n = take_fds(work->in, fds);
	if (work->in->broken || port.tun.n_queues > 0 || n < 1 || n != port.spec.queues)
		r = refuse(work);
	else
		r = place ? port_adopt(&work->actor->staging, &port, fds, place) : -ESTALE;
	message_put_state(work->out, &port);
	if (r < 0)
		close_fds(fds, n);
	message_release_port(&port);
	return r;
}

static int derive(struct work *work)
{
	struct port_derived found = { 0 };
	int fds[TUN_QUEUES_MAX], r;
	unsigned int n = take_fds(work->in, fds);

	r = n > 0 ? port_derive(&work->actor->staging, fds, n, &found) : refuse(work);
	if (r >= 0) {
		message_put_spec(work->out, &found.spec);
		message_put_value(work->out, found.alias);
	}
	port_spec_release(&found.spec);
	close_fds(fds, n);
	return r;
}

/* A call that is about one port. Return: as the call. */
static int with_port(struct work *work, int (*fn)(struct work *work, struct port *port),
		     bool changes)
{
	struct port port;
	int r;

	message_get_port(work->in, &port);
	r = work->in->broken || !port.peering.present ? refuse(work) : fn(work, &port);
	if (changes)
		message_put_state(work->out, &port);
	message_release_port(&port);
	return r;
}

static void put_text(struct message *out, const char *text)
{
	char array[NETWORK_TEXT_MAX] = { 0 };

	strncpy(array, text, sizeof(array) - 1);
	message_put_value(out, array);
}

static int look_at(struct work *work, struct port *port)
{
	const char *lost = "";
	int r = port_look(&work->actor->staging, port, &lost);

	put_text(work->out, lost);
	return r;
}

static int look(struct work *work)
{
	return with_port(work, look_at, true);
}

static int has_lost_name(struct work *work, struct port *port)
{
	const char *lost = "";
	int r = port_lost_name(port, &lost);

	put_text(work->out, lost);
	return r;
}

static int lost_name(struct work *work)
{
	return with_port(work, has_lost_name, false);
}

static int set_carrier_of(struct work *work, struct port *port)
{
	return port_set_carrier(&work->actor->staging, port, !port->carrier);
}

/* Of a port that is to have the other one. */
static int set_carrier(struct work *work)
{
	return with_port(work, set_carrier_of, false);
}

static int set_alias_of(struct work *work _unused_, struct port *port)
{
	port_write_alias(port);
	return 0;
}

static int set_alias(struct work *work)
{
	return with_port(work, set_alias_of, false);
}

static int remove_ports(struct work *work)
{
	struct port *ports = NULL, **list = NULL;
	uint32_t n;

	message_get_value(work->in, &n);
	if (work->in->broken || n < 1 || n > PACKET_FDS_MAX)
		return refuse(work);
	ports = calloc(n, sizeof(*ports));
	list = calloc(n, sizeof(struct port *));
	for (uint32_t i = 0; ports && list && i < n; i++) {
		message_get_port(work->in, &ports[i]);
		list[i] = &ports[i];
	}
	if (ports && list && !work->in->broken)
		port_remove_all(&work->actor->staging, list, n);
	for (uint32_t i = 0; ports && i < n; i++)
		message_release_port(&ports[i]);
	free(ports);
	free(list);
	return work->in->broken ? refuse(work) : 0;
}

static int take_all_fds(struct message *in, int ret[static PACKET_FDS_MAX])
{
	int n = 0;

	while (!in->broken && in->fds_at < in->n_fds)
		ret[n++] = message_take_fd(in);
	return n;
}

static int remove_devices(struct work *work)
{
	int fds[PACKET_FDS_MAX] = { -1 };
	int n = take_all_fds(work->in, fds);

	port_remove_devices(&work->actor->staging, fds, (size_t)n);
	close_fds(fds, (unsigned int)n);
	return 0;
}

/* The namespace in which the device is, and which its descriptor keeps alive. Return: whether it is
 * both. */
static bool find_home(int fd, struct netns_id *ret)
{
	_cleanup_close_ int home_fd = tun_home(fd), netns_fd = tun_netns(fd);
	struct netns_id netns;

	return home_fd >= 0 && netns_fd >= 0 && netns_identify(home_fd, ret) >= 0 &&
	       netns_identify(netns_fd, &netns) >= 0 && netns_equal(ret, &netns);
}

/* Those that are at home where the first one is, if the name does not keep that namespace. */
static int remove_unnamed(struct work *work)
{
	struct domain domain;
	int fds[PACKET_FDS_MAX], kept = 0, n;
	struct netns_id home, other;

	message_get_value(work->in, &domain);
	if (!message_domain_valid(&domain))
		return refuse(work);
	n = take_all_fds(work->in, fds);
	if (n > 0 && find_home(fds[0], &home) && netns_name_holds(domain.name, &home) == 0) {
		for (int i = 0; i < n; i++) {
			int fd = fds[i];

			if (!find_home(fd, &other) || !netns_equal(&home, &other))
				continue;
			fds[i] = fds[kept];
			fds[kept++] = fd;
		}
		port_remove_devices(&work->actor->staging, fds, (size_t)kept);
	}
	close_fds(fds, (unsigned int)n);
	return kept;
}

/* --- settings --------------------------------------------------------------------------------- */

static int apply_verb(struct work *work, const struct network_apply *how, struct port *port,
		      const struct port_spec *given)
{
	struct rport_error *err = &work->err;

	switch ((enum network_verb)how->verb) {
	case NETWORK_BRING_UP:
		return port_bring_up(port, how->again, err);
	case NETWORK_GIVE_BACK:
		return port_give_back(port, err);
	case NETWORK_TAKE_DOWN:
		return port_take_down(port, err);
	case NETWORK_CHANGE:
		return port_change(port, given, how->scope, how->again, err);
	case NETWORK_PUT_BACK:
		return port_put_back(port, err);
	case NETWORK_SET_MTU:
		return port_set_mtu(port, how->mtu, err);
	case N_NETWORK_VERBS:
		break;
	}
	return refuse(work);
}

static int apply(struct work *work)
{
	_cleanup_port_spec_ struct port_spec given = { 0 };
	struct network_apply how;
	struct port port;
	int r;

	message_get_value(work->in, &how);
	message_get_port(work->in, &port);
	if (how.verb == NETWORK_CHANGE)
		message_get_spec(work->in, &given);
	if (work->in->broken || !port.peering.present || how.mtu > LINK_MTU_MAX)
		r = refuse(work);
	else
		r = apply_verb(work, &how, &port, &given);
	message_put_state(work->out, &port);
	message_release_port(&port);
	return r;
}

static bool want_is_valid(const struct network_want *want)
{
	return want->admin <= PORT_ADMIN_DOWN &&
	       (want->link_local.family == AF_INET6 || want->link_local.family == AF_UNSPEC) &&
	       (want->given_link_local.family == AF_INET6 ||
		want->given_link_local.family == AF_UNSPEC);
}

static int observe(struct work *work)
{
	_cleanup_port_seen_ struct port_seen seen = { 0 };
	_cleanup_port_spec_ struct port_spec wanted = { 0 };
	struct network_want asked;
	struct port_want want;
	struct port port;
	int r;

	message_get_value(work->in, &asked);
	message_get_port(work->in, &port);
	if (asked.given)
		message_get_spec(work->in, &wanted);
	want = (struct port_want){
		.spec = asked.given ? &wanted : &port.spec,
		.given = asked.given ? &port.spec : NULL,
		.admin = asked.admin,
		.link_local = asked.link_local,
		.given_link_local = asked.given_link_local,
	};
	r = work->in->broken || !want_is_valid(&asked)
		    ? refuse(work)
		    : port_observe(&port, &want, asked.scope, &seen, NULL);
	if (r >= 0)
		message_put_seen(work->out, &seen);
	message_release_port(&port);
	return r;
}

/* Return: how many were answered by the deadline. */
static int ask(struct work *work)
{
	struct network_ask asked;
	int n = 0;

	message_get_value(work->in, &asked);
	if (work->in->broken || asked.n > PORT_ASK_MAX)
		return refuse(work);
	while (n < (int)asked.n && monotonic_usec() < asked.deadline) {
		struct port_answer answer = { 0 };
		struct network_answer wire;
		struct port port;

		message_get_port(work->in, &port);
		if (!port.peering.present)
			(void)refuse(work);
		else if (!work->in->broken)
			port_ask(work->actor->staging.own, &port, asked.observe, &answer);
		message_release_port(&port);
		if (work->in->broken)
			return refuse(work);
		wire = (struct network_answer){ .result = answer.result,
						.observed = answer.observed,
						.dev = answer.dev };
		message_put_value(work->out, wire);
		if (asked.observe && wire.result >= 0 && wire.observed >= 0)
			message_put_seen(work->out, &answer.seen);
		port_seen_release(&answer.seen);
		n++;
	}
	return n;
}

/* --- the fast path ---------------------------------------------------------------------------- */

/*
 * struct laying - the fast path of a link, and its ports
 * @passed: what programs counted that go now
 */
struct laying {
	struct port ports[2];
	struct flow_counters passed[2];
	struct fastpath path;
	bool want[2];
};

static void get_laying(struct work *work, struct laying *ret)
{
	struct network_lay asked;

	*ret = (struct laying){ 0 };
	message_get_value(work->in, &asked);
	for (unsigned int i = 0; i < 2; i++) {
		message_get_port(work->in, &ret->ports[i]);
		if (ret->ports[i].end != i)
			(void)refuse(work);
		ret->ports[i].passed = &ret->passed[i];
		ret->want[i] = asked.want[i];
	}
	ret->path.known = asked.known;
	for (unsigned int i = 0; i < 2; i++) {
		ret->path.counts[i] = asked.on[i] ? message_take_fd(work->in) : -1;
		ret->path.on[i] = ret->path.counts[i] >= 0;
	}
}

/* Gives the descriptors to the reply, and releases the rest. */
static void put_laid(struct work *work, struct laying *laying)
{
	struct network_laid laid = { .known = laying->path.known };

	for (unsigned int i = 0; i < 2; i++) {
		laid.on[i] = laying->path.on[i];
		laid.passed[i] = (struct fastpath_count){ .packets = laying->passed[i].packets,
							  .bytes = laying->passed[i].bytes };
		if (laying->path.on[i])
			message_put_fd(work->out, laying->path.counts[i]);
		message_release_port(&laying->ports[i]);
	}
	message_put_value(work->out, laid);
}

static int lay(struct work *work)
{
	struct laying laying;
	struct port *ports[2] = { &laying.ports[0], &laying.ports[1] };
	int r = 0;

	get_laying(work, &laying);
	if (!work->in->broken)
		r = fastpath_lay(ports, laying.want, &laying.path, &work->err);
	put_laid(work, &laying);
	return r;
}

static void clear_one(void *list, size_t i)
{
	struct laying *laying = (struct laying *)list + i;
	struct port *ports[2] = { &laying->ports[0], &laying->ports[1] };

	fastpath_clear(ports, &laying->path);
}

static int clear(struct work *work)
{
	struct laying *list;
	uint32_t n;

	message_get_value(work->in, &n);
	if (work->in->broken || n < 1 || n > PACKET_FDS_MAX)
		return refuse(work);
	list = calloc(n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		get_laying(work, &list[i]);
	if (!work->in->broken)
		thread_each(clear_one, list, n);
	for (uint32_t i = 0; i < n; i++)
		put_laid(work, &list[i]);
	free(list);
	return 0;
}

static int counts(struct work *work)
{
	while (!work->in->broken && work->in->fds_at < work->in->n_fds) {
		_cleanup_close_ int fd = message_take_fd(work->in);
		struct fastpath_count count = { 0 };

		(void)fastpath_read_counts(fd, &count);
		message_put_value(work->out, count);
	}
	return 0;
}

static int find_captures(struct work *work, struct port *port)
{
	_cleanup_close_ int netns_fd = tun_netns(tun_fd(&port->tun));
	struct packet_sockets sockets = { 0 };
	int r = netns_fd < 0 ? netns_fd : packet_sockets_find(netns_fd, &sockets);

	if (r >= 0)
		message_put_value(work->out, sockets);
	return r;
}

static int captures(struct work *work)
{
	return with_port(work, find_captures, false);
}

static int sweep(struct work *work _unused_)
{
	fastpath_sweep();
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------ */

static int (*const calls[N_NETWORK_CALLS])(struct work *work) = {
	[NETWORK_RESOLVE] = resolve,
	[NETWORK_RELEASE] = release,
	[NETWORK_NAME_TAKEN] = name_taken,
	[NETWORK_EXISTS] = exists,
	[NETWORK_MAKE] = make,
	[NETWORK_ADOPT] = adopt,
	[NETWORK_DERIVE] = derive,
	[NETWORK_LOOK] = look,
	[NETWORK_LOST_NAME] = lost_name,
	[NETWORK_APPLY] = apply,
	[NETWORK_OBSERVE] = observe,
	[NETWORK_ASK] = ask,
	[NETWORK_CARRIER] = set_carrier,
	[NETWORK_ALIAS] = set_alias,
	[NETWORK_REMOVE] = remove_ports,
	[NETWORK_REMOVE_DEVICES] = remove_devices,
	[NETWORK_REMOVE_UNNAMED] = remove_unnamed,
	[NETWORK_LAY] = lay,
	[NETWORK_CLEAR] = clear,
	[NETWORK_COUNTS] = counts,
	[NETWORK_CAPTURES] = captures,
	[NETWORK_SWEEP] = sweep,
};

/* The header is known last, and is first. */
static void put_header(struct message *reply, const struct network_reply *header)
{
	memcpy(reply->data, header, sizeof(*header));
}

int actor_act(struct actor *actor, struct message *request, struct message *reply)
{
	struct work work = { .actor = actor, .in = request, .out = reply };
	struct network_reply header = { 0 };
	struct network_request asked;
	int r;

	message_get_value(request, &asked);
	message_begin(reply);
	message_put_value(reply, header);
	r = request->broken || asked.call >= N_NETWORK_CALLS ? refuse(&work)
							     : calls[asked.call](&work);
	message_close_fds(request);
	if (r < 0)
		message_put_value(reply, work.err);
	if (request->broken || reply->broken) {
		message_close_fds(reply);
		return -EBADMSG;
	}
	header = (struct network_reply){ .serial = asked.serial, .result = r };
	put_header(reply, &header);
	return asked.call != NETWORK_RELEASE;
}
