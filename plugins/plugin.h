/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PLUGIN_H
#define RPORT_PLUGIN_H

/*
 * What rport-cni and netavark-rport share: the link of an attachment, its name, its two ends, and
 * the calls that make and remove it.
 *
 * Theory of operation
 *
 * An attachment is one interface of one container in one network. It is a link of rportd: end a is
 * in the domain that the network names, end b in the namespace of the container. Nothing else is
 * kept about it: the name of the link follows from the network, the container and the interface, so
 * whoever knows these finds the link again, after a crash of the plugin, of the runtime or of
 * rportd. The name tells the network, too, so that the links of a network can be listed.
 *
 * A container has host addresses (/32, /128). Where its network has a gateway, the port at end a
 * has the address of the gateway, with the address of the container as its peer; so many ports of a
 * domain have the same address, each with another peer.
 */

#include "base/names.h"
#include "client.h"

#define PLUGIN_ADDRESSES_MAX   32  /* of a container, in one network */
#define PLUGIN_ROUTES_MAX      256 /* of an end */
#define PLUGIN_CONTAINER_MAX   256 /* bytes of its identifier */
#define PLUGIN_DOMAIN_TEXT_MAX (sizeof("netns:") + NAME_MAX)

/* An attachment, as a runtime names it. */
struct attachment {
	const char *runtime; /* "cni", "netavark": a runtime of another kind has names of its own */
	const char *network;
	const char *container;
	const char *interface;
};

/* One end of a link, as the parameters of Pair have it. */
struct plugin_end {
	json_t *addresses;
	json_t *routes;
};

/* What a link is made of; plugin_link_init() and plugin_link_release(). */
struct plugin_link {
	char name[LINK_NAME_MAX + 1];
	const char *domain;                            /* of end a; borrowed */
	char container_domain[PLUGIN_DOMAIN_TEXT_MAX]; /* of end b */
	const char *interface;                         /* at end b; borrowed */
	struct plugin_end host, container;
	json_t *properties; /* of base/property.h, by their names */
	bool replace;       /* a link of that name is changed to this one */
};

/**
 * attachment_link_name() - compute the name of the link of an attachment
 * @attachment: all members
 * @buf: filled
 *
 * It is RUNTIME-CONTAINER.INTERFACE-NETWORK-HASH: of the container 12 characters, of the network 12
 * digits of a hash, and of all three 12 digits of another.
 *
 * Return: @buf.
 */
const char *attachment_link_name(const struct attachment *attachment,
				 char buf[static LINK_NAME_MAX + 1]);

/**
 * attachment_in_network() - tell whether a link is an attachment of a network
 * @link: its name
 * @runtime: as in struct attachment
 * @network: the name of the network
 *
 * Return: true when it is.
 */
bool attachment_in_network(const char *link, const char *runtime, const char *network);

/**
 * container_name_valid() - check the identifier of a container, or the name of a network
 * @name: not escaped
 *
 * It is a letter or digit, then any of letters, digits, '.', '_' and '-' (the CNI specification,
 * section 2), PLUGIN_CONTAINER_MAX at most.
 *
 * Return: true when it is valid.
 */
bool container_name_valid(const char *name);

/**
 * plugin_domain_of_path() - write the path of a namespace as a domain
 * @path: absolute
 * @buf: filled
 *
 * Return: 0; -EINVAL: the path is not absolute, is too long, cannot be written as JSON, or would be a
 * VRF in a namespace.
 */
int plugin_domain_of_path(const char *path, char buf[static PLUGIN_DOMAIN_TEXT_MAX]);

/**
 * plugin_link_init() - begin with a link without addresses
 * @link: filled
 * @attachment: borrowed, until the link is released
 * @domain: of end a; borrowed in the same way
 *
 * Return: 0, or -ENOMEM. Release @link in both cases.
 */
int plugin_link_init(struct plugin_link *link, const struct attachment *attachment,
		     const char *domain);

/**
 * plugin_link_release() - free what a link holds
 * @link: of plugin_link_init(), or zeroed
 */
void plugin_link_release(struct plugin_link *link);
#define _cleanup_plugin_link_ _cleanup_(plugin_link_release)

/**
 * plugin_link_add_address() - give the container an address
 * @link: of plugin_link_init()
 * @subnet: the address, with the length of its subnet, to which a route goes through the link
 * @gateway: the address of end a; AF_UNSPEC: none, so end a gets a route instead
 *
 * Return: 0; -E2BIG: there are PLUGIN_ADDRESSES_MAX; -EINVAL: the gateway is of another family; or
 * -ENOMEM.
 */
int plugin_link_add_address(struct plugin_link *link, const struct ip_prefix *subnet,
			    const struct ip_address *gateway);

/**
 * plugin_link_add_route() - give the container a route through the link
 * @link: of plugin_link_init()
 * @to: the network; host bits are cleared
 * @metric: 0: that of the kernel
 *
 * The same route twice is one.
 *
 * Return: 0; -E2BIG: there are PLUGIN_ROUTES_MAX; or -ENOMEM.
 */
int plugin_link_add_route(struct plugin_link *link, const struct ip_prefix *to, uint32_t metric);

/**
 * plugin_link_pair() - have rportd make the link
 * @link: of plugin_link_init()
 * @answer: filled in any case; release it with client_answer_release()
 *
 * Unless it is to replace it, a link of that name is not changed: see "result" in the answer.
 *
 * Return: the status that is in the answer.
 */
enum ctl_status plugin_link_pair(const struct plugin_link *link, struct client_answer *answer);

/**
 * plugin_link_show() - ask rportd for a link
 * @name: of the link
 * @start: a stopped rportd is started, where systemd does that for those who change something
 * @answer: filled in any case; release it with client_answer_release()
 *
 * Return: the link, borrowed from @answer; NULL: see the status in the answer, which is
 * STATUS_NOT_FOUND where there is no link of that name.
 */
const json_t *plugin_link_show(const char *name, bool start, struct client_answer *answer);

/**
 * plugin_link_unpair() - have rportd remove a link
 * @name: of the link; one that is not there is as good as removed
 * @answer: filled in any case; release it with client_answer_release()
 *
 * Return: the status that is in the answer.
 */
enum ctl_status plugin_link_unpair(const char *name, struct client_answer *answer);

#endif
