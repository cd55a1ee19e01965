/* SPDX-License-Identifier: ISC */
/* rport-cni: what it makes of requests and results, without rportd. */

#include <check.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cni.h"
#include "ipam.h"
#include "json_check.h"
#include "suite.h"

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

/* --- the IPAM plugin -------------------------------------------------------------------------- */

static char directory[] = "/tmp/test_cni.XXXXXX";

static void write_program(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0700), 0);
}

/* Runs the second of two directories' program, since the first has a directory of its name. */
static int run_ipam(const char *program, json_t **ret, struct cni_error *error)
{
	char paths[4][64], search[160];
	struct cni_request request = { .environment = { .path = search },
				       .text = (char *)"{\"a\":1}",
				       .size = 7,
				       .ipam = "x" };
	int r;

	strcpy(directory + strlen(directory) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(paths[0], sizeof(paths[0]), "%s/a", directory);
	snprintf(paths[1], sizeof(paths[1]), "%s/a/x", directory);
	snprintf(paths[2], sizeof(paths[2]), "%s/b", directory);
	snprintf(paths[3], sizeof(paths[3]), "%s/b/x", directory);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(mkdir(paths[i], 0700), 0);
	write_program(paths[3], program);
	snprintf(search, sizeof(search), "b:%s:%s", paths[0], paths[2]);
	r = ipam_run(&request, "ADD", ret, error);
	for (size_t i = ARRAY_SIZE(paths); i > 0; i--)
		ck_assert_int_eq(remove(paths[i - 1]), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	return r;
}

START_TEST(ipam_result)
{
	struct cni_error error = { 0 };
	json_t *result;

	ck_assert_int_eq(run_ipam("#!/bin/sh\nprintf '{\"%s\": %s}' $CNI_COMMAND \"$(cat)\"\n",
				  &result, &error),
			 0);
	assert_json(result, "{\"ADD\":{\"a\":1}}");
}
END_TEST

static const struct {
	const char *program;
	int code;
	const char *message;
} bad_programs[] = {
	{ "#!/bin/sh\n", CNI_CANNOT_DECODE, "cannot read the result of the IPAM plugin" },
	{ "#!/bin/sh\necho []\n", CNI_CANNOT_DECODE, "cannot read the result of the IPAM plugin" },
	{ "#!/bin/sh\nexit 1\n", CNI_DELEGATE, "the IPAM plugin failed" },
	{ "#!/bin/sh\necho '{\"code\": 11, \"msg\": \"later\"}'; exit 1\n", CNI_TRY_AGAIN,
	  "later" },
	{ "#!/bin/sh\necho '{\"code\": 4294967307, \"msg\": \"later\"}'; exit 1\n", CNI_DELEGATE,
	  "the IPAM plugin failed" },
	{ "#!/bin/sh\nkill -KILL $$\n", CNI_IO_FAILURE, "cannot run the IPAM plugin" },
	{ "#!/bin/sh\nexec cat /dev/zero\n", CNI_IO_FAILURE, "cannot run the IPAM plugin" },
};

START_TEST(ipam_that_fails)
{
	struct cni_error error = { 0 };
	json_t *result;

	ck_assert_int_eq(run_ipam(bad_programs[_i].program, &result, &error), -EINVAL);
	ck_assert_ptr_null(result);
	ck_assert_str_eq(error.message, bad_programs[_i].message);
	ck_assert_int_eq(error.code, bad_programs[_i].code);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cni");
	TCase *tcase = tcase_create("cni");

	tcase_add_test(tcase, cni_request);
	tcase_add_loop_test(tcase, cni_bad_request, 0, ARRAY_SIZE(bad_configs));
	tcase_add_test(tcase, cni_result);
	tcase_add_loop_test(tcase, cni_check_drift, 0, ARRAY_SIZE(drifts));
	tcase_add_test(tcase, ipam_result);
	tcase_add_loop_test(tcase, ipam_that_fails, 0, ARRAY_SIZE(bad_programs));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
