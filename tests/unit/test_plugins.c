/* SPDX-License-Identifier: ISC */
/* The plugins of container runtimes: what they make of their input, without rportd. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "cni.h"
#include "netavark.h"

#define LONG_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static json_t *json(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

	ck_assert_msg(value, "%s: %s", error.text, text);
	return value;
}

/* Releases @got. */
static void assert_json(json_t *got, const char *want)
{
	char *text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(text, want);
	free(text);
	json_decref(got);
}

/* --- attachments ------------------------------------------------------------------------------ */

static const struct attachment attachments[] = {
	{ "cni", "net", "container", "eth0" },
	{ "cni", "net", "container", "eth1" },
	{ "cni", "net", "container0", "eth0" },
	{ "cni", "ne", "tcontainer", "eth0" },
	{ "cni", "net2", "container", "eth0" },
	{ "netavark", "net", "container", "eth0" },
	{ "netavark", "net", LONG_ID, "abcdefghijklmno" },
	{ "netavark", "net", LONG_ID "0", "abcdefghijklmno" },
	{ "netavark", LONG_ID, LONG_ID, "0 \xff\xff\xff\xff" },
};

START_TEST(names_are_valid_and_differ)
{
	char name[LINK_NAME_MAX + 1], other[LINK_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(attachments); i++) {
		attachment_link_name(&attachments[i], name);
		ck_assert_msg(link_name_valid(name), "%s", name);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(attachment_link_name(&attachments[j], other), name);
	}
}
END_TEST

/* Links are found by them after an upgrade, too. */
START_TEST(names_stay_what_they_are)
{
	char name[LINK_NAME_MAX + 1];

	ck_assert_str_eq(attachment_link_name(&attachments[0], name),
			 "cni-container.eth0-18baa0317bf7-9ac6555ab549");
}
END_TEST

START_TEST(names_tell_the_network)
{
	char name[LINK_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(attachments); i++)
		for (size_t j = 0; j < ARRAY_SIZE(attachments); j++) {
			const struct attachment *a = &attachments[i], *b = &attachments[j];

			attachment_link_name(a, name);
			ck_assert(attachment_in_network(name, b->runtime, b->network) ==
				  (streq(a->runtime, b->runtime) && streq(a->network, b->network)));
		}
	ck_assert(!attachment_in_network("", "cni", "net"));
	ck_assert(!attachment_in_network("cni-", "cni", "net"));
	ck_assert(!attachment_in_network("cni-mine", "cni", "net"));
}
END_TEST

START_TEST(identifiers)
{
	char text[PLUGIN_CONTAINER_MAX + 2] = "";

	ck_assert(container_name_valid("a") && container_name_valid("0_b-c.d"));
	ck_assert(!container_name_valid("") && !container_name_valid(".a") &&
		  !container_name_valid("-a") && !container_name_valid("a/b") &&
		  !container_name_valid("a b") && !container_name_valid("\xc3\xa4"));
	memset(text, 'a', PLUGIN_CONTAINER_MAX);
	ck_assert(container_name_valid(text));
	text[PLUGIN_CONTAINER_MAX] = 'a';
	ck_assert(!container_name_valid(text));
}
END_TEST

static const struct {
	const char *path, *domain; /* NULL: it is refused */
} paths[] = {
	{ "/run/netns/a", "netns:/run/netns/a" },
	{ "/var/run/docker/netns/0a1b", "netns:/var/run/docker/netns/0a1b" },
	{ "/proc/42/ns/net", "pid:42" },
	{ "/proc/042/ns/net", "netns:/proc/042/ns/net" },
	{ "/proc/self/ns/net", "netns:/proc/self/ns/net" },
	{ "/proc/42/ns/net/", "netns:/proc/42/ns/net/" },
	{ "/run/vrf:red/a", "netns:/run/vrf:red/a" },
	{ "/run/netns/a/vrf:red", NULL }, /* not the VRF in /run/netns/a */
	{ "/run/netns/\xff", NULL },
	{ "/run/netns/a\nb", NULL },
	{ "run/netns/a", NULL },
	{ "", NULL },
};

START_TEST(paths_of_namespaces)
{
	char domain[PLUGIN_DOMAIN_TEXT_MAX];
	int r = plugin_domain_of_path(paths[_i].path, domain);

	ck_assert_int_eq(r, paths[_i].domain ? 0 : -EINVAL);
	if (paths[_i].domain)
		ck_assert_str_eq(domain, paths[_i].domain);
}
END_TEST

START_TEST(long_paths_of_namespaces)
{
	char path[NAME_MAX + 2] = "/", domain[PLUGIN_DOMAIN_TEXT_MAX];

	memset(path + 1, 'a', NAME_MAX - 1);
	ck_assert_int_eq(plugin_domain_of_path(path, domain), 0);
	ck_assert_str_eq(domain + strlen("netns:"), path);
	path[NAME_MAX] = 'a';
	ck_assert_int_eq(plugin_domain_of_path(path, domain), -EINVAL);
}
END_TEST

/* --- links ------------------------------------------------------------------------------------ */

static int add(struct plugin_link *link, const char *text, const char *gateway_text)
{
	struct ip_address gateway = { .family = AF_UNSPEC };
	struct ip_prefix prefix;

	ck_assert_int_eq(ip_prefix_parse(text, &prefix), 0);
	if (gateway_text)
		ck_assert_int_eq(ip_address_parse(gateway_text, &gateway), 0);
	return plugin_link_add_address(link, &prefix, &gateway);
}

START_TEST(addresses)
{
	_cleanup_plugin_link_ struct plugin_link link;

	ck_assert_int_eq(plugin_link_init(&link, &attachments[0], "default"), 0);
	ck_assert_int_eq(add(&link, "10.1.0.2/16", "10.1.0.1"), 0);
	ck_assert_int_eq(add(&link, "10.1.0.3/16", "10.1.0.1"), 0);
	ck_assert_int_eq(add(&link, "fd00::2/128", NULL), 0);
	ck_assert_int_eq(add(&link, "10.1.0.4/16", "fd00::1"), -EINVAL);
	assert_json(json_incref(link.host.addresses),
		    "[{\"address\":\"10.1.0.1/32\",\"peer\":\"10.1.0.2\"}]");
	assert_json(json_incref(link.host.routes), "[\"10.1.0.3/32\",\"fd00::2/128\"]");
	assert_json(json_incref(link.container.addresses),
		    "[{\"address\":\"10.1.0.2/32\",\"peer\":\"10.1.0.1\"},"
		    "{\"address\":\"10.1.0.3/32\"},{\"address\":\"fd00::2/128\"}]");
	assert_json(json_incref(link.container.routes), "[\"10.1.0.0/16\"]");
}
END_TEST

START_TEST(addresses_and_routes_are_bounded)
{
	_cleanup_plugin_link_ struct plugin_link link;
	char text[32];
	int r = 0;

	ck_assert_int_eq(plugin_link_init(&link, &attachments[0], "default"), 0);
	for (int i = 0; i <= PLUGIN_ADDRESSES_MAX && r == 0; i++) {
		snprintf(text, sizeof(text), "10.1.0.%d/32", i);
		r = add(&link, text, NULL);
	}
	ck_assert_int_eq(r, -E2BIG);
	ck_assert_uint_eq(json_array_size(link.container.addresses), PLUGIN_ADDRESSES_MAX);
	r = 0;
	for (int i = 0; i <= PLUGIN_ROUTES_MAX && r == 0; i++) {
		struct ip_prefix to;

		snprintf(text, sizeof(text), "10.%d.%d.0/24", i / 250, i % 250);
		ck_assert_int_eq(ip_prefix_parse(text, &to), 0);
		r = plugin_link_add_route(&link, &to, 0);
	}
	ck_assert_int_eq(r, -E2BIG);
	ck_assert_uint_eq(json_array_size(link.container.routes), PLUGIN_ROUTES_MAX);
}
END_TEST

/* --- CNI -------------------------------------------------------------------------------------- */

static const struct cni_environment environment = {
	.command = "ADD",
	.container = "container",
	.netns = "/run/netns/c",
	.interface = "eth0",
};

static int read_request(const char *config, struct cni_request *ret, struct cni_error *error)
{
	return cni_request_read(&environment, strdup(config), strlen(config), ret, error);
}

START_TEST(cni_request)
{
	struct cni_error error = { 0 };
	struct cni_request request;
	json_t *values = json_object();

	ck_assert_int_eq(read_request("{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"domain\":"
				      "\"vrf:red\",\"ipam\":{\"type\":\"host-local\"},\"mtu\":"
				      "1500,\"fastPath\":true,\"Queues\":\"4\"}",
				      &request, &error),
			 0);
	ck_assert_str_eq(request.domain, "vrf:red");
	ck_assert_str_eq(request.ipam, "host-local");
	ck_assert_str_eq(request.attachment.network, "net");
	ck_assert_int_eq(cni_request_properties(&request, values, &error), 0);
	assert_json(values, "{\"fastpath\":true,\"mtu\":1500,\"queues\":4}");
	cni_request_release(&request);
}
END_TEST

static const struct {
	const char *config;
	int code;
} bad_configs[] = {
	{ "", CNI_CANNOT_DECODE },
	{ "[]", CNI_CANNOT_DECODE },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"name\":\"b\"}", CNI_CANNOT_DECODE },
	{ "{\"name\":\"a\"}", CNI_INCOMPATIBLE_VERSION },
	{ "{\"cniVersion\":1,\"name\":\"a\"}", CNI_INCOMPATIBLE_VERSION },
	{ "{\"cniVersion\":\"1.0\",\"name\":\"a\"}", CNI_INCOMPATIBLE_VERSION },
	{ "{\"cniVersion\":\"1.0.0\"}", CNI_INVALID_CONFIG },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"../a\"}", CNI_INVALID_CONFIG },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"ipam\":[]}", CNI_INVALID_CONFIG },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"ipam\":{\"type\":\"a/b\"}}",
	  CNI_INVALID_CONFIG },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"ipam\":{\"type\":\"..\"}}",
	  CNI_INVALID_CONFIG },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"ipam\":{\"type\":1}}", CNI_INVALID_CONFIG },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"bridge\":\"b\"}", CNI_UNSUPPORTED_FIELD },
	{ "{\"cniVersion\":\"1.0.0\",\"name\":\"a\",\"ipMasq\":true}", CNI_UNSUPPORTED_FIELD },
};

START_TEST(cni_bad_request)
{
	struct cni_error error = { 0 };
	struct cni_request request;

	ck_assert_int_lt(read_request(bad_configs[_i].config, &request, &error), 0);
	ck_assert_msg(error.code == bad_configs[_i].code, "%d: %s: %s", error.code, error.message,
		      error.details);
	cni_request_release(&request);
}
END_TEST

START_TEST(cni_result)
{
	struct cni_error error = { 0 };
	struct cni_request request;
	json_t *ipam = json("{\"ips\":[{\"address\":\"10.1.0.2/16\",\"gateway\":\"10.1.0.1\"}],"
			    "\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"10.1.0.1\"}]}");
	json_t *made = json("{\"a\":{\"interface\":\"rport0\",\"domain\":\"vrf:red\",\"mtu\":9},"
			    "\"b\":{\"interface\":\"eth0\",\"mtu\":9}}");

	ck_assert_int_eq(
		read_request("{\"cniVersion\":\"1.1.0\",\"name\":\"net\"}", &request, &error), 0);
	assert_json(cni_result_write(&request, ipam, made),
		    "{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"mtu\":9,\"name\":\"rport0\","
		    "\"sandbox\":\"\"},{\"mac\":\"00:00:00:00:00:00\",\"mtu\":9,\"name\":\"eth0\","
		    "\"sandbox\":\"/run/netns/c\"}],\"ips\":[{\"address\":\"10.1.0.2/32\","
		    "\"gateway\":\"10.1.0.1\",\"interface\":1}],\"routes\":[{\"dst\":"
		    "\"0.0.0.0/0\"}]}");
	cni_request_release(&request);
	json_decref(ipam);
	json_decref(made);
}
END_TEST

/* CHECK of a result with the address 10.1.0.2 and a default route, with this drift at end b. */
static const struct {
	const char *drift;
	bool good;
} drifts[] = {
	{ "mtu is 1500, not 32768", true },
	{ "the route 10.1.0.0/16 is missing", true },
	{ "the route 0.0.0.0/0 is missing", false },
	{ "the route 0.0.0.0/0 metric 50 is missing", false },
	{ "the route 0.0.0.0/0 is missing: there is one by eth9 with metric 0; give this one",
	  false },
	{ "the route 192.0.2.0/24 is not wanted", true },
	{ "the address 192.0.2.1/32 is not wanted", true },
	{ "the address 10.1.0.2/32 is missing", false },
	{ "it is down, not up", false },
	{ "it was moved to another namespace", false },
};

START_TEST(cni_check_drift)
{
	struct cni_error error = { 0 };
	struct cni_request request;
	json_t *link;
	int r;

	ck_assert_int_eq(
		read_request("{\"cniVersion\":\"1.1.0\",\"name\":\"net\",\"prevResult\":{"
			     "\"interfaces\":[{\"name\":\"eth0\"},{\"name\":\"eth0\",\"sandbox\":"
			     "\"/run/netns/c\"}],\"ips\":[{\"address\":\"10.1.0.2/32\","
			     "\"interface\":1},{\"address\":\"10.9.9.9/32\",\"interface\":0}],"
			     "\"routes\":[{\"dst\":\"0.0.0.0/0\"}]}}",
			     &request, &error),
		0);
	link = json_pack("{s:s, s:s, s:{s:b, s:[]}, s:{s:b, s:s, s:[{s:s}], s:[s]}}", "name",
			 "link", "state", "up", "a", "carrier", true, "drift", "b", "carrier", true,
			 "interface", "eth0", "addresses", "address", "10.1.0.2/32", "drift",
			 drifts[_i].drift);
	ck_assert_ptr_nonnull(link);
	r = cni_check_link(&request, link, &error);
	ck_assert_msg((r == 0) == drifts[_i].good, "%s: %s", drifts[_i].drift, error.details);
	if (r < 0)
		ck_assert_int_eq(error.code, CNI_DIFFERS);
	json_decref(link);
	cni_request_release(&request);
}
END_TEST

/* --- netavark --------------------------------------------------------------------------------- */

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

#define NETAVARK_INPUT(options, ips, more)                                                       \
	"{\"container_id\":\"" LONG_ID "\",\"network\":{\"name\":\"net\",\"options\":" options   \
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

/* --- reading ---------------------------------------------------------------------------------- */

START_TEST(input_is_bounded)
{
	char *text = NULL;
	size_t size;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "abcdef", 6), 6);
	ck_assert_int_eq(input_read(fds[0], 5, &text, &size), -EMSGSIZE);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(write(fds[1], "abcde", 5), 5);
	close(fds[1]);
	ck_assert_int_eq(input_read(fds[0], 5, &text, &size), 0);
	ck_assert_str_eq(text, "abcde");
	ck_assert_uint_eq(size, 5);
	close(fds[0]);
	free(text);
}
END_TEST

/* A runtime may give its plugins a descriptor that does not block. */
START_TEST(waiting_for_input_takes_no_cpu_time)
{
	const struct timespec pause = { .tv_nsec = 300 * 1000 * 1000 };
	struct rusage usage;
	char *text = NULL;
	size_t size;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		nanosleep(&pause, NULL);
		_exit(write(fds[1], "{}", 2) == 2 ? 0 : 1);
	}
	close(fds[1]);
	ck_assert_int_eq(input_read(fds[0], 5, &text, &size), 0);
	ck_assert_str_eq(text, "{}");
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	ck_assert_int_eq(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec, 0);
	ck_assert_int_lt(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec, 200 * 1000);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(fds[0]);
	free(text);
}
END_TEST

START_TEST(any_text_can_be_written)
{
	assert_json(output_message("a\nb \xc3\xa4"), "\"a\\nb \xc3\xa4\"");
	assert_json(output_message("cut \xc3"), "\"cut \\\\xc3\"");
	assert_json(output_message("\x1b[31m"), "\"\\\\x1b[31m\"");
	assert_json(output_message(""), "\"\"");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plugins");
	TCase *tcase = tcase_create("plugins");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, names_are_valid_and_differ);
	tcase_add_test(tcase, names_stay_what_they_are);
	tcase_add_test(tcase, names_tell_the_network);
	tcase_add_test(tcase, identifiers);
	tcase_add_loop_test(tcase, paths_of_namespaces, 0, ARRAY_SIZE(paths));
	tcase_add_test(tcase, long_paths_of_namespaces);
	tcase_add_test(tcase, addresses);
	tcase_add_test(tcase, addresses_and_routes_are_bounded);
	tcase_add_test(tcase, cni_request);
	tcase_add_loop_test(tcase, cni_bad_request, 0, ARRAY_SIZE(bad_configs));
	tcase_add_test(tcase, cni_result);
	tcase_add_loop_test(tcase, cni_check_drift, 0, ARRAY_SIZE(drifts));
	tcase_add_loop_test(tcase, netavark_networks, 0, ARRAY_SIZE(networks));
	tcase_add_loop_test(tcase, netavark_setups, 0, ARRAY_SIZE(setups));
	tcase_add_test(tcase, netavark_answer);
	tcase_add_test(tcase, input_is_bounded);
	tcase_add_test(tcase, waiting_for_input_takes_no_cpu_time);
	tcase_add_test(tcase, any_text_can_be_written);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
