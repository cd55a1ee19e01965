/* SPDX-License-Identifier: ISC */
/*
 * rportd-net in the hands of an rportd that an intruder owns: requests of all kinds, as rportd makes
 * them, with bytes and descriptors exchanged by chance, over a kernel in memory. Whatever is asked,
 * nothing of others changes, no descriptor is left, and nothing crashes.
 *
 * RPORT_NETWORK_SEED chooses another sequence.
 *
 * passes: plain asan
 */

#include <check.h>
#include <stdarg.h>
#include <stdio.h>

#include "fake_kernel.h"
#include "suite.h"
#include "network/act.h"
#include "network/client.h"

#define ROUNDS      30000
#define RECORDS_MAX 64

/* A request as it was sent. */
struct record {
	struct message message;
};

static struct network {
	struct actor actor;
	struct message out, in;
	struct record *records[RECORDS_MAX];
	unsigned int n_records;
} network;

static struct fake_netns *red;
static struct fake_dev *foreign[2];
static struct fake_dev before[2];
static unsigned int descriptors;

void fake_fail(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	ck_abort_msg("%s", text);
}

void fake_trace(const char *fmt _unused_, ...)
{
}

/* --- rportd, which is recorded ---------------------------------------------------------------- */

struct message *network_begin(struct network *of, enum network_channel channel _unused_,
			      enum network_call call)
{
	struct network_request header = { .call = call, .serial = 1 };

	message_begin(&of->out);
	message_put_value(&of->out, header);
	return &of->out;
}

static void send_copy(struct message *message)
{
	for (unsigned int i = 0; i < message->n_fds; i++)
		message->fds[i] = fake_dup(message->fds[i], 0);
}

static void record(const struct message *message)
{
	struct record *record = malloc(sizeof(*record));

	fake_require(record && network.n_records < RECORDS_MAX);
	record->message = *message;
	send_copy(&record->message);
	network.records[network.n_records++] = record;
}

int network_call(struct network *of, enum network_channel channel _unused_,
		 uint64_t deadline _unused_, struct message **ret)
{
	struct network_reply reply;

	fake_require(!of->out.broken);
	record(&of->out);
	send_copy(&of->out);
	message_close_fds(&of->in);
	ck_assert_int_eq(actor_act(&of->actor, &of->out, &of->in), 1);
	message_get_value(&of->in, &reply);
	*ret = &of->in;
	return reply.result;
}

void network_send(struct network *of, enum network_channel channel _unused_)
{
	record(&of->out);
	ck_assert_int_eq(actor_act(&of->actor, &of->out, &of->in), 0);
}

/* --- what is there ---------------------------------------------------------------------------- */

static void add_foreign(unsigned int i, struct fake_netns *netns, const char *name)
{
	struct ip_prefix prefix;

	foreign[i] = fake_dev_new(netns, name, FAKE_DUMMY);
	fake_dev_up(foreign[i], true);
	ck_assert_int_eq(ip_prefix_parse("192.0.2.1/24", &prefix), 0);
	ck_assert_int_eq(fake_address_add(foreign[i], &prefix, NULL), 0);
	memcpy(&before[i], foreign[i], sizeof(before[i])); /* with its padding */
}

static void make_world(void)
{
	struct rport_error err;
	const char *seed = getenv("RPORT_NETWORK_SEED");

	fake_begin(seed ? strtoull(seed, NULL, 10) : 1);
	fake.fail_rate = 0;
	memset(&network, 0, sizeof(network));
	descriptors = fake_descriptors();
	red = fake_netns_new();
	fake_name_set("red", red, true);
	fake_netns_put(red); /* its name keeps it */
	add_foreign(0, red, "eth0");
	add_foreign(1, fake.own, "eth1");
	ck_assert_int_eq(staging_open(&network.actor.staging, &err), 0);
}

static void end_world(void)
{
	for (unsigned int i = 0; i < network.n_records; i++) {
		message_close_fds(&network.records[i]->message);
		free(network.records[i]);
	}
	message_close_fds(&network.in);
	actor_end(&network.actor);
	staging_close(&network.actor.staging);
	ck_assert_uint_eq(fake_descriptors(), descriptors);
	fake_end();
}

static void check_foreign(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		before[i].entry = foreign[i]->entry; /* its neighbours come and go */
		/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the padding was copied, too */
		ck_assert_msg(memcmp(foreign[i], &before[i], sizeof(before[i])) == 0,
			      "the interface %s of others was changed", before[i].name);
	}
}

/* --- what rportd asks for --------------------------------------------------------------------- */

static struct port_spec spec_of(unsigned int end)
{
	static const char *const routes[2] = { "10.1.0.0/16", "10.2.0.0/16" };
	struct port_spec spec = PORT_SPEC_INIT;

	ck_assert_int_eq(domain_parse("netns:red", &spec.domain, NULL), 0);
	snprintf(spec.ifname, sizeof(spec.ifname), "wan%u", end);
	ck_assert_int_eq(port_spec_add_address(&spec, "10.0.0.1/24", NULL, NULL), 0);
	ck_assert_int_eq(port_spec_add_address(&spec, "2001:db8::1/64", NULL, NULL), 0);
	ck_assert_int_eq(port_spec_add_route(&spec, routes[end], NULL), 0);
	return spec;
}

static void make(struct port *port, unsigned int end)
{
	struct network_place place;
	struct rport_error err;

	*port = (struct port){ .spec = spec_of(end), .end = end };
	ck_assert_int_eq(network_resolve(&network, &port->spec.domain, NULL, &place, &err), 0);
	ck_assert_int_eq(network_exists(&network, &place, "eth0"), 1);
	ck_assert_int_eq(network_make(port, &place, end == 0, &err), 0);
	network_place_release(&place);
	ck_assert_int_eq(network_bring_up(&network, port, false, &err), 0);
}

static void check(struct port ports[static 2])
{
	const struct inspect_end ends[2] = { { &ports[0], true }, { &ports[1], false } };
	struct message *reply,
		*message = network_begin(&network, NETWORK_CHANNEL_CHECK, NETWORK_CHECK);
	struct inspect_result result;

	network_put_check(message, ends, true);
	ck_assert_int_eq(network_call(&network, NETWORK_CHANNEL_CHECK, UINT64_MAX, &reply), 0);
	message_get_inspected(reply, &result);
	ck_assert(!reply->broken);
	ck_assert_int_eq(result.ends[0].looked, 0);
	ck_assert_uint_eq(result.n_probes, 4);
}

static void ask_for_all(struct port ports[static 2])
{
	struct flow_counters passed[2] = { 0 };
	struct port *list[2] = { &ports[0], &ports[1] };
	const bool want[2] = { true, true };
	struct fastpath path = { 0 };
	struct packet_sockets sockets;
	struct port_answer answers[2];
	struct rport_error err;
	bool first[CHECK_FAMILIES];
	const char *lost;

	for (unsigned int i = 0; i < 2; i++) {
		make(&ports[i], i);
		ports[i].passed = &passed[i];
	}
	ck_assert_int_eq(network_look(&network, &ports[0], &lost), 0);
	ck_assert_int_eq(network_lost_name(&network, &ports[0], &lost), 0);
	ck_assert_int_eq(network_set_mtu(&network, &ports[0], 1500, &err), 0);
	ck_assert_int_eq(network_give_back(&network, &ports[0], &err), 0);
	ck_assert_int_eq(network_put_back(&network, &ports[0], &err), 0);
	ck_assert_int_eq(
		network_change(&network, &ports[0], &ports[1].spec, PLAN_IN_PLACE, true, &err), 0);
	ck_assert_int_eq(network_compare(&network, &ports[0]), 0);
	ck_assert_uint_eq(network_ask(&network, list, 2, true, UINT64_MAX, answers), 2);
	for (unsigned int i = 0; i < 2; i++)
		port_seen_release(&answers[i].seen);
	network_set_alias(&network, &ports[0], "rport link x, end a");
	ports[0].carrier = !link_carrier(&ports[0].peering);
	network_update_carrier(&network, &ports[0]);
	(void)network_lay(&network, list, want, true, &path, &err);
	(void)network_clear(&network, &(struct network_path){ list, &path }, 1, false);
	(void)network_captures(&network, &ports[0], &sockets);
	ck_assert_int_eq(network_local_first(&network, &ports[0], first), 0);
	check(ports);
	ck_assert_int_eq(network_take_down(&network, &ports[0], &err), 0);
}

static void let_go(struct port *port)
{
	port_unmake(port);
	port_spec_release(&port->spec);
	free(port->drift);
}

static void make_what_is_taken(void)
{
	struct port port = { .spec = spec_of(0) };
	struct network_place place;
	struct rport_error err;

	snprintf(port.spec.ifname, sizeof(port.spec.ifname), "eth0");
	ck_assert_int_eq(network_resolve(&network, &port.spec.domain, NULL, &place, &err), 0);
	ck_assert_int_eq(network_make(&port, &place, true, &err), 1);
	ck_assert_uint_eq(port.tun.n_queues, 0);
	network_place_release(&place);
	port_spec_release(&port.spec);
}

START_TEST(calls_do_what_they_say)
{
	struct port ports[2], *list[2] = { &ports[0], &ports[1] };
	struct fake_dev *dev;

	make_what_is_taken();

	ask_for_all(ports);
	dev = fake_dev_by_name(red, "wan1");
	ck_assert_ptr_nonnull(dev);
	ck_assert(dev->up && dev->n_addresses > 0 && dev->n_routes == 1);
	ck_assert_uint_eq(fake_dev_by_name(red, "wan0")->mtu, 1500);
	network_remove(&network, list, 2);
	ck_assert_ptr_null(fake_dev_by_name(red, "wan0"));
	for (int i = 0; i < 2; i++)
		let_go(&ports[i]);
	check_foreign();
}
END_TEST

static bool no_memory_for_ports;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory_for_ports && size == sizeof(struct port) ? NULL : __real_calloc(n, size);
}

START_TEST(ports_are_removed_without_memory)
{
	struct port ports[2], *list[2] = { &ports[0], &ports[1] };

	for (unsigned int i = 0; i < 2; i++)
		make(&ports[i], i);
	no_memory_for_ports = true;
	network_remove(&network, list, 2);
	no_memory_for_ports = false;
	ck_assert_ptr_null(fake_dev_by_name(red, "wan0"));
	ck_assert_ptr_null(fake_dev_by_name(red, "wan1"));
	for (int i = 0; i < 2; i++)
		let_go(&ports[i]);
	check_foreign();
}
END_TEST

/* --- what an intruder asks for ---------------------------------------------------------------- */

static unsigned char chance(void)
{
	return (unsigned char)fake_random(256);
}

static void change_bytes(struct message *message)
{
	static const unsigned char telling[] = { 0, 1, 2, 0x7f, 0x80, 0xff };
	unsigned int n = fake_random(6);

	while (n-- > 0) {
		size_t at = fake_random((unsigned int)message->size);

		message->data[at] =
			fake_random(2) ? telling[fake_random(ARRAY_SIZE(telling))] : chance();
	}
	if (fake_random(8) == 0) /* another call, with the same arguments */
		message->data[0] = (unsigned char)fake_random(N_NETWORK_CALLS + 1);
	if (fake_random(16) == 0)
		message->size = fake_random((unsigned int)message->size + 1);
}

/* Descriptors of other things: of other calls, and one that is nothing of rportd's. */
static void change_fds(struct message *message)
{
	const struct record *other = network.records[fake_random(network.n_records)];
	unsigned int n = fake_random(PACKET_FDS_MAX);

	switch (fake_random(6)) {
	case 0:
		while (message->n_fds > 0)
			safe_close(message->fds[--message->n_fds]);
		break;
	case 1:
		while (message->n_fds < n && other->message.n_fds > 0)
			message->fds[message->n_fds++] =
				fake_dup(other->message.fds[fake_random(other->message.n_fds)], 0);
		break;
	case 2:
		if (message->n_fds < PACKET_FDS_MAX)
			message->fds[message->n_fds++] =
				fake_open(&(struct fake_file){ .kind = FAKE_FILE_OTHER });
		break;
	default:
		break;
	}
}

START_TEST(an_intruder_reaches_nothing_of_others)
{
	struct message *message = malloc(sizeof(*message)), *reply = malloc(sizeof(*reply));
	struct port ports[2];
	unsigned int served = 0;

	fake_require(message && reply);
	ask_for_all(ports);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		*message = network.records[fake_random(network.n_records)]->message;
		send_copy(message);
		change_bytes(message);
		change_fds(message);
		if (actor_act(&network.actor, message, reply) == 1) {
			message_close_fds(reply);
			served++;
		}
		check_foreign();
	}
	/* else nothing was tried */
	ck_assert_uint_gt(served, ROUNDS / 10);
	free(message);
	free(reply);
	for (int i = 0; i < 2; i++)
		let_go(&ports[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *tcase = tcase_create("intruder");

	tcase_add_checked_fixture(tcase, make_world, end_world);
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, calls_do_what_they_say);
	tcase_add_test(tcase, ports_are_removed_without_memory);
	tcase_add_test(tcase, an_intruder_reaches_nothing_of_others);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
