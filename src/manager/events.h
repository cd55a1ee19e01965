/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_EVENTS_H
#define RPORT_MANAGER_EVENTS_H

/* Receives events about ports, and schedules their examination. */

#include "manager/options.h"

/**
 * events_start() - begin to listen to netlink, and to the names of namespaces
 * @manager: the manager, with its event loop; its network and own_nsid are set
 * @err: names what is missing on this machine
 *
 * Return: 0; -ENOMEM; -EPERM without CAP_NET_BROADCAST; or another -errno. The caller calls
 * events_stop() in any case.
 */
int events_start(struct manager *manager, struct rport_error *err);

/**
 * events_stop() - stop listening, and free what events_start() made
 * @manager: the manager; nothing happens if events_start() was not called
 */
void events_stop(struct manager *manager);

/**
 * events_read() - process the netlink events that are queued now
 * @manager: the manager
 */
void events_read(struct manager *manager);

/**
 * events_port_gone() - the data path reports that a device was removed; see datapath_options.gone
 * @owner: the struct rport_link that was given to datapath_add_link()
 * @end: the port of the link, 0 or 1
 * @userdata: the manager
 */
void events_port_gone(void *owner, unsigned int end, void *userdata);

/**
 * events_link_moved() - the data path reports other workers of a link; see datapath_options.moved
 * @owner: the struct rport_link that was given to datapath_add_link()
 * @userdata: the manager
 */
void events_link_moved(void *owner, void *userdata);

/**
 * events_datapath_ended() - rportd-data ended, and is started again; see datapath_options.ended
 * @why: in words
 * @userdata: the manager
 */
void events_datapath_ended(const char *why, void *userdata);

/**
 * events_network_ended() - rportd-net ended, and is started again; see network_options.ended
 * @why: in words
 * @userdata: the manager
 */
void events_network_ended(const char *why, void *userdata);

/**
 * events_starter_failed() - it cannot be started again: rportd ends
 * @userdata: the manager
 */
void events_starter_failed(void *userdata);

/**
 * events_captures_changed() - captures that see a port began or ended; see captures_start()
 * @port: the port
 * @userdata: the manager
 */
void events_captures_changed(struct port *port, void *userdata);

#endif
