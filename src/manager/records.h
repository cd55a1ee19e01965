/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_RECORDS_H
#define RPORT_MANAGER_RECORDS_H

/* What the next daemon is told of ports and links. */

#include <jansson.h>

#include "manager/options.h"

#define RECORD_PORT "port " /* and the number of the port: the key of its record */
#define RECORD_LINK "link " /* and its name */

#define RECORD_DEVICE  "p" /* and the number of the port: its device in the store */
#define RECORD_PROCESS "d" /* and the number of the port: the process that is its domain, a pidfd */

/**
 * records_port() - record a port, or the link that it is in, if that is other than what is recorded
 * @manager: whose store it is
 * @port: any port; only one that is kept is recorded
 */
void records_port(struct manager *manager, struct port *port);

/**
 * records_forget_port() - a port by itself is not recorded any more
 * @manager: whose store it is
 * @port: gone, or in a link that has been recorded
 */
void records_forget_port(struct manager *manager, struct port *port);

/**
 * records_forget_link() - there is no such link any more
 * @manager: whose store it is
 * @name: of the link
 */
void records_forget_link(struct manager *manager, const char *name);

/**
 * records_device() - keep the device of a port over a restart; or no longer, if it has none
 * @manager: whose store it is
 * @port: with a device the process that is its domain is kept, too, until records_drop_process()
 */
void records_device(struct manager *manager, struct port *port);

/**
 * records_drop_device() - keep a device no longer
 * @manager: whose store it is
 * @slot: the number of its port
 * @queues: of the device
 */
void records_drop_device(struct manager *manager, unsigned int slot, unsigned int queues);

/**
 * records_drop_process() - keep the process that is the domain of a port no longer
 * @manager: whose store it is
 * @port: which is about to go; its domain may be another one
 */
void records_drop_process(struct manager *manager, const struct port *port);

/**
 * records_take_queues() - take the descriptors of a device that a former daemon had
 * @manager: whose store it is
 * @slot: the number of its port
 * @n: how many have been taken, and are in @fds
 * @fds: the others are put behind them; now the caller's
 *
 * Return: how many there are in all.
 */
unsigned int records_take_queues(struct manager *manager, unsigned int slot, unsigned int n,
				 int fds[static TUN_QUEUES_MAX]);

/**
 * records_take_process() - take the process that is the domain of a port from the store
 * @manager: whose store it is
 * @port: gets it if its domain is a process and the store has it; it stays in the store, too
 */
void records_take_process(struct manager *manager, struct port *port);

/**
 * records_hash() - what port->recorded or link->recorded is when this is recorded
 * @record: the record
 *
 * Return: never 0, which stands for no record.
 */
uint64_t records_hash(const json_t *record);

/**
 * records_admin() - the administrative state that a record says
 * @name: as it is recorded; NULL and words that are not known mean PORT_ADMIN_UNSET
 *
 * Return: the state.
 */
enum port_admin records_admin(const char *name);

#endif
