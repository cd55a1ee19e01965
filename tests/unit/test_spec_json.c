/* SPDX-License-Identifier: ISC */
/* What a port shall be, as JSON and back: as one daemon tells the next. */
#include <check.h>

#include "port/property.h"
#include "port/spec-diff.h"
#include "port/spec-json.h"
#include "suite.h"

static struct port_spec full_spec(const char *domain)
{
	struct port_spec spec = PORT_SPEC_INIT;

	ck_assert_int_eq(domain_parse(domain, &spec.domain, NULL), 0);
	ck_assert_int_eq(port_spec_set_ifname(&spec, "wan0", NULL), 0);
	ck_assert_int_eq(port_spec_set_mtu(&spec, 9000, NULL), 0);
	spec.offload = false;
	spec.mpls = true;
	ck_assert_int_eq(port_spec_set_queues(&spec, 4, NULL), 0);
	ck_assert_int_eq(port_spec_add_address(&spec, "10.0.0.1/24", NULL, NULL), 0);
	ck_assert_int_eq(port_spec_add_address(&spec, "192.168.0.0", "192.168.0.1", NULL), 0);
	ck_assert_int_eq(port_spec_add_address(&spec, "fd00::1/64", NULL, NULL), 0);
	ck_assert_int_eq(port_spec_add_route(&spec, "default", NULL), 0);
	ck_assert_int_eq(port_spec_add_route(&spec, "fd01::/48", NULL), 0);
	ck_assert_int_eq(port_spec_add_route(&spec,
					     "10.0.0.0/8 via 10.0.0.2 metric 4294967295 src "
					     "10.0.0.1",
					     NULL),
			 0);
	return spec;
}

static void check_round_trip(const struct port_spec *spec)
{
	_cleanup_port_spec_ struct port_spec back = PORT_SPEC_INIT;
	json_t *object = spec_json_write(spec);
	char difference[512] = "";

	ck_assert_ptr_nonnull(object);
	ck_assert_int_eq(spec_json_read(object, &back, NULL), 0);
	ck_assert_msg(!port_spec_diff(&back, spec, difference, sizeof(difference)), "%s",
		      difference);
	ck_assert_str_eq(back.ifname, spec->ifname);
	ck_assert(domain_equal(&back.domain, &spec->domain));
	json_decref(object);
}

START_TEST(all_of_it_comes_back)
{
	static const char *const domains[] = { "red",       "default",       "vrf:red",
					       "netns:red", "netns:a/vrf:b", "pid:4711" };

	for (size_t i = 0; i < ARRAY_SIZE(domains); i++) {
		_cleanup_port_spec_ struct port_spec spec = full_spec(domains[i]);

		check_round_trip(&spec);
	}
}
END_TEST

/* Whatever row the table has: JSON, differences and what is made again follow from it. */
START_TEST(each_property_is_known)
{
	const struct property *property = &properties[_i];
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT, plain = PORT_SPEC_INIT;
	unsigned int value = property->standard == property->max ? property->min : property->max;
	char difference[512], text[PROPERTY_TEXT_MAX];
	int64_t parsed;

	ck_assert_uint_eq(property_get(&spec, property->id), property->standard);
	ck_assert_int_eq(property_set(&spec, property->id, value, NULL), 0);
	ck_assert_uint_eq(property_get(&spec, property->id), value);
	ck_assert_int_eq(domain_parse("default", &spec.domain, NULL), 0);
	check_round_trip(&spec);
	plain.domain = spec.domain;
	ck_assert(port_spec_diff(&plain, &spec, difference, sizeof(difference)));
	ck_assert_ptr_nonnull(strstr(difference, property->name));
	ck_assert((port_spec_fixed_difference(&plain, &spec) != NULL) == property->fixed);
	if (property->fixed)
		ck_assert_str_eq(port_spec_fixed_difference(&plain, &spec), property->name);
	ck_assert_int_eq(property_parse(property, property_format_key(property, value, text),
					&parsed, NULL),
			 0);
	ck_assert_int_eq(parsed, value);
	ck_assert_int_eq(property_set(&spec, property->id, (int64_t)property->max + 1, NULL),
			 -EINVAL);
	ck_assert_ptr_eq(property_by_name(property->name), property);
	ck_assert_ptr_eq(property_by_key(property->key), property);
}
END_TEST

START_TEST(little_comes_back_as_little)
{
	struct port_spec spec = PORT_SPEC_INIT;

	ck_assert_int_eq(domain_parse("default", &spec.domain, NULL), 0);
	check_round_trip(&spec);
}
END_TEST

/* The next version may say more; an older one has said less. */
START_TEST(other_versions_are_read)
{
	_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
	json_t *object = json_pack("{s:s, s:s, s:[s]}", "domain", "netns:a", "colour", "red",
				   "later", "more");

	ck_assert_int_eq(spec_json_read(object, &spec, NULL), 0);
	ck_assert_uint_eq(spec.mtu, LINK_MTU_DEFAULT);
	ck_assert(spec.offload);
	ck_assert_uint_eq(spec.queues, 1);
	ck_assert_uint_eq(spec.n_addresses, 0);
	json_decref(object);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"{\"domain\": 5}",
		"{\"domain\": \"no:such\"}",
		"{\"domain\": \"default\", \"interface\": \"a/b\"}",
		"{\"domain\": \"default\", \"mtu\": 5}",
		"{\"domain\": \"default\", \"queues\": 9}",
		"{\"domain\": \"default\", \"queues\": -1}",
		"{\"domain\": \"default\", \"addresses\": [{\"address\": \"x\"}]}",
		"{\"domain\": \"default\", \"addresses\": [5]}",
		"{\"domain\": \"default\", \"routes\": [\"10.0.0.1/8\"]}",
		"{\"domain\": \"default\", \"routes\": [null]}",
		"{\"domain\": \"default\", \"routes\": [\"default\", \"default\"]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_port_spec_ struct port_spec spec = PORT_SPEC_INIT;
		json_t *object = json_loads(texts[i], JSON_DECODE_ANY, NULL);
		struct rport_error err = { 0 };

		ck_assert_int_eq(spec_json_read(object, &spec, &err), -EINVAL);
		ck_assert_str_ne(err.message, "");
		json_decref(object);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec_json");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, all_of_it_comes_back);
	tcase_add_loop_test(tcase, each_property_is_known, 0, N_PROPERTIES);
	tcase_add_test(tcase, little_comes_back_as_little);
	tcase_add_test(tcase, other_versions_are_read);
	tcase_add_test(tcase, nonsense_is_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
