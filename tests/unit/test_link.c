/* SPDX-License-Identifier: ISC */
/* The rules of rport(4). */

#include <check.h>

#include "base/util.h"
#include "port/parent.h"
#include "suite.h"

static struct link_port a, b, c;

static void setup(void)
{
	a = b = c = (struct link_port){ .present = true, .up = true };
}

START_TEST(parent_is_symmetric)
{
	struct link_port *peer = NULL;

	ck_assert_int_eq(link_set_parent(&a, &b), 1);
	ck_assert_int_eq(link_get_parent(&a, &peer), 0);
	ck_assert_ptr_eq(peer, &b);
	ck_assert_int_eq(link_get_parent(&b, &peer), 0);
	ck_assert_ptr_eq(peer, &a);
}
END_TEST

START_TEST(same_parent_again_changes_nothing)
{
	link_set_parent(&a, &b);
	ck_assert_int_eq(link_set_parent(&a, &b), 0);
	ck_assert_int_eq(link_set_parent(&b, &a), 0);
	ck_assert_ptr_eq(a.peer, &b);
	ck_assert_ptr_eq(b.peer, &a);
}
END_TEST

START_TEST(no_port_or_itself_is_invalid)
{
	ck_assert_int_eq(link_set_parent(&a, NULL), -EINVAL);
	ck_assert_int_eq(link_set_parent(&a, &a), -EINVAL);
	ck_assert_ptr_null(a.peer);
	link_set_parent(&a, &b);
	ck_assert_int_eq(link_set_parent(&a, &a), -EINVAL);
	ck_assert_ptr_eq(a.peer, &b);
}
END_TEST

START_TEST(taken_is_busy_whichever_side)
{
	link_set_parent(&a, &b);
	ck_assert_int_eq(link_set_parent(&a, &c), -EBUSY);
	ck_assert_int_eq(link_set_parent(&c, &a), -EBUSY);
	ck_assert_int_eq(link_set_parent(&c, &b), -EBUSY);
	ck_assert_ptr_eq(a.peer, &b);
	ck_assert_ptr_eq(b.peer, &a);
	ck_assert_ptr_null(c.peer);
}
END_TEST

START_TEST(unpaired_has_no_address_available)
{
	struct link_port *peer = &c;

	ck_assert_int_eq(link_get_parent(&a, &peer), -EADDRNOTAVAIL);
	ck_assert_ptr_eq(peer, &c);
}
END_TEST

START_TEST(delete_clears_both_and_always_succeeds)
{
	link_delete_parent(&a);
	link_set_parent(&a, &b);
	link_delete_parent(&b);
	ck_assert_ptr_null(a.peer);
	ck_assert_ptr_null(b.peer);
	ck_assert_int_eq(link_set_parent(&a, &c), 1);
}
END_TEST

START_TEST(carrier_is_that_the_peer_is_there_and_up)
{
	ck_assert(!link_carrier(&a));
	link_set_parent(&a, &b);
	ck_assert(link_carrier(&a));
	b.up = false;
	ck_assert(!link_carrier(&a));
	ck_assert(link_carrier(&b)); /* its own state does not matter */
	b.up = true;
	b.present = false;
	ck_assert(!link_carrier(&a));
}
END_TEST

/* --- against a model -------------------------------------------------------------------------- */

/*
 * The same rules once more, as plainly as they can be said: who is whose parent is a list of pairs.
 * Random operations, good and bad, go to both; after each, both must agree about everything.
 */

#define MODEL_PORTS      8
#define MODEL_OPERATIONS 200000
#define NOBODY           (-1)

static struct link_port ports[MODEL_PORTS];
static int parent_of[MODEL_PORTS];

static int model_set_parent(int port, int parent)
{
	if (parent == NOBODY || parent == port)
		return -EINVAL;
	if (parent_of[port] == parent)
		return 0;
	if (parent_of[port] != NOBODY || parent_of[parent] != NOBODY)
		return -EBUSY;
	parent_of[port] = parent;
	parent_of[parent] = port;
	return 1;
}

static void model_delete_parent(int port)
{
	for (int i = 0; i < MODEL_PORTS; i++)
		if (parent_of[i] == port)
			parent_of[i] = NOBODY;
	parent_of[port] = NOBODY;
}

static bool model_carrier(int port)
{
	int parent = parent_of[port];

	return parent != NOBODY && ports[parent].present && ports[parent].up;
}

/* Plain comparisons: a ck_assert() for each would take most of the time. */
static bool port_agrees(int port)
{
	struct link_port *peer = NULL;
	int r = link_get_parent(&ports[port], &peer);

	if (link_carrier(&ports[port]) != model_carrier(port))
		return false;
	if (parent_of[port] == NOBODY)
		return r == -EADDRNOTAVAIL && !peer;
	return r == 0 && peer == &ports[parent_of[port]] && peer->peer == &ports[port];
}

static bool ports_are(const struct link_port *before)
{
	for (int i = 0; i < MODEL_PORTS; i++)
		if (ports[i].peer != before[i].peer || ports[i].up != before[i].up ||
		    ports[i].present != before[i].present)
			return false;
	return true;
}

static bool set_parent_agrees(int port, int parent)
{
	struct link_port before[MODEL_PORTS];
	int r;

	memcpy(before, ports, sizeof(before));
	r = link_set_parent(&ports[port], parent == NOBODY ? NULL : &ports[parent]);
	if (r <= 0 && !ports_are(before))
		return false; /* refused, or nothing to do, and yet something changed */
	return r == model_set_parent(port, parent);
}

static bool operation_agrees(int operation, int port, int other)
{
	switch (operation) {
	case 0:
		link_delete_parent(&ports[port]);
		model_delete_parent(port);
		return true;
	case 1:
		ports[port].up = !ports[port].up;
		return true;
	case 2:
		ports[port].present = !ports[port].present;
		return true;
	default:
		return set_parent_agrees(port, other);
	}
}

START_TEST(random_operations_agree_with_the_model)
{
	unsigned int random = 20261123; /* an arbitrary seed, always the same */

	memset(ports, 0, sizeof(ports));
	for (int i = 0; i < MODEL_PORTS; i++)
		parent_of[i] = NOBODY;
	for (int n = 0; n < MODEL_OPERATIONS; n++) {
		int operation = rand_r(&random) % 6, port = rand_r(&random) % MODEL_PORTS;
		int other = rand_r(&random) % (MODEL_PORTS + 1) - 1; /* -1: no such port */

		if (!operation_agrees(operation, port, other))
			ck_abort_msg("operation %d (%d, %d), number %d", operation, port, other, n);
		for (int i = 0; i < MODEL_PORTS; i++)
			if (!port_agrees(i))
				ck_abort_msg("port %d after operation %d", i, n);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("link");
	TCase *parents = tcase_create("parents");

	tcase_add_checked_fixture(parents, setup, NULL);
	tcase_add_test(parents, parent_is_symmetric);
	tcase_add_test(parents, same_parent_again_changes_nothing);
	tcase_add_test(parents, no_port_or_itself_is_invalid);
	tcase_add_test(parents, taken_is_busy_whichever_side);
	tcase_add_test(parents, unpaired_has_no_address_available);
	tcase_add_test(parents, delete_clears_both_and_always_succeeds);
	tcase_add_test(parents, carrier_is_that_the_peer_is_there_and_up);
	tcase_add_test(parents, random_operations_agree_with_the_model);
	tcase_set_timeout(parents, 120); /* in valgrind */
	suite_add_tcase(suite, parents);

	return suite_run(suite);
}
