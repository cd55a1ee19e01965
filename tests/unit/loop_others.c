/* SPDX-License-Identifier: ISC */
/* What others do to namespaces, VRFs, processes and interfaces, by chance. */

#include <stdio.h>

#include "loop.h"

static const char *const names[] = { "red", "blue", "green", "grey", "/mnt/box" };
static const char *const vrfs[] = { "v1", "v2" };
static const char *const interfaces[] = { "wan0", "wan1", "rport0", "rport1", "foreign" };

static const char *any_name(void)
{
	return names[fake_random(ARRAY_SIZE(names))];
}

/* --- namespaces ------------------------------------------------------------------------------- */

static void make_netns(const char *name, bool mount)
{
	struct fake_netns *netns = fake_netns_new();

	fake_name_set(name, netns, mount);
	fake_netns_put(netns);
}

static void add_netns(void)
{
	const char *name = any_name();

	if (fake_name_find(name))
		return;
	loop_trace("+ ip netns add %s", name);
	make_netns(name, true);
}

static void delete_netns(void)
{
	const char *name = any_name();

	loop_trace("- ip netns delete %s", name);
	fake_name_remove(name);
}

/* The name stands for another namespace from now on: a new one, or that of another name. */
static void repoint_name(void)
{
	const char *name = any_name();
	struct fake_netns *other = fake_name_netns(any_name());

	loop_trace("~ ln -sf %s %s", other ? "other" : "new", name);
	if (other)
		fake_name_set(name, other, false);
	else
		make_netns(name, false);
}

/* As with mount --bind, of which only a watch on mounts hears. */
static void mount_over(void)
{
	const char *name = any_name();

	loop_trace("~ mount --bind new %s", name);
	make_netns(name, true);
}

static void link_name(void)
{
	const char *name = any_name();

	loop_trace("~ ln -sf /proc/100/ns/net %s", name);
	fake_name_link(name, 100);
}

static void hang_name(void)
{
	struct fake_name *name = fake_name_find(any_name());

	if (!name)
		return;
	loop_trace("~ %s %s", name->name, name->hangs ? "answers again" : "hangs");
	name->hangs = !name->hangs;
}

static void toggle_vrf(struct fake_netns *netns, const char *name, uint32_t table)
{
	struct fake_dev *dev = fake_dev_by_name(netns, name);

	loop_trace("%c vrf %s", dev ? '-' : '+', name);
	if (dev && dev->kind == FAKE_VRF)
		fake_dev_remove(dev);
	else if (!dev)
		(void)fake_vrf_new(netns, name, table);
}

static void change_vrf(void)
{
	unsigned int i = fake_random(ARRAY_SIZE(vrfs) + 1);
	struct fake_netns *red = fake_name_netns("red");

	if (i < ARRAY_SIZE(vrfs))
		toggle_vrf(fake.own, vrfs[i], 100 + i);
	else if (red)
		toggle_vrf(red, "inner", 200);
}

static void change_process(void)
{
	pid_t pid = 100 + (pid_t)fake_random(2);
	struct fake_process *process = fake_process_find(pid);
	struct fake_netns *netns;

	loop_trace("%c process %d", process ? '-' : '+', pid);
	if (process) {
		fake_process_end(process);
		return;
	}
	netns = fake_name_netns(any_name());
	if (netns && fake_random(2) == 0) {
		(void)fake_process_start(pid, netns);
		return;
	}
	netns = fake_netns_new();
	(void)fake_process_start(pid, netns);
	fake_netns_put(netns);
}

static struct fake_netns *any_netns(void)
{
	struct fake_netns *netns = fake_random(3) > 0 ? fake_name_netns(any_name()) : NULL;

	return netns ? netns : fake.own;
}

/* --- interfaces ------------------------------------------------------------------------------- */

static void make_interface(void)
{
	struct fake_netns *netns = any_netns();
	const char *name = interfaces[fake_random(ARRAY_SIZE(interfaces))];

	if (fake_dev_new(netns, name, FAKE_DUMMY))
		loop_trace("+ dummy %s in %lu", name, (unsigned long)netns->ino);
}

static void remove_interface(void)
{
	struct fake_netns *netns = any_netns();
	struct fake_dev *dev =
		fake_dev_by_name(netns, interfaces[fake_random(ARRAY_SIZE(interfaces))]);

	if (!dev || dev->kind != FAKE_DUMMY)
		return;
	loop_trace("- dummy %s in %lu", dev->name, (unsigned long)netns->ino);
	fake_dev_remove(dev);
}

struct choice {
	unsigned int n;
	struct fake_dev *dev;
	struct port *port;
};

/* Only the store has the device of an inherited port. */
static struct fake_dev *dev_of(const struct port *port)
{
	char stored[16];
	int fd;

	if (port->peering.present)
		return fake_file(tun_fd(&port->tun))->dev;
	snprintf(stored, sizeof(stored), "p%u", port->slot);
	fd = port->inherited ? fake_store_find(stored) : -1;
	return fd >= 0 ? fake_file(fd)->dev : NULL;
}

static void choose(struct port *port, void *userdata)
{
	struct choice *choice = userdata;
	struct fake_dev *dev = dev_of(port);

	if (!dev || !dev->netns || dev->netns->refs == 0 || fake_random(++choice->n) != 0)
		return;
	choice->dev = dev;
	choice->port = port;
}

static void lose(struct choice *port)
{
	fake_dev_remove(port->dev);
}

static void rename_dev(struct choice *port)
{
	static const char *const others[] = { "other0", "other1", "wan0" };

	if (fake_dev_rename(port->dev, others[fake_random(ARRAY_SIZE(others))]) >= 0)
		port->dev->touched |= FAKE_TOUCHED_NAME;
}

static void rename_back(struct choice *port)
{
	(void)fake_dev_rename(port->dev, port->port->spec.ifname);
}

static void move(struct choice *port)
{
	struct fake_netns *to = any_netns();

	if (to != port->dev->netns && fake_dev_move(port->dev, to) >= 0)
		port->dev->touched |= ~0U;
}

static void set_down(struct choice *port)
{
	fake_dev_up(port->dev, false);
	port->dev->touched |= FAKE_TOUCHED_ADMIN;
}

static void set_up(struct choice *port)
{
	port->dev->bounced |= !port->dev->up;
	fake_dev_up(port->dev, true);
	port->dev->touched |= FAKE_TOUCHED_ADMIN;
}

static void bounce(struct choice *port)
{
	if (!port->dev->up)
		return;
	fake_dev_up(port->dev, false);
	fake_dev_up(port->dev, true);
	port->dev->bounced = true;
}

static void set_mtu(struct choice *port)
{
	static const unsigned int mtus[] = { 1000, 1500, 9000 };

	fake_dev_mtu(port->dev, mtus[fake_random(ARRAY_SIZE(mtus))]);
	port->dev->touched |= FAKE_TOUCHED_MTU;
	if (port->dev->mtu < LINK_MTU_MIN)
		port->dev->touched |= FAKE_TOUCHED_SETTINGS;
}

static void delete_address(struct choice *port)
{
	struct fake_dev *dev = port->dev;

	if (dev->n_addresses == 0)
		return;
	fake_address_delete(dev, &dev->addresses[fake_random((unsigned)dev->n_addresses)].prefix);
	dev->touched |= FAKE_TOUCHED_SETTINGS;
}

static void delete_route(struct choice *port)
{
	struct fake_dev *dev = port->dev;
	const struct fake_route *route;

	if (dev->n_routes == 0)
		return;
	route = &dev->routes[fake_random((unsigned)dev->n_routes)];
	fake_route_delete(dev, &route->route, route->table);
	dev->touched |= FAKE_TOUCHED_SETTINGS;
}

static void add_address(struct choice *port)
{
	struct ip_prefix prefix;
	char text[32];

	if (port->dev->n_addresses > FAKE_ADDRESSES_MAX / 2)
		return;
	snprintf(text, sizeof(text), "192.0.2.%u/24", fake_random(4));
	fake_require(ip_prefix_parse(text, &prefix) == 0);
	(void)fake_address_add(port->dev, &prefix, NULL);
}

static void leave_vrf(struct choice *port)
{
	if (port->dev->master > 0)
		(void)fake_dev_enslave(port->dev, 0);
}

/* What the kernel took away by it is not put back while the port is there. */
static void enter_vrf(struct choice *port)
{
	const struct fake_dev *vrf = fake_dev_by_name(port->dev->netns, vrfs[0]);

	if (vrf && vrf->kind == FAKE_VRF && port->dev->master == 0 &&
	    fake_dev_enslave(port->dev, vrf->index) == 0)
		port->dev->touched |= FAKE_TOUCHED_PLACE | FAKE_TOUCHED_SETTINGS;
}

/* Who opens another queue could change how packets pass. */
static void open_queue(struct choice *port)
{
	if (!port->dev->multi)
		return;
	port->dev->foreign++;
	fake_tell_device(port->dev, false);
}

static const struct {
	const char *what;
	void (*run)(struct choice *port);
} port_changes[] = {
	{ "removed", lose },
	{ "renamed", rename_dev },
	{ "renamed back", rename_back },
	{ "moved", move },
	{ "set down", set_down },
	{ "set up", set_up },
	{ "bounced", bounce },
	{ "given an mtu", set_mtu },
	{ "robbed", delete_address },
	{ "unrouted", delete_route },
	{ "given more", add_address },
	{ "out of its VRF", leave_vrf },
	{ "in a VRF", enter_vrf },
	{ "opened", open_queue },
};

static void forget_bounce(struct fake_dev *dev)
{
	if (dev->bounced)
		dev->touched |= FAKE_TOUCHED_SETTINGS;
	dev->bounced = false;
}

static void change_port(void)
{
	unsigned int i = fake_random(ARRAY_SIZE(port_changes));
	struct choice choice = { 0 };

	if (loop.manager)
		table_foreach_port(manager_table(loop.manager), choose, &choice);
	if (!choice.dev)
		return;
	loop_trace("~ %s in %lu is %s", choice.dev->name, (unsigned long)choice.dev->netns->ino,
		   port_changes[i].what);
	port_changes[i].run(&choice);
	if (choice.port->inherited) /* as while no daemon ran */
		forget_bounce(choice.dev);
}

void loop_forget_bounces(void)
{
	struct fake_netns *netns;
	struct fake_dev *dev;

	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		TAILQ_FOREACH(dev, &netns->devs, entry)
		{
			forget_bounce(dev);
		}
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static const struct {
	unsigned int weight;
	void (*run)(void);
} changes[] = {
	{ 12, add_netns },     { 3, delete_netns },     { 2, repoint_name }, { 1, link_name },
	{ 1, mount_over },     { 1, hang_name },        { 4, change_vrf },   { 3, change_process },
	{ 2, make_interface }, { 4, remove_interface }, { 30, change_port },
};

void loop_others(void)
{
	unsigned int sum = 0, chosen, i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(changes); k++)
		sum += changes[k].weight;
	chosen = fake_random(sum);
	while (chosen >= changes[i].weight)
		chosen -= changes[i++].weight;
	changes[i].run();
}

void loop_world(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make_netns(names[i], true);
	for (unsigned int i = 0; i < ARRAY_SIZE(vrfs); i++)
		(void)fake_vrf_new(fake.own, vrfs[i], 100 + i);
	(void)fake_vrf_new(fake_name_netns("red"), "inner", 200);
	(void)fake_process_start(100, fake_name_netns("blue"));
}
