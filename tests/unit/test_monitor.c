/* SPDX-License-Identifier: ISC */
/* What the monitor's filter lets through, and what is read from it. No namespace is needed: the
 * filter runs on any socket. */

#include <check.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kernel/monitor-private.h"
#include "kernel/rtnl.h"
#include "suite.h"

#define NSID 5

static union {
	char bytes[4096];
	struct nlmsghdr align;
} buffer;

/* --- the filter ------------------------------------------------------------------------------- */

static int pair[2]; /* the first one has the filter */

static void setup_filter(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(monitor_attach_filter(pair[0]), 0);
}

static void teardown_filter(void)
{
	close(pair[0]);
	close(pair[1]);
}

/* Does it arrive, and whole? */
static bool passes(const void *data, size_t size)
{
	char received[sizeof(buffer)];
	ssize_t n;

	ck_assert_int_eq(send(pair[1], data, size, 0), (ssize_t)size);
	n = recv(pair[0], received, sizeof(received), MSG_DONTWAIT);
	if (n < 0) {
		ck_assert_int_eq(errno, EAGAIN);
		return false;
	}
	ck_assert_int_eq(n, (ssize_t)size);
	ck_assert_mem_eq(received, data, size);
	return true;
}

static struct nlmsghdr *make_route(uint16_t type, unsigned char family, unsigned char protocol)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer.bytes);
	struct rtmsg *rtm;

	nlh->nlmsg_type = type;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = family;
	rtm->rtm_protocol = protocol;
	return nlh;
}

static const struct {
	uint16_t type;
	unsigned char family;
	unsigned char protocol;
	bool passes;
} routes[] = {
	{ RTM_NEWROUTE, AF_INET, RTNL_ROUTE_PROTOCOL, true },
	{ RTM_DELROUTE, AF_INET, RTNL_ROUTE_PROTOCOL, true },
	{ RTM_NEWROUTE, AF_INET6, RTNL_ROUTE_PROTOCOL, true },
	{ RTM_DELROUTE, AF_INET6, RTNL_ROUTE_PROTOCOL, true },
	{ RTM_NEWROUTE, AF_INET, RTPROT_BGP, false },
	{ RTM_DELROUTE, AF_INET, RTPROT_BGP, false },
	{ RTM_NEWROUTE, AF_INET6, RTPROT_BGP, false },
	{ RTM_DELROUTE, AF_INET6, RTPROT_KERNEL, false },
	{ RTM_NEWROUTE, AF_INET, RTPROT_UNSPEC, false },
	{ RTM_NEWROUTE, AF_INET, RTNL_ROUTE_PROTOCOL + 1, false },
	/* what is no route may have anything in that place */
	{ RTM_NEWLINK, AF_UNSPEC, RTPROT_BGP, true },
	{ RTM_DELLINK, AF_UNSPEC, RTPROT_BGP, true },
	{ RTM_NEWADDR, AF_INET, RTPROT_BGP, true },
	{ RTM_DELADDR, AF_INET6, RTPROT_BGP, true },
	{ RTM_GETROUTE, AF_INET, RTPROT_BGP, true },
	{ RTM_NEWNEIGH, AF_INET, RTPROT_BGP, true },
	/* the type of a route in the other byte order */
	{ RTM_NEWROUTE << 8, AF_INET, RTPROT_BGP, true },
};

START_TEST(filter_picks_our_routes)
{
	struct nlmsghdr *nlh = make_route(routes[_i].type, routes[_i].family, routes[_i].protocol);

	mnl_attr_put_u32(nlh, RTA_OIF, 3);
	ck_assert_int_eq(passes(nlh, nlh->nlmsg_len), routes[_i].passes);
}
END_TEST

/* That of ff00::/8 tells that IPv6 was enabled on an interface. */
START_TEST(filter_picks_multicast_routes)
{
	struct nlmsghdr *nlh = make_route(RTM_NEWROUTE, AF_INET6, RTPROT_KERNEL);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	ck_assert(!passes(nlh, nlh->nlmsg_len));
	rtm->rtm_type = RTN_MULTICAST;
	ck_assert(passes(nlh, nlh->nlmsg_len));
}
END_TEST

START_TEST(filter_drops_a_route_cut_short)
{
	struct nlmsghdr *nlh = make_route(RTM_NEWROUTE, AF_INET, RTNL_ROUTE_PROTOCOL);
	size_t protocol = NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_protocol);

	ck_assert(passes(nlh, protocol + 1));
	ck_assert(!passes(nlh, protocol));
	nlh->nlmsg_type = RTM_NEWLINK;
	ck_assert(passes(nlh, sizeof(*nlh)));
}
END_TEST

START_TEST(filter_needs_a_socket)
{
	ck_assert_int_eq(monitor_attach_filter(-1), -EBADF);
}
END_TEST

/* --- messages --------------------------------------------------------------------------------- */

static struct {
	unsigned int n_devices;
	struct monitor_event device; /* the last one */
	unsigned int n_settings;
	int nsid;
	unsigned int index;
} heard;

static void hear_device(const struct monitor_event *event, void *userdata)
{
	ck_assert_ptr_eq(userdata, &heard);
	heard.n_devices++;
	heard.device = *event;
}

static void hear_settings(int nsid, unsigned int index, void *userdata)
{
	ck_assert_ptr_eq(userdata, &heard);
	heard.n_settings++;
	heard.nsid = nsid;
	heard.index = index;
}

static const struct monitor_handler handler = {
	.device = hear_device,
	.settings = hear_settings,
	.userdata = &heard,
};

static void setup_messages(void)
{
	memset(&heard, 0, sizeof(heard));
	memset(&buffer, 0, sizeof(buffer));
}

static struct nlmsghdr *make_link(uint16_t type, unsigned char family)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer.bytes);
	struct ifinfomsg *info;

	nlh->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifi_family = family;
	info->ifi_index = 7;
	info->ifi_flags = IFF_UP | IFF_NOARP;
	return nlh;
}

static struct nlmsghdr *make_address(void *place, uint16_t type, unsigned int index)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(place);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = type;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = AF_INET;
	ifa->ifa_index = index;
	return nlh;
}

START_TEST(a_link_is_told)
{
	struct nlmsghdr *nlh = make_link(RTM_NEWLINK, AF_UNSPEC);

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "rport0");
	mnl_attr_put_u32(nlh, IFLA_MTU, 9000);
	mnl_attr_put_u32(nlh, IFLA_MASTER, 12);
	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_devices, 1);
	ck_assert_int_eq(heard.device.nsid, NSID);
	ck_assert_uint_eq(heard.device.index, 7);
	ck_assert(!heard.device.removed);
	ck_assert_uint_eq(heard.device.flags, IFF_UP | IFF_NOARP);
	ck_assert_uint_eq(heard.device.mtu, 9000);
	ck_assert_uint_eq(heard.device.master, 12);
	ck_assert_str_eq(heard.device.name, "rport0");
	ck_assert_uint_eq(heard.n_settings, 0);
}
END_TEST

START_TEST(a_link_without_master_has_none)
{
	struct nlmsghdr *nlh = make_link(RTM_DELLINK, AF_UNSPEC);

	mnl_attr_put_u16(nlh, IFLA_MASTER, 12); /* not a number of that size */
	monitor_parse(&handler, MONITOR_OWN_NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_devices, 1);
	ck_assert_int_eq(heard.device.nsid, MONITOR_OWN_NSID);
	ck_assert(heard.device.removed);
	ck_assert_uint_eq(heard.device.master, 0);
	ck_assert_str_eq(heard.device.name, "");
}
END_TEST

START_TEST(a_bridge_port_is_not_a_link)
{
	struct nlmsghdr *nlh = make_link(RTM_DELLINK, AF_BRIDGE);

	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_devices, 0);
}
END_TEST

START_TEST(addresses_are_settings)
{
	struct nlmsghdr *nlh = make_address(buffer.bytes, RTM_NEWADDR, 7);
	struct nlmsghdr *next =
		make_address(buffer.bytes + NLMSG_ALIGN(nlh->nlmsg_len), RTM_DELADDR, 8);

	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_settings, 1);
	ck_assert_int_eq(heard.nsid, NSID);
	ck_assert_uint_eq(heard.index, 7);
	monitor_parse(&handler, NSID, nlh, NLMSG_ALIGN(nlh->nlmsg_len) + next->nlmsg_len);
	ck_assert_uint_eq(heard.n_settings, 3);
	ck_assert_uint_eq(heard.index, 8);
	ck_assert_uint_eq(heard.n_devices, 0);
}
END_TEST

START_TEST(multicast_routes_are_settings)
{
	struct nlmsghdr *nlh = make_route(RTM_NEWROUTE, AF_INET6, RTPROT_KERNEL);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	rtm->rtm_type = RTN_MULTICAST;
	mnl_attr_put_u32(nlh, RTA_OIF, 9);
	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_settings, 1);
}
END_TEST

START_TEST(our_routes_are_settings)
{
	uint16_t type = _i == 0 ? RTM_NEWROUTE : RTM_DELROUTE;
	struct nlmsghdr *nlh = make_route(type, AF_INET6, RTNL_ROUTE_PROTOCOL);

	mnl_attr_put_u32(nlh, RTA_TABLE, 1000);
	mnl_attr_put_u32(nlh, RTA_OIF, 9);
	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_settings, 1);
	ck_assert_int_eq(heard.nsid, NSID);
	ck_assert_uint_eq(heard.index, 9);
}
END_TEST

START_TEST(other_routes_are_not)
{
	struct nlmsghdr *nlh = make_route(RTM_NEWROUTE, AF_INET, RTPROT_STATIC);

	mnl_attr_put_u32(nlh, RTA_OIF, 9);
	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	/* with several next hops, or none */
	nlh = make_route(RTM_NEWROUTE, AF_INET, RTNL_ROUTE_PROTOCOL);
	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_settings, 0);
}
END_TEST

static const uint16_t types[] = { RTM_NEWLINK,  RTM_DELLINK,  RTM_NEWADDR, RTM_DELADDR,
				  RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWNEIGH };

START_TEST(a_message_cut_short_says_nothing)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer.bytes);

	/* what a longer one would have there */
	memset(mnl_nlmsg_get_payload(nlh), RTNL_ROUTE_PROTOCOL, 64);
	nlh->nlmsg_type = types[_i];
	nlh->nlmsg_len += 4;
	monitor_parse(&handler, NSID, nlh, nlh->nlmsg_len);
	nlh->nlmsg_len = 100; /* more than there is */
	monitor_parse(&handler, NSID, nlh, 64);
	monitor_parse(&handler, NSID, nlh, 3);
	ck_assert_uint_eq(heard.n_devices + heard.n_settings, 0);
}
END_TEST

START_TEST(settings_may_be_of_no_interest)
{
	struct monitor_handler deaf = { .device = hear_device, .userdata = &heard };
	struct nlmsghdr *nlh = make_address(buffer.bytes, RTM_NEWADDR, 7);

	monitor_parse(&deaf, NSID, nlh, nlh->nlmsg_len);
	nlh = make_link(RTM_NEWLINK, AF_UNSPEC);
	monitor_parse(&deaf, NSID, nlh, nlh->nlmsg_len);
	ck_assert_uint_eq(heard.n_devices, 1);
}
END_TEST

static TCase *filter_tests(void)
{
	TCase *tcase = tcase_create("filter");

	tcase_add_checked_fixture(tcase, setup_filter, teardown_filter);
	tcase_add_loop_test(tcase, filter_picks_our_routes, 0, ARRAY_SIZE(routes));
	tcase_add_test(tcase, filter_picks_multicast_routes);
	tcase_add_test(tcase, filter_drops_a_route_cut_short);
	tcase_add_test(tcase, filter_needs_a_socket);
	return tcase;
}

static TCase *message_tests(void)
{
	TCase *tcase = tcase_create("messages");

	tcase_add_checked_fixture(tcase, setup_messages, NULL);
	tcase_add_test(tcase, a_link_is_told);
	tcase_add_test(tcase, a_link_without_master_has_none);
	tcase_add_test(tcase, a_bridge_port_is_not_a_link);
	tcase_add_test(tcase, addresses_are_settings);
	tcase_add_loop_test(tcase, our_routes_are_settings, 0, 2);
	tcase_add_test(tcase, multicast_routes_are_settings);
	tcase_add_test(tcase, other_routes_are_not);
	tcase_add_loop_test(tcase, a_message_cut_short_says_nothing, 0, ARRAY_SIZE(types));
	tcase_add_test(tcase, settings_may_be_of_no_interest);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("monitor");

	suite_add_tcase(suite, filter_tests());
	suite_add_tcase(suite, message_tests());
	return suite_run(suite);
}
