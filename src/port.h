/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_H
#define RPORT_PORT_H

/*
 * A port: a TUN device in a domain. It is made where nobody looks, in a namespace of rportd's own
 * (the staging namespace), and moved to its domain when it is complete, so that no network manager
 * adopts it half-made. Opened there, its descriptor does not keep the domain's namespace alive.
 */

#include "domain.h"
#include "flow.h"
#include "link.h"
#include "rtnl.h"
#include "spec.h"
#include "tun.h"

struct rport_link;

struct port {
	struct link_port rule;
	struct rport_link *link; /* NULL: it has no peer */
	unsigned int end;        /* of the link: 0 is a, 1 is b */

	struct port_spec spec; /* what it shall be; its domain as it was found */
	struct tun tun;
	char ifname[IFNAMSIZ]; /* as it is now, like the following */
	int nsid;              /* of its namespace, as the monitor knows it */
	unsigned int index;    /* in its namespace; 0: gone */
	unsigned int mtu;
	uint32_t table;               /* where its routes go */
	struct ip_address link_local; /* AF_UNSPEC: none */
	bool carrier;
	bool was_up;               /* so it may have addresses and routes */
	bool rose;                 /* somebody else set it up: it has to be given them */
	struct flow_counters past; /* of its former links */

	TAILQ_ENTRY(port) entry; /* in the table */
	TAILQ_ENTRY(port) dirty_entry;
	bool dirty; /* in the manager's list: it has to be looked at */
};

#define PORT_TEXT_MAX (DOMAIN_TEXT_MAX + IFNAMSIZ)

/* Where ports are made. */
struct port_yard {
	struct rtnl *staging; /* keeps the staging namespace alive */
	int staging_fd;
	struct rtnl *own; /* in rportd's own namespace */
	bool nowait;      /* see tun_has_nowait() */
};

/**
 * port_yard_open() - make the staging namespace, and try a TUN in it
 * @ret: close it with port_yard_close()
 *
 * Return: 0 or -errno, with @err saying what is missing: /dev/net/tun, CAP_SYS_ADMIN,
 * CAP_NET_ADMIN.
 */
int port_yard_open(struct port_yard *ret, struct rport_error *err);

/**
 * port_yard_close() - the staging namespace goes; takes one that port_yard_open() never filled
 */
void port_yard_close(struct port_yard *yard);
#define PORT_YARD_INIT           \
	{                        \
		.staging_fd = -1 \
	}

/**
 * port_create() - make a port in its domain, named, with MTU and alias, in its VRF, down and
 * without addresses
 * @port: filled; destroy it with port_destroy(), also after a failure
 * @spec: what it shall be; its contents are taken over, on failure, too
 * @place: the domain, found
 * @err: names the step, the object and the reason
 *
 * Return: 0, -EEXIST (RPORT_ERR_INTERFACE_EXISTS), or another -errno.
 */
int port_create(struct port_yard *yard, struct port *port, struct port_spec *spec,
		const struct domain_place *place, struct rport_error *err);

/**
 * port_bring_up() - set a port up and give it its addresses and routes
 * @again: what it has of them already is fine: the kernel takes IPv6 addresses and routes away
 * when a port
 *	goes down, but not IPv4 addresses
 *
 * A port that was down is down again after a failure.
 */
int port_bring_up(struct port *port, bool again, struct rport_error *err);

/**
 * port_set_alias() - what `ip link` shows of it besides; PORT_ALIAS, or more. That it fails does no
 * harm
 */
void port_set_alias(struct port *port, const char *alias);
#define PORT_ALIAS "rport"

/**
 * port_take_down() - set a port down
 */
int port_take_down(struct port *port, struct rport_error *err);

/**
 * port_set_mtu() - set the MTU, in bytes
 */
int port_set_mtu(struct port *port, unsigned int mtu, struct rport_error *err);

/**
 * port_locate() - find out in which namespace the port is, under which name and number
 * Return: 0, -EBADFD when it was removed, or another -errno.
 */
int port_locate(struct port_yard *yard, struct port *port);

/**
 * port_update_carrier() - tell the kernel, and so everybody, what link_carrier() says, if that has
 * changed
 */
void port_update_carrier(struct port_yard *yard, struct port *port);

/**
 * port_query() - what the kernel knows of the port now
 * Return: 0, -ENODEV when it is gone, or another -errno.
 */
int port_query(struct port_yard *yard, const struct port *port, struct rtnl_dev *ret);

/**
 * port_destroy() - remove the device; takes a half-made one, and PORT_INIT
 */
void port_destroy(struct port *port);
#define PORT_INIT                  \
	{                          \
		.tun = {.fd = -1 } \
	}

/**
 * port_format() - DOMAIN/IFNAME, by which a port is known
 * Return: @buf.
 */
const char *port_format(const struct port *port, char buf[static PORT_TEXT_MAX]);

#endif
