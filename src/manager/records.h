/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RECORDS_H
#define RPORT_MANAGER_RECORDS_H

/* Records of ports and links, for the next daemon. */

#include <jansson.h>

#include "manager/options.h"

#define RECORD_PORT "port " /* and the number of the port: the key of its record */
#define RECORD_LINK "link " /* and its name */

#define RECORD_DEVICE  "p" /* and the number of the port: its device in the store */
#define RECORD_PROCESS "d" /* and the number of the port: the process that is its domain, a pidfd */

/**
 * records_port() - record a port, or the link that it is in, if it differs from its record
 * @manager: whose store it is
 * @port: any port; only a kept one is recorded
 */
void records_port(struct manager *manager, struct port *port);

/**
 * records_forget_port() - remove the record of a port by itself
 * @manager: whose store it is
 * @port: removed, or in a link that has been recorded
 */
void records_forget_port(struct manager *manager, struct port *port);

/**
 * records_forget_link() - remove the record of a link
 * @manager: whose store it is
 * @name: of the link
 */
void records_forget_link(struct manager *manager, const char *name);

/**
 * records_device() - store the descriptors of a device for the next daemon, or drop them
 * @manager: whose store it is
 * @port: with a device, which is stored, with the process that is its domain; or without, and the
 *	descriptors are dropped, but not the process (records_drop_process())
 */
void records_device(struct manager *manager, struct port *port);

/**
 * records_drop_device() - drop the stored descriptors of a device
 * @manager: whose store it is
 * @slot: the number of its port
 * @queues: of the device
 */
void records_drop_device(struct manager *manager, unsigned int slot, unsigned int queues);

/**
 * records_drop_process() - drop the stored process that is the domain of a port
 * @manager: whose store it is
 * @port: about to be removed, or to get another domain
 */
void records_drop_process(struct manager *manager, const struct port *port);

/**
 * records_find_device() - find the device that a former daemon left of a port, without taking it
 * @manager: the manager
 * @slot: of the port
 *
 * Return: the descriptor of its first queue, not the caller's; -ENOENT when there is none.
 */
int records_find_device(const struct manager *manager, unsigned int slot);

/**
 * records_take_queues() - take the descriptors of a former daemon's device from the store
 * @manager: whose store it is
 * @slot: the number of its port
 * @n: descriptors that the caller has taken already, and has put into @fds
 * @fds: the others are appended; owned by the caller
 *
 * Return: how many there are in all.
 */
unsigned int records_take_queues(struct manager *manager, unsigned int slot, unsigned int n,
				 int fds[static TUN_QUEUES_MAX]);

/**
 * records_take_process() - take the process that is the domain of a port from the store
 * @manager: whose store it is
 * @port: gets the process if its domain is one and the store has it; it stays in the store, too
 */
void records_take_process(struct manager *manager, struct port *port);

/**
 * records_hash() - compute port->recorded or link->recorded of a record
 * @record: the record
 *
 * Return: never 0, which stands for no record.
 */
uint64_t records_hash(const json_t *record);

/**
 * records_admin() - read the administrative state in a record
 * @name: as recorded; NULL and unknown words mean PORT_ADMIN_UNSET
 *
 * Return: the state.
 */
enum port_admin records_admin(const char *name);

#endif
