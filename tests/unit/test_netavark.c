/* SPDX-License-Identifier: ISC */
/* The plugin of netavark: what it makes of networks and containers, without rportd. */

#include <check.h>

#include "json_check.h"
#include "netavark.h"
#include "suite.h"

static const struct {
	const char *network, *message; /* NULL: it is good */
} networks[] = {
	{ "{\"subnets\":[{\"subnet\":\"10.1.0.0/24\"}]}", NULL },
	{ "{\"ipam_options\":{\"driver\":\"none\"}}", NULL },
	{ "{\"subnets\":[{}],\"options\":{\"domain\":\"vrf:red\",\"mtu\":\"1500\","
	  "\"fastPath\":\"yes\",\"metric\":\"7\",\"no_default_route\":\"true\"}}",
	  NULL },
	{ "{\"subnets\":[{}],\"ipam_options\":null}", NULL },
	{ "{\"subnets\":[{}],\"ipam_options\":\"\"}", NULL },
	{ "{}", "which addresses?" },
	{ "{\"subnets\":[{}],\"ipam_options\":{\"driver\":\"none\"}}", "--ipam-driver none" },
	{ "{\"subnets\":[{}],\"ipam_options\":{\"driver\":\"dhcp\"}}", "the IPAM driver dhcp" },
	{ "{\"subnets\":[{}],\"options\":{\"domian\":\"x\"}}", "did you mean \"domain\"?" },
	{ "{\"subnets\":[{}],\"options\":{\"mtu\":\"9\"}}", "mtu 9 is not possible" },
	{ "{\"subnets\":[{}],\"options\":{\"mtu\":1500}}", "is not a text" },
	{ "{\"subnets\":[{}],\"options\":{\"metric\":\"4294967296\"}}", "is not a number" },
	{ "{\"subnets\":[{}],\"network_interface\":\"eth0\"}", "--interface-name" },
};

START_TEST(netavark_networks)
{
	struct netavark_error error = { "" };
	json_t *network = json(networks[_i].network);
	int r = netavark_check_network(network, &error);

	if (networks[_i].message) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_msg(strstr(error.message, networks[_i].message), "%s", error.message);
	} else {
		ck_assert_msg(r == 0, "%s", error.message);
		ck_assert(json_is_false(json_object_get(network, "dns_enabled")));
	}
	json_decref(network);
}
END_TEST

#define CONTAINER_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define NETAVARK_INPUT(options, ips, more)                                                       \
	"{\"container_id\":\"" CONTAINER_ID                                                      \
	"\",\"network\":{\"name\":\"net\",\"options\":" options                                  \
	",\"subnets\":[{\"subnet\":\"10.1.0.0/24\",\"gateway\":\"10.1.0.1\"},{\"subnet\":"       \
	"\"fd00::/64\"}]" more "},\"network_options\":{\"interface_name\":\"eth0\",\"static_ips" \
	"\":" ips "}}"

static const struct {
	const char *input, *routes, *message;
} setups[] = {
	{ NETAVARK_INPUT("{}", "[\"10.1.0.5\",\"fd00::5\"]", ""),
	  "[\"10.1.0.0/24\",\"fd00::/64\",\"0.0.0.0/0\",\"::/0\"]", NULL },
	{ NETAVARK_INPUT("{\"metric\":\"9\"}", "[\"10.1.0.5\"]", ""),
	  "[\"10.1.0.0/24\",\"0.0.0.0/0 metric 9\"]", NULL },
	{ NETAVARK_INPUT("{}", "[\"10.1.0.5\"]", ",\"internal\":true"), "[\"10.1.0.0/24\"]", NULL },
	{ NETAVARK_INPUT("{}", "null",
			 ",\"routes\":[{\"destination\":\"10.9.0.0/16\",\"gateway\":\"10.1.0.9\","
			 "\"metric\":3}]"),
	  "[\"10.9.0.0/16 metric 3\"]", NULL },
	{ NETAVARK_INPUT("{}", "[\"10.2.0.5\"]", ""), NULL, "is in no subnet" },
	{ NETAVARK_INPUT("{}", "[5]", ""), NULL, "invalid address" },
	{ NETAVARK_INPUT("{\"x\":\"\"}", "[]", ""), NULL, "unknown option" },
	{ NETAVARK_INPUT("{}", "[]",
			 ",\"routes\":[{\"destination\":\"10.9.0.0/16\",\"route_type\":"
			 "\"blackhole\"}]"),
	  NULL, "only unicast" },
};

START_TEST(netavark_setups)
{
	struct netavark_error error = { "" };
	json_t *input = json(setups[_i].input);
	struct attachment attachment;
	struct plugin_link link;
	int r;

	ck_assert_int_eq(netavark_attachment(input, &attachment, &error), 0);
	ck_assert_int_eq(plugin_link_init(&link, &attachment, "default"), 0);
	r = netavark_fill_link(&link, input, &error);
	if (setups[_i].message) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_msg(strstr(error.message, setups[_i].message), "%s", error.message);
	} else {
		ck_assert_msg(r == 0, "%s", error.message);
		assert_json(json_incref(link.container.routes), setups[_i].routes);
	}
	plugin_link_release(&link);
	json_decref(input);
}
END_TEST

START_TEST(netavark_answer)
{
	json_t *input = json(NETAVARK_INPUT("{}", "[\"10.1.0.5\",\"fd00::5\"]", ""));

	assert_json(netavark_status(input, "eth0"),
		    "{\"dns_search_domains\":[],\"dns_server_ips\":[],\"interfaces\":{\"eth0\":{"
		    "\"mac_address\":\"\",\"subnets\":[{\"gateway\":\"10.1.0.1\",\"ipnet\":"
		    "\"10.1.0.5/32\"},{\"ipnet\":\"fd00::5/128\"}]}}}");
	json_decref(input);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("netavark");
	TCase *tcase = tcase_create("netavark");

	tcase_add_loop_test(tcase, netavark_networks, 0, ARRAY_SIZE(networks));
	tcase_add_loop_test(tcase, netavark_setups, 0, ARRAY_SIZE(setups));
	tcase_add_test(tcase, netavark_answer);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
