/* SPDX-License-Identifier: ISC */
/* Finds the domain of a port, and makes the device there, under a name that is free; or takes the
 * one that a former daemon made. */

#include <stdio.h>

#include "manager/commit.h"
#include "manager/context.h"
#include "manager/make.h"
#include "manager/records.h"

#define NAMES_TAKEN_MAX 256   /* automatic names that are looked up and found taken */
#define NAMES_LOST_MAX  3     /* automatic names that are taken while a device is made */
#define NUMBERS_MAX     32768 /* of automatic names that are looked up; a multiple of 64 */

/* --- its domain ------------------------------------------------------------------------------- */

/* Once its namespace is found we receive the events of it: of a VRF that the port waits for. Return:
 * whether it was. */
static bool listen_for_vrf(struct manager *manager, const struct port *port)
{
	_cleanup_network_place_ struct network_place place = { 0 };
	struct domain domain = port->spec.domain;

	if (domain.netns != DOMAIN_NETNS_NAMED || !domain.vrf[0])
		return false;
	domain.vrf[0] = '\0';
	return network_resolve(manager->network, &domain, NULL, &place, NULL) >= 0;
}

/*
 * Once a process has ended, its number may be reused: the process for which pid:N stood first stays
 * the domain.
 */
static int resolve(struct manager *manager, struct port *port, struct network_place *ret,
		   struct rport_error *err)
{
	struct port_spec *spec = &port->spec;
	int r;

	if (spec->domain.netns == DOMAIN_NETNS_PID && port->had_device && !spec->process)
		return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
				       "the process %d that was meant cannot be told from others "
				       "after a restart: unpair, and pair again",
				       spec->domain.pid);
	r = network_resolve(manager->network, &spec->domain, spec->process, ret, err);
	if (r >= 0 && ret->process)
		spec->process = steal_ptr(ret->process);
	return r;
}

/* A process may have entered another namespace. */
static int check_netns(const struct port *port, const struct network_place *place,
		       struct rport_error *err)
{
	/* after a restart, the namespace of a port without a device is unknown */
	if (place->domain.netns != DOMAIN_NETNS_PID || port->netns.ino == 0)
		return 0;
	if (netns_equal(&place->netns, &port->netns))
		return 0;
	return rport_error_set(err, RPORT_ERR_DOMAIN_NOT_FOUND, ENOENT,
			       "process %d is in another namespace than the one it stood for: pair "
			       "again (--replace)",
			       place->domain.pid);
}

/* --- its name --------------------------------------------------------------------------------- */

/* Has another port a name that the kernel thinks is free: one that is pending, renamed or moved? */
static bool is_claimed(const struct manager *manager, const struct port *port, const char *name)
{
	const struct table *table = &manager->table;
	const struct domain *domain = &port->spec.domain;
	const struct port *other = NULL;

	do
		other = table_port_wanting(table, domain, name, other);
	while (other == port && other);
	if (other)
		return true;
	do
		other = table_port_called(table, domain, name, other);
	while (other == port && other);
	return other;
}

/* Numbers of interfaces "rportN" that we have in a namespace, whatever VRF they are in. */
struct numbers {
	uint64_t used[NUMBERS_MAX / 64];
};

/* Return: N of "rportN"; -1: not of "rport007", nor "rport" */
static long number_of(const char *ifname)
{
	const char *digits = skip_prefix(ifname, "rport");
	char *end;
	unsigned long n;

	if (!digits || *digits < '0' || *digits > '9' || (digits[0] == '0' && digits[1]))
		return -1;
	n = strtoul(digits, &end, 10); /* up to 10 digits: no overflow */
	return *end ? -1 : (long)n;
}

static void note_number(struct port *port, void *userdata)
{
	struct numbers *numbers = userdata;
	long n = number_of(port->ifname);

	if (n >= 0 && n < NUMBERS_MAX)
		numbers->used[n / 64] |= UINT64_C(1) << n % 64;
}

static bool is_noted(const struct numbers *numbers, unsigned int n)
{
	return n < NUMBERS_MAX && numbers->used[n / 64] >> n % 64 & 1;
}

static int no_free_name(const struct port *port, struct rport_error *err)
{
	char domain[DOMAIN_TEXT_MAX];

	return rport_error_set(err, RPORT_ERR_INTERFACE_EXISTS, EEXIST,
			       "other interfaces in %s have the names rportN that were tried: "
			       "choose a name",
			       domain_format(&port->spec.domain, domain));
}

/* How often other interfaces had the name, in one search. */
struct search {
	unsigned int taken; /* names that were found to be taken */
	unsigned int lost;  /* names that were taken while we made the device */
};

/* Return: 0; -EAGAIN: try the next name; or another -errno. */
static int make_named(struct port *port, const struct network_place *place, struct search *search,
		      struct rport_error *err)
{
	int r = network_make(port, place, true, err);

	if (r > 0)
		return ++search->taken < NAMES_TAKEN_MAX ? -EAGAIN : no_free_name(port, err);
	if (r == -EEXIST)
		return ++search->lost < NAMES_LOST_MAX ? -EAGAIN : no_free_name(port, err);
	return r;
}

/*
 * The kernel could choose a name. But it does not know the names of pending ports, and it renames
 * the interface only after it has moved: udev would look for the former name, not find it, and not
 * see whose interface it is. So we try the lowest number that none of our ports has, and the next
 * one while another interface has it.
 *
 * The owner of the namespace decides how many names are taken. So a name is looked up before a
 * device is made, and the search stops after NAMES_TAKEN_MAX of them.
 */
static int make_with_free_name(struct manager *manager, struct port *port,
			       const struct network_place *place, struct rport_error *err)
{
	struct numbers numbers = { 0 };
	struct search search = { 0 };
	int r = -EAGAIN;

	if (place->nsid >= 0)
		table_foreach_in_nsid(&manager->table, place->nsid, note_number, &numbers);
	for (unsigned int n = 0; r == -EAGAIN; n++) {
		if (is_noted(&numbers, n))
			continue;
		snprintf(port->spec.ifname, sizeof(port->spec.ifname), "rport%u", n);
		if (!is_claimed(manager, port, port->spec.ifname))
			r = make_named(port, place, &search, err);
	}
	if (r < 0)
		port->spec.ifname[0] = port->ifname[0] = '\0';
	return r;
}

/* --- its device ------------------------------------------------------------------------------- */

int make_device(struct manager *manager, struct port *port, struct rport_error *err)
{
	_cleanup_network_place_ struct network_place place = { 0 };
	char alias[PORT_ALIAS_MAX];
	int r;

	r = resolve(manager, port, &place, err);
	/* it may have come just before we could hear of it */
	if (r < 0 && listen_for_vrf(manager, port))
		r = resolve(manager, port, &place, err);
	if (r >= 0)
		r = check_netns(port, &place, err);
	if (r < 0)
		return r;
	port->spec.domain = place.domain;
	if (port->link)
		network_set_alias(manager->network, port,
				  port_link_alias(port->link->name, port->end, alias));
	if (port->spec.ifname[0] == '\0')
		return make_with_free_name(manager, port, &place, err);
	return network_make(port, &place, false, err);
}

/* --- that of a former daemon ------------------------------------------------------------------ */

/* Has the device the name of another port? Then the records or the store mix them up. */
static bool has_name_of_another(const struct manager *manager, const struct port *port)
{
	const struct port *other = NULL;

	if (!port->spec.ifname[0] || streq(port->ifname, port->spec.ifname))
		return false;
	do
		other = table_port_wanting(&manager->table, &port->spec.domain, port->ifname,
					   other);
	while (other == port && other);
	return other;
}

/* Descriptors of a former daemon's devices. */
struct left {
	const struct manager *manager;
	int *fds;
	size_t n;
};

static void add_left(struct port *port, void *userdata)
{
	struct left *left = userdata;
	int fd = port->inherited ? records_find_device(left->manager, port->slot) : -ENOENT;

	if (fd >= 0)
		left->fds[left->n++] = fd;
}

/* Was the name of the namespace, which this device keeps alive, taken from it while no daemon ran?
 * Then all devices in it are removed at once; their descriptors are closed when it is their turn. */
static void remove_left(struct manager *manager, const struct port *port, int fd)
{
	const char *name = port->spec.domain.name;
	struct left left = { .manager = manager };

	if (port->spec.domain.netns != DOMAIN_NETNS_NAMED)
		return;
	left.fds = calloc(manager->table.n_ports + 1, sizeof(*left.fds));
	if (!left.fds)
		return;
	left.fds[left.n++] = fd;
	table_foreach_in_netns(&manager->table, name, add_left, &left);
	network_remove_unnamed(manager->network, name, left.fds, left.n);
	free(left.fds);
}

int make_take_over(struct manager *manager, struct port *port, struct rport_error *err)
{
	_cleanup_network_place_ struct network_place place = { 0 };
	int fds[TUN_QUEUES_MAX];
	unsigned int n = records_take_queues(manager, port->slot, 0, fds);
	int r;

	/* fewer: rportd ended while it stored them */
	r = n == port->spec.queues ? 0 : -ENOENT;
	if (r >= 0)
		r = resolve(manager, port, &place, err);
	if (r >= 0)
		r = network_adopt(manager->network, port, fds, &place);
	if (r < 0) {
		if (n > 0)
			remove_left(manager, port, fds[0]);
		records_drop_device(manager, port->slot, n);
		while (n > 0)
			safe_close(fds[--n]);
		return r;
	}
	port->stored = true;
	if (!has_name_of_another(manager, port))
		return 0;
	commit_detach(manager, port);
	return -ESTALE;
}
