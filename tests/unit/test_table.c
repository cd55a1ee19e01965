/* SPDX-License-Identifier: ISC */
/* Finding ports and links by what users and the monitor call them. */

#include <check.h>
#include <stdio.h>

#include "manager/table.h"
#include "suite.h"

#define N_PORTS 6

static struct table table;
static struct port ports[N_PORTS];
static struct rport_link red_blue = { .name = "red-blue" }, wan = { .name = "wan" };
static struct rport_error err;

static void make_port(int i, const char *domain, const char *ifname, int nsid, unsigned int index)
{
	ports[i] = (struct port){ 0 };
	ck_assert_int_eq(domain_parse(domain, &ports[i].spec.domain, NULL), 0);
	snprintf(ports[i].ifname, sizeof(ports[i].ifname), "%s", ifname);
	ports[i].peering.present = true;
	ports[i].nsid = nsid;
	ports[i].index = index;
	table_add_port(&table, &ports[i]);
	ck_assert_int_eq(table_enter_index(&table, &ports[i]), 0);
}

static void make_link(struct rport_link *link, int a, int b)
{
	link->ports[0] = &ports[a];
	link->ports[1] = &ports[b];
	ports[a].link = ports[b].link = link;
	ck_assert_int_eq(table_add_link(&table, link), 0);
}

/* red-blue joins ports 0 and 1, wan joins 2 and 3, 4 and 5 have no peer. */
static void setup(void)
{
	table = (struct table){ 0 };
	TAILQ_INIT(&table.ports);
	make_port(0, "netns:red", "rport0", 1, 3);
	make_port(1, "vrf:blue", "rport0", 0, 17);
	make_port(2, "netns:red", "wan0", 1, 4);
	make_port(3, "netns:vpn", "wan0", 2, 3);
	make_port(4, "netns:red", "spare", 1, 5);
	make_port(5, "default", "rport0.x", 0, 18);
	make_link(&red_blue, 0, 1);
	make_link(&wan, 2, 3);
}

static void teardown(void)
{
	for (int i = 0; i < N_PORTS; i++)
		table_remove_port(&table, &ports[i]);
	table_remove_link(&table, &red_blue);
	table_remove_link(&table, &wan);
	ck_assert_ptr_null(table.indices);
	ck_assert_ptr_null(table.links);
	ck_assert_uint_eq(table.n_ports + table.n_links, 0);
}

static void name_port(int i, const char *wanted, const char *ifname)
{
	snprintf(ports[i].spec.ifname, IFNAMSIZ, "%s", wanted);
	snprintf(ports[i].ifname, IFNAMSIZ, "%s", ifname);
	table_rename_port(&table, &ports[i]);
}

START_TEST(by_index)
{
	for (int i = 0; i < N_PORTS; i++)
		ck_assert_ptr_eq(table_port_by_index(&table, ports[i].nsid, ports[i].index),
				 &ports[i]);
	ck_assert_ptr_null(table_port_by_index(&table, 2, 4));
	ck_assert_ptr_null(table_port_by_index(&table, -1, 3));
}
END_TEST

START_TEST(an_index_has_one_port)
{
	struct port other = { .nsid = 1, .index = 3 };

	ck_assert_int_eq(table_enter_index(&table, &ports[0]), 0); /* again */
	ck_assert_int_eq(table_enter_index(&table, &other), -EEXIST);
	table_leave_index(&table, &other); /* it is not known by it: nothing happens */
	ck_assert_ptr_eq(table_port_by_index(&table, 1, 3), &ports[0]);
	table_leave_index(&table, &ports[0]);
	ck_assert_ptr_null(table_port_by_index(&table, 1, 3));
}
END_TEST

/* The fields of a port may change at any time: the table goes by the key that it gave the port. */
START_TEST(index_outlives_changes_of_the_port)
{
	for (int i = 0; i < N_PORTS; i++) {
		ports[i].nsid += 7;
		ports[i].index = 0;
	}
	ck_assert_ptr_eq(table_port_by_index(&table, 1, 4), &ports[2]);
	ck_assert_ptr_null(table_port_by_index(&table, 8, 0));
	table_leave_index(&table, &ports[2]);
	ck_assert_ptr_null(table_port_by_index(&table, 1, 4));
	ports[4].nsid = 9;
	ports[4].index = 1;
	ck_assert_int_eq(table_enter_index(&table, &ports[4]), 0);
	ck_assert_ptr_null(table_port_by_index(&table, 1, 5));
	ck_assert_ptr_eq(table_port_by_index(&table, 9, 1), &ports[4]);
	/* teardown() finds the tree empty when all ports are gone */
}
END_TEST

static const struct {
	const char *name;
	int result;
	int port;
	const char *message;
} port_names[] = {
	{ "spare", 0, 4, NULL },
	{ "rport0.x", 0, 5, NULL },
	{ "netns:red/spare", 0, 4, NULL },
	{ "netns:red/rport0", 0, 0, NULL },
	{ "vrf:blue/rport0", 0, 1, NULL },
	{ "default/rport0.x", 0, 5, NULL },
	{ "rport0", -EINVAL, 0, "netns:red/rport0 or vrf:blue/rport0" },
	{ "wan0", -EINVAL, 0, "netns:red/wan0 or netns:vpn/wan0" },
	{ "rport", -ENXIO, 0, "there is no port \"rport\"" },
	{ "red/spare", 0, 4, NULL },
	{ "blue/rport0", 0, 1, NULL },
	{ "blue/spare", -ENXIO, 0, NULL },
	{ "netns:/spare", -ENXIO, 0, NULL },
	{ "/spare", -ENXIO, 0, NULL },
	{ "red-blue", -ENXIO, 0, NULL },
	{ "", -ENXIO, 0, NULL },
};

START_TEST(find_port)
{
	struct port *port = NULL;

	ck_assert_int_eq(table_find_port(&table, port_names[_i].name, &port, &err),
			 port_names[_i].result);
	ck_assert_ptr_eq(port, port_names[_i].result == 0 ? &ports[port_names[_i].port] : NULL);
	if (port_names[_i].message)
		ck_assert_ptr_nonnull(strstr(err.message, port_names[_i].message));
}
END_TEST

static const struct {
	const char *name;
	int result;
	struct rport_link *link;
} link_names[] = {
	{ "red-blue", 0, &red_blue }, { "wan", 0, &wan },
	{ "wan0", 0, &wan }, /* both its ports are called so */
	{ "rport0", 0, &red_blue },   { "netns:vpn/wan0", 0, &wan },
	{ "spare", -ENOENT, NULL }, /* a port, but of no link */
	{ "green", -ENOENT, NULL },   { "", -ENOENT, NULL },
};

START_TEST(find_link)
{
	struct rport_link *link = NULL;

	ck_assert_int_eq(table_find_link(&table, link_names[_i].name, &link, &err),
			 link_names[_i].result);
	ck_assert_ptr_eq(link, link_names[_i].link);
}
END_TEST

START_TEST(an_interface_of_two_links_is_ambiguous)
{
	struct rport_link *link;

	snprintf(ports[3].ifname, sizeof(ports[3].ifname), "rport0");
	ck_assert_int_eq(table_find_link(&table, "rport0", &link, &err), -EINVAL);
	ck_assert_int_eq(err.kind, RPORT_ERR_AMBIGUOUS);
	ck_assert_ptr_nonnull(strstr(err.message, "netns:red/rport0 or netns:vpn/rport0"));
	/* the name of a link is stronger than that of an interface */
	snprintf(ports[0].ifname, sizeof(ports[0].ifname), "wan");
	ck_assert_int_eq(table_find_link(&table, "wan", &link, &err), 0);
	ck_assert_ptr_eq(link, &wan);
}
END_TEST

/* It may be meant as well as the other: it will be there again. */
START_TEST(a_pending_port_is_as_good)
{
	struct port *port = NULL;

	ports[0].peering.present = false;
	ck_assert_int_eq(table_find_port(&table, "rport0", &port, &err), -EINVAL);
	ck_assert_int_eq(err.kind, RPORT_ERR_AMBIGUOUS);
	ck_assert_ptr_null(port);
	ports[0].peering.present = true;
}
END_TEST

START_TEST(a_port_without_a_name_is_a_dash)
{
	char name[PORT_TEXT_MAX];
	struct port *port = NULL;

	name_port(0, "", "");
	ck_assert_str_eq(strrchr(port_format(&ports[0], name), '/'), "/-");
	ck_assert_int_eq(table_find_port(&table, name, &port, &err), 0);
	ck_assert_ptr_eq(port, &ports[0]);
	ck_assert_int_eq(table_find_port(&table, "", &port, &err), -ENXIO);
	strrchr(name, '/')[1] = '\0';
	ck_assert_int_eq(table_find_port(&table, name, &port, &err), -ENXIO);
}
END_TEST

static void append_name(struct rport_link *link, void *userdata)
{
	char *names = userdata;

	strcat(strcat(names, link->name), " ");
}

START_TEST(links_are_in_the_order_of_names)
{
	struct rport_link first = { .name = "a" }, last = { .name = "zz" };
	char names[64] = "";

	ck_assert_int_eq(table_add_link(&table, &last), 0);
	ck_assert_int_eq(table_add_link(&table, &first), 0);
	table_foreach_link(&table, append_name, names);
	ck_assert_str_eq(names, "a red-blue wan zz ");
	table_remove_link(&table, &first);
	table_remove_link(&table, &last);
}
END_TEST

static struct domain domain_of(const char *text)
{
	struct domain domain;

	ck_assert_int_eq(domain_parse(text, &domain, NULL), 0);
	return domain;
}

START_TEST(a_name_is_wanted_or_had)
{
	struct domain red = domain_of("red"), netns_red = domain_of("netns:red");
	struct domain blue = domain_of("netns:blue");

	name_port(0, "rport0", "eth7");
	ck_assert_ptr_eq(table_port_wanting(&table, &netns_red, "rport0", NULL), &ports[0]);
	ck_assert_ptr_eq(table_port_wanting(&table, &red, "rport0", NULL), &ports[0]);
	ck_assert_ptr_null(table_port_wanting(&table, &red, "rport0", &ports[0]));
	ck_assert_ptr_null(table_port_wanting(&table, &red, "eth7", NULL));
	ck_assert_ptr_null(table_port_wanting(&table, &blue, "rport0", NULL));
	ck_assert_ptr_eq(table_port_called(&table, &red, "eth7", NULL), &ports[0]);
	ck_assert_ptr_null(table_port_called(&table, &red, "rport0", NULL));
	ck_assert_ptr_eq(table_port_called(&table, &red, "wan0", NULL), &ports[2]);
}
END_TEST

START_TEST(all_of_a_name_are_found)
{
	struct domain red = domain_of("netns:red");
	struct port *first, *second;

	name_port(0, "x", "x");
	name_port(4, "x", "x");
	first = table_port_wanting(&table, &red, "x", NULL);
	ck_assert_ptr_nonnull(first);
	second = table_port_wanting(&table, &red, "x", first);
	ck_assert(second && second != first);
	ck_assert_ptr_null(table_port_wanting(&table, &red, "x", second));
}
END_TEST

static void count_port(struct port *port _unused_, void *userdata)
{
	unsigned int *n = userdata;

	(*n)++;
}

static void leave(struct port *port, void *userdata)
{
	count_port(port, userdata);
	table_leave_index(&table, port);
}

START_TEST(ports_of_a_namespace)
{
	unsigned int n = 0;

	table_foreach_in_netns(&table, "red", count_port, &n);
	ck_assert_uint_eq(n, 3);
	table_foreach_in_netns(&table, "blue", count_port, &n); /* that is a VRF */
	ck_assert_uint_eq(n, 3);
	table_foreach_in_nsid(&table, 1, leave, &n);
	ck_assert_uint_eq(n, 6);
	table_foreach_in_nsid(&table, 1, leave, &n);
	ck_assert_uint_eq(n, 6);
	ck_assert_int_eq(table_enter_index(&table, &ports[0]), 0);
	table_foreach_in_nsid(&table, 1, leave, &n);
	ck_assert_uint_eq(n, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, by_index);
	tcase_add_test(tcase, an_index_has_one_port);
	tcase_add_test(tcase, index_outlives_changes_of_the_port);
	tcase_add_loop_test(tcase, find_port, 0, ARRAY_SIZE(port_names));
	tcase_add_loop_test(tcase, find_link, 0, ARRAY_SIZE(link_names));
	tcase_add_test(tcase, an_interface_of_two_links_is_ambiguous);
	tcase_add_test(tcase, a_pending_port_is_as_good);
	tcase_add_test(tcase, a_port_without_a_name_is_a_dash);
	tcase_add_test(tcase, links_are_in_the_order_of_names);
	tcase_add_test(tcase, a_name_is_wanted_or_had);
	tcase_add_test(tcase, all_of_a_name_are_found);
	tcase_add_test(tcase, ports_of_a_namespace);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
