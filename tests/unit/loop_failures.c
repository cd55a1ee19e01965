/* SPDX-License-Identifier: ISC */
/*
 * Each call of each verb is made to fail, one after the other: what a verb that failed has done is
 * undone, and asked again, it succeeds.
 */

#include <check.h>
#include <stdio.h>

#include "loop.h"

#define SETTLE_USEC (70 * USEC_PER_SEC)

/* --- what there is, in words ------------------------------------------------------------------ */

static FILE *out;

static void print_dev(const struct fake_dev *dev)
{
	char text[ROUTE_TEXT_MAX];

	if (dev->kind != FAKE_TUN)
		return;
	fprintf(out, "%s in %lu mtu %u %s master %u\n", dev->name, (unsigned long)dev->netns->ino,
		dev->mtu, dev->up ? "up" : "down", dev->master);
	for (size_t i = 0; i < dev->n_addresses; i++)
		fprintf(out, "  %s\n", ip_prefix_format(&dev->addresses[i].prefix, text));
	for (size_t i = 0; i < dev->n_routes; i++)
		fprintf(out, "  %s\n", route_format(&dev->routes[i].route, text));
}

static void print_record(const char *key, json_t *record, void *userdata _unused_)
{
	char *text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);

	fprintf(out, "%s: %s\n", key, text);
	free(text);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of devices and records is of no matter. */
static char *sort_lines(char *text)
{
	char *lines[256], *rest = text, *sorted = NULL;
	size_t n = 0, size;
	FILE *to = open_memstream(&sorted, &size);

	while (n < ARRAY_SIZE(lines) && (lines[n] = strsep(&rest, "\n")))
		n++;
	qsort(lines, n, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < n; i++)
		fprintf(to, "%s\n", lines[i]);
	fclose(to);
	free(text);
	return sorted;
}

static char *describe_all(void)
{
	const struct fake_netns *netns;
	const struct fake_dev *dev;
	char *text = NULL;
	size_t size;

	out = open_memstream(&text, &size);
	TAILQ_FOREACH(netns, &fake.namespaces, entry)
	{
		TAILQ_FOREACH(dev, &netns->devs, entry)
		{
			print_dev(dev);
		}
	}
	fake_require(state_foreach(loop.state, print_record, NULL) == 0);
	fprintf(out, "%u descriptors, %u stored\n", fake_descriptors(), fake_store_count());
	fclose(out);
	return sort_lines(text);
}

/* --- verbs ------------------------------------------------------------------------------------ */

static struct rport_error why;

static void fill(struct port_spec *spec, const char *domain, const char *ifname, const char *subnet)
{
	char text[64];

	fake_require(domain_parse(domain, &spec->domain, NULL) >= 0);
	strcpy(spec->ifname, ifname);
	snprintf(text, sizeof(text), "10.%s.0.1/24", subnet);
	fake_require(port_spec_add_address(spec, text, NULL, NULL) >= 0);
	snprintf(text, sizeof(text), "fd00:%s::1/64", subnet);
	fake_require(port_spec_add_address(spec, text, NULL, NULL) >= 0);
	snprintf(text, sizeof(text), "10.%s.1.0/24", subnet);
	fake_require(port_spec_add_route(spec, text, NULL) >= 0);
}

static int pair(const char *a, const char *b, unsigned int mtu, bool wait)
{
	_cleanup_link_spec_ struct link_spec spec = LINK_SPEC_INIT;
	struct pair_outcome outcome;
	struct rport_link *link;

	strcpy(spec.name, "link");
	spec.wait = wait;
	fill(&spec.ports[0], a, "one", mtu == 1500 ? "1" : "3");
	fill(&spec.ports[1], b, "two", "2");
	spec.ports[0].mtu = mtu;
	return pair_domains(loop.manager, &spec, true, &outcome, &link, &why);
}

static int pair_namespaces(void)
{
	return pair("red", "netns:blue", 1500, false);
}

static int pair_vrfs(void)
{
	return pair("vrf:v1", "netns:red/vrf:inner", 1500, false);
}

static int pair_process(void)
{
	return pair("pid:100", "default", 1500, false);
}

static int pair_and_wait(void)
{
	return pair("netns:absent", "netns:blue", 1500, true);
}

static int change_in_place(void)
{
	return pair("netns:red", "netns:blue", 9000, false);
}

static int replace(void)
{
	return pair("netns:red", "netns:green", 1500, false);
}

static struct port *find(const char *name)
{
	struct port *port;

	fake_require(manager_find_port(loop.manager, name, &port, &why) >= 0);
	return port;
}

static int create(const char *domain, const char *ifname, const char *subnet)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	struct port *port;

	fill(&spec, domain, ifname, subnet);
	return pair_create_port(loop.manager, &spec, &port, &why);
}

static int create_one(void)
{
	return create("netns:red", "one", "1");
}

static int create_unnamed(void)
{
	return create("netns:red", "", "1");
}

static void create_two(void)
{
	fake_require(create("netns:red", "one", "1") >= 0 && create("vrf:v1", "two", "2") >= 0);
}

static int set_parent(void)
{
	return manager_set_parent(loop.manager, find("one"), find("two"), NULL, &why);
}

static int set_up(void)
{
	return manager_set_up(loop.manager, find("one"), true, &why);
}

static int set_down(void)
{
	return manager_set_up(loop.manager, find("one"), false, &why);
}

static int set_mtu(void)
{
	struct port *ports[2] = { find("one"), find("two") };

	return manager_set_mtu(loop.manager, ports, 2, 4000, &why);
}

static void pair_first(void)
{
	fake_require(pair_namespaces() >= 0);
}

static struct fake_dev *dev_of(const char *name)
{
	return fake_file(tun_fd(&find(name)->tun))->dev;
}

static void disturb(void)
{
	struct fake_dev *dev;

	pair_first();
	dev = dev_of("one");
	fake_dev_rename(dev, "other");
	fake_dev_mtu(dev, 2000);
	fake_dev_up(dev, false);
}

static void move_away(void)
{
	pair_first();
	fake_require(fake_dev_move(dev_of("one"), fake.own) >= 0);
}

static void note_restored(const struct port *port _unused_, const char *what _unused_,
			  void *userdata _unused_)
{
}

static int reconcile(void)
{
	struct rport_link *link = table_link_by_name(manager_table(loop.manager), "link");

	return manager_reconcile(loop.manager, link->ports[0], note_restored, NULL, &why);
}

/* @partial: what was done before the failure stays done */
static const struct {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
	bool partial;
} verbs[] = {
	{ "pair namespaces", NULL, pair_namespaces, false },
	{ "pair VRFs", NULL, pair_vrfs, false },
	{ "pair a process", NULL, pair_process, false },
	{ "pair and wait", NULL, pair_and_wait, false },
	{ "change in place", pair_first, change_in_place, false },
	{ "replace", pair_first, replace, false },
	{ "create", NULL, create_one, false },
	{ "create unnamed", NULL, create_unnamed, false },
	{ "parent", create_two, set_parent, false },
	{ "up", create_two, set_up, false },
	{ "down", pair_first, set_down, false },
	{ "mtu", pair_first, set_mtu, false },
	{ "reconcile drift", disturb, reconcile, true },
	{ "reconcile a moved one", move_away, reconcile, true },
};

/* --- one call after the other ----------------------------------------------------------------- */

static void check_undone(int i, const char *before)
{
	_cleanup_free_ char *after = describe_all();

	if (!streq(before, after))
		fake_fail("%s: %s failed (%s), and is not undone:\n%s\nwas\n%s", verbs[i].name,
			  fake.failed_call, why.message, after, before);
}

/* Return: whether the verb makes so many calls. */
static bool fail_once(int i, unsigned int call)
{
	_cleanup_free_ char *before = NULL;
	int r;

	loop_begin(call);
	loop_world();
	if (verbs[i].prepare)
		verbs[i].prepare();
	fake_pass(SETTLE_USEC);
	before = describe_all();
	fake.fail_at = fake.faults + call;
	r = verbs[i].run();
	fake.fail_at = 0;
	loop_trace("%s %u: %s: %s", verbs[i].name, call, fake.failed_call ? fake.failed_call : "-",
		   r < 0 ? why.message : "done");
	if (!fake.failed)
		fake_require(r >= 0);
	fake_pass(SETTLE_USEC);
	if (r < 0 && !verbs[i].partial)
		check_undone(i, before);
	if (r < 0 && verbs[i].run() < 0)
		fake_fail("%s, again: %s", verbs[i].name, why.message);
	fake_pass(SETTLE_USEC);
	loop.excused = true;
	loop_check_at_rest();
	if (fake.failed) {
		loop_end();
		return true;
	}
	loop_end();
	return false;
}

START_TEST(a_verb_that_fails_is_undone)
{
	unsigned int call = 1;

	loop_open();
	while (fail_once(_i, call))
		call++;
	ck_assert_uint_gt(call, 1);
}
END_TEST

TCase *loop_failures_case(void)
{
	TCase *tcase = tcase_create("failures");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_verb_that_fails_is_undone, 0, ARRAY_SIZE(verbs));
	return tcase;
}
