/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_ACTIVATION_H
#define RPORTCTL_ACTIVATION_H

/*
 * systemd listens on the socket of a stopped rportd, and starts it for whoever connects. Who only
 * looks must not start what an administrator has stopped.
 */

#include "base/util.h"

/**
 * activation_is_due() - tell whether to connect would start a service that is stopped
 * @socket: where rportd listens
 * @method: that is to be called
 *
 * Return: true when it would, and @method does not change anything, so that this is not what is
 * wanted. A service that is on its way up or down is not stopped.
 */
bool activation_is_due(const char *socket, const char *method);

/**
 * activation_is_possible() - tell whether a call that changes something would start the service
 * @socket: where rportd listens
 *
 * Return: true when the service is stopped, its last start did not fail, and systemd listens for it.
 */
bool activation_is_possible(const char *socket);

#endif
