/* SPDX-License-Identifier: ISC */
#ifndef RPORT_PORT_H
#define RPORT_PORT_H

/*
 * A port: a TUN device in a domain. It is made where nobody looks, in a namespace of rportd's own
 * (the staging namespace), and moved to its domain when it is complete, so that no network manager
 * adopts it half-made. Opened there, its descriptor does not keep the domain's namespace alive.
 */

#include "domain.h"
#include "link.h"
#include "rtnl.h"
#include "spec.h"
#include "tun.h"

struct rport_link;

struct port {
	struct link_port rule;
	struct rport_link *link;
	unsigned int end; /* of the link: 0 is a, 1 is b */

	struct tun tun;
	struct domain domain;
	char ifname[IFNAMSIZ]; /* as it is now */
	int nsid;              /* of its namespace, as the monitor knows it */
	unsigned int index;    /* in its namespace; 0: gone */
	unsigned int mtu;
	struct ip_address link_local; /* AF_UNSPEC: none */
	bool carrier;
	bool dirty; /* its carrier has to be looked at */
};

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
 * port_create() - make a port in its domain, named, with MTU and alias, still down and without
 * addresses
 * @port: filled; destroy it with port_destroy(), also after a failure
 * @spec: what it shall be
 * @link: the link it is for: name, MTU, offload
 * @place: the domain, found
 * @err: names the step, the object and the reason
 *
 * Return: 0, -EEXIST (RPORT_ERR_INTERFACE_EXISTS), or another -errno.
 */
int port_create(struct port_yard *yard, struct port *port, const struct port_spec *spec,
		const struct link_spec *link, const struct domain_place *place,
		struct rport_error *err);

/**
 * port_bring_up() - put a port into its VRF, set it up, give it its addresses and routes
 */
int port_bring_up(struct port *port, const struct port_spec *spec, const struct domain_place *place,
		  struct rport_error *err);

/**
 * port_locate() - find out in which namespace the port is, under which name and number
 * Return: 0, -EBADFD when it was removed, or another -errno.
 */
int port_locate(struct port_yard *yard, struct port *port);

/**
 * port_update_carrier() - tell the kernel what link_carrier() says, if that has changed
 */
void port_update_carrier(struct port *port);

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

#endif
