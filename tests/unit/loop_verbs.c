/* SPDX-License-Identifier: ISC */
/* What users ask for, by chance: the verbs as the API calls them. */

#include <stdio.h>

#include "loop.h"

#define LINKS 8

/* --- what is asked for ------------------------------------------------------------------------ */

static const char *const domains[] = {
	"red",
	"netns:red",
	"netns:blue",
	"blue",
	"netns:green",
	"netns:grey",
	"vrf:v1",
	"vrf:v2",
	"v1",
	"netns:red/vrf:inner",
	"pid:100",
	"pid:101",
	"default",
	"netns:green",
	"netns:blue",
	"netns:/mnt/box",
	"netns:/mnt/box/vrf:inner",
	"netns:/proc/100/ns/net",
};

static const char *const ifnames[] = { "", "", "", "wan0", "wan1", "rport0", "rport1" };

static const char *any(const char *const list[], size_t n)
{
	return list[fake_random((unsigned int)n)];
}

/* Each end of a link has networks of its own, so that none is in the way of another's. */
static void add_settings(struct port_spec *spec, unsigned int number)
{
	char text[64];

	for (unsigned int i = fake_random(3); i > 0; i--) {
		snprintf(text, sizeof(text), fake_random(2) ? "10.%u.0.%u/24" : "fd00:%u::%u/64",
			 number, i);
		(void)port_spec_add_address(spec, text, NULL, NULL);
	}
	for (unsigned int i = fake_random(3); i > 0; i--) {
		snprintf(text, sizeof(text),
			 fake_random(2) ? "10.%u.%u.0/24" : "2001:db8:%u:%u::/64", number, i);
		(void)port_spec_add_route(spec, text, NULL);
	}
}

static void fill_port(struct port_spec *spec, unsigned int number)
{
	fake_require(domain_parse(any(domains, ARRAY_SIZE(domains)), &spec->domain, NULL) >= 0);
	strcpy(spec->ifname, any(ifnames, ARRAY_SIZE(ifnames)));
	if (fake_random(3) == 0)
		spec->mtu = LINK_MTU_MIN + fake_random(3) * 1000;
	add_settings(spec, number);
}

static void fill_link(struct link_spec *spec, unsigned int number)
{
	bool offload = fake_random(8) != 0;
	unsigned int queues = fake_random(8) == 0 ? 2 : 1;

	if (fake_random(8) != 0)
		snprintf(spec->name, sizeof(spec->name), "l%u", number);
	spec->wait = fake_random(2) == 0;
	for (unsigned int end = 0; end < 2; end++) {
		fill_port(&spec->ports[end], 2 * number + end);
		spec->ports[end].offload = offload;
		spec->ports[end].queues = queues;
	}
}

/* --- which ------------------------------------------------------------------------------------ */

struct choice {
	unsigned int n;
	struct rport_link *link;
	struct port *port;
};

static void choose_link(struct rport_link *link, void *userdata)
{
	struct choice *choice = userdata;

	if (fake_random(++choice->n) == 0)
		choice->link = link;
}

static struct rport_link *any_link(void)
{
	struct choice choice = { 0 };

	table_foreach_link(manager_table(loop.manager), choose_link, &choice);
	return choice.link;
}

static void choose_port(struct port *port, void *userdata)
{
	struct choice *choice = userdata;

	if (fake_random(++choice->n) == 0)
		choice->port = port;
}

static struct port *any_port(void)
{
	struct choice choice = { 0 };

	table_foreach_port(manager_table(loop.manager), choose_port, &choice);
	return choice.port;
}

/* --- verbs ------------------------------------------------------------------------------------ */

static struct rport_error why;

static const char *result(int r)
{
	return r < 0 ? why.message : "done";
}

static void pair(void)
{
	static const char *const names[] = { "created", "replaced", "changed", "unchanged" };
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	bool replace = fake_random(2) == 0;
	struct rport_link *link = NULL;
	struct pair_outcome paired = { 0 };
	char a[DOMAIN_TEXT_MAX], b[DOMAIN_TEXT_MAX];
	int r;

	fill_link(&spec, fake_random(LINKS));
	domain_format(&spec.ports[0].domain, a);
	domain_format(&spec.ports[1].domain, b);
	r = pair_domains(loop.manager, &spec, replace, &paired, &link, &why);
	loop_trace("pair %s %s %s%s%s: %s %s", a, b, spec.name, replace ? " replace" : "",
		   spec.wait ? " wait" : "", r < 0 ? "" : names[paired.result], result(r));
	if (r >= 0)
		fake_require(link &&
			     table_link_by_name(manager_table(loop.manager), spec.name) == link);
}

/* What a file says of a link: replaced if it is another one, and waited for. */
static void apply(void)
{
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	struct pair_outcome paired;
	struct rport_link *link;
	int r;

	fill_link(&spec, fake_random(LINKS));
	for (int end = 0; end < 2; end++)
		if (spec.ports[end].domain.netns == DOMAIN_NETNS_PID)
			return;
	spec.wait = true;
	r = pair_domains(loop.manager, &spec, true, &paired, &link, &why);
	loop_trace("apply %s: %s", spec.name, result(r));
	if (r >= 0)
		manager_set_file(loop.manager, link, "/etc/rportd/x.rport");
}

static void unpair(void)
{
	struct rport_link *link = any_link();

	if (!link)
		return;
	loop_trace("unpair %s", link->name);
	manager_destroy_link(loop.manager, link);
}

struct some_links {
	struct rport_link *links[MANAGER_DESTROY_MAX];
	size_t n;
};

static void choose_links(struct rport_link *link, void *userdata)
{
	struct some_links *some = userdata;

	if (fake_random(3) == 0)
		some->links[some->n++] = link;
}

_Static_assert(LOOP_MAX_LINKS <= MANAGER_DESTROY_MAX, "all links can be chosen");

/* As the links of files that were removed. */
static void unpair_some(void)
{
	struct some_links some = { 0 };

	table_foreach_link(manager_table(loop.manager), choose_links, &some);
	loop_trace("unpair %zu links", some.n);
	manager_destroy_links(loop.manager, some.links, some.n);
}

static void create(void)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	char domain[DOMAIN_TEXT_MAX];
	struct port *port;
	int r;

	fill_port(&spec, 2 * LINKS + fake_random(16));
	domain_format(&spec.domain, domain);
	r = pair_create_port(loop.manager, &spec, &port, &why);
	loop_trace("create in %s: %s", domain, result(r));
}

static void destroy(void)
{
	struct port *port = any_port();
	char name[PORT_TEXT_MAX];

	if (!port)
		return;
	loop_trace("destroy %s", port_format(port, name));
	manager_destroy_port(loop.manager, port);
}

static void parent(void)
{
	struct port *a = any_port(), *b = any_port();
	int r;

	if (!a)
		return;
	r = manager_set_parent(loop.manager, a, b, NULL, &why);
	loop_trace("parent: %s", result(r));
	if (r >= 0)
		fake_require(a->link && a->link == b->link);
}

static void unparent(void)
{
	struct port *port = any_port();

	if (!port)
		return;
	loop_trace("unparent");
	manager_delete_parent(loop.manager, port);
	fake_require(!port->link);
}

static void set_up(void)
{
	struct port *port = any_port();
	bool up = fake_random(2) == 0;
	char name[PORT_TEXT_MAX];
	int r;

	if (!port)
		return;
	port_format(port, name);
	r = manager_set_up(loop.manager, port, up, &why);
	loop_trace("set %s %s: %s", name, up ? "up" : "down", result(r));
	if (r >= 0)
		fake_require(port->admin == (up ? PORT_ADMIN_UP : PORT_ADMIN_DOWN));
}

static void set_mtu(void)
{
	unsigned int mtu = LINK_MTU_MIN + fake_random(4) * 1000;
	struct rport_link *link = any_link();
	int r;

	if (!link)
		return;
	r = manager_set_mtu(loop.manager, link->ports, 2, mtu, &why);
	loop_trace("set %s mtu %u: %s", link->name, mtu, result(r));
	for (int end = 0; end < 2 && r >= 0; end++)
		fake_require(link->ports[end]->spec.mtu == mtu);
}

static void configure(void)
{
	struct rport_link *link = any_link();

	if (link)
		manager_set_file(loop.manager, link,
				 fake_random(2) == 0 ? "/etc/rportd/x.rport" : NULL);
}

static void note_restored(const struct port *port, const char *what, void *userdata _unused_)
{
	char name[PORT_TEXT_MAX];

	loop_trace("  %s: %s", port_format(port, name), what);
}

static struct fake_dev *dev_of(const struct port *port)
{
	return port->peering.present ? fake_file(tun_fd(&port->tun))->dev : NULL;
}

static int reconcile_port(struct port *port)
{
	char name[PORT_TEXT_MAX];
	struct fake_dev *before = dev_of(port), *after;
	unsigned int index = before ? before->index : 0;
	int r;

	port_format(port, name);
	r = manager_reconcile(loop.manager, port, note_restored, NULL, &why);
	loop_trace("reconcile %s: %s", name, result(r));
	if (r >= 0)
		fake_require(port->peering.present && !port->drift);
	after = dev_of(port);
	/* What could not be put back is not looked into any more. A new device may lack a route
	 * that another interface has. */
	if (after && after == before && after->index == index)
		after->touched = r < 0 ? ~0U : 0;
	return r;
}

static void reconcile(void)
{
	struct port *port = any_port();

	if (port)
		(void)reconcile_port(port);
}

static void reconcile_one(struct port *port, void *userdata)
{
	unsigned int *failed = userdata;

	if (reconcile_port(port) < 0)
		++*failed;
}

unsigned int loop_reconcile(void)
{
	unsigned int failed = 0;

	table_foreach_port(manager_table(loop.manager), reconcile_one, &failed);
	return failed;
}

static void list(void)
{
	manager_ask_all(loop.manager);
}

static void show(void)
{
	struct rport_link *link = any_link();

	if (link)
		manager_ask_link(loop.manager, link);
}

static const struct {
	unsigned int weight;
	void (*run)(void);
} verbs[] = {
	{ 20, pair },     { 4, apply },     { 4, unpair },   { 1, unpair_some }, { 4, create },
	{ 3, destroy },   { 3, parent },    { 2, unparent }, { 6, set_up },      { 4, set_mtu },
	{ 2, configure }, { 5, reconcile }, { 3, list },     { 3, show },
};

void loop_verb(void)
{
	unsigned int sum = 0, chosen, i = 0;

	for (size_t k = 0; k < ARRAY_SIZE(verbs); k++)
		sum += verbs[k].weight;
	chosen = fake_random(sum);
	while (chosen >= verbs[i].weight)
		chosen -= verbs[i++].weight;
	verbs[i].run();
}
