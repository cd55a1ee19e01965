/* SPDX-License-Identifier: ISC */
/* What the plugins of container runtimes share: names, links, and JSON in and out. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "input.h"
#include "json_check.h"
#include "plugin.h"
#include "suite.h"

#define LONG_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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

/* Return: microseconds. */
static long cpu_time(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

/* A runtime may give its plugins a descriptor that does not block. */
START_TEST(waiting_for_input_takes_no_cpu_time)
{
	const struct timespec pause = { .tv_nsec = 300 * 1000 * 1000 };
	long before = cpu_time();
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
	ck_assert_int_lt(cpu_time() - before, 200 * 1000);
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

	tcase_add_test(tcase, names_are_valid_and_differ);
	tcase_add_test(tcase, names_stay_what_they_are);
	tcase_add_test(tcase, names_tell_the_network);
	tcase_add_test(tcase, identifiers);
	tcase_add_loop_test(tcase, paths_of_namespaces, 0, ARRAY_SIZE(paths));
	tcase_add_test(tcase, long_paths_of_namespaces);
	tcase_add_test(tcase, addresses);
	tcase_add_test(tcase, addresses_and_routes_are_bounded);
	tcase_add_test(tcase, input_is_bounded);
	tcase_add_test(tcase, waiting_for_input_takes_no_cpu_time);
	tcase_add_test(tcase, any_text_can_be_written);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
