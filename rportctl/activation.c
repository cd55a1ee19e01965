/* SPDX-License-Identifier: ISC */

/* Does a call start a service that is stopped? */

#include <stdio.h>

#include "activation.h"
#include "client.h"

/* rportd has it while it runs; see src/daemon/lock.c. */
#define LOCK_SUFFIX ".lock"
#define SYSTEMD     "/run/systemd/system" /* see sd_booted(3) */
#define STATE_MAX   64

#define ASK_STATE(unit) "systemctl show --property=ActiveState --value " unit " 2>/dev/null"

/* Those that change nothing, and are answered from what there is. */
static const char *const reading[] = {
	"org.varlink.service.GetInfo",  "org.rportd.Manager.Check", "org.rportd.Manager.Export",
	"org.rportd.Manager.GetParent", "org.rportd.Manager.List",  "org.rportd.Manager.ListPorts",
	"org.rportd.Manager.Monitor",   "org.rportd.Manager.Show",  "org.rportd.Manager.Status",
};

static bool only_reads(const char *method)
{
	for (size_t i = 0; i < ARRAY_SIZE(reading); i++)
		if (streq(method, reading[i]))
			return true;
	return false;
}

static bool is_running(const char *socket)
{
	char lock[256];

	snprintf(lock, sizeof(lock), "%s" LOCK_SUFFIX, socket);
	return access(lock, F_OK) == 0;
}

/* Runs @command, of ASK_STATE(); "" when systemd does not answer. */
static const char *ask_state(const char *command, char state[static STATE_MAX])
{
	FILE *systemctl = popen(command, "re");

	*state = '\0';
	if (!systemctl)
		return state;
	if (!fgets(state, STATE_MAX, systemctl))
		*state = '\0';
	pclose(systemctl);
	state[strcspn(state, "\n")] = '\0';
	return state;
}

/*
 * Only the service manager tells one that is stopped from one that has not yet begun. Not all can
 * ask it: a user that is not known to the bus, such as that of rport-exporter, is not answered.
 * Then it is stopped, as far as one can see.
 */
static bool is_stopped(void)
{
	char state[STATE_MAX];

	ask_state(ASK_STATE("rportd.service"), state);
	return streq(state, "") || streq(state, "inactive") || streq(state, "failed");
}

/* Without the lock, the service of systemd may be there to be started. */
static bool may_be_stopped(const char *socket)
{
	return streq(socket, CLIENT_SOCKET_DEFAULT) && access(SYSTEMD, F_OK) == 0 &&
	       !is_running(socket);
}

bool activation_is_due(const char *socket, const char *method)
{
	return only_reads(method) && may_be_stopped(socket) && is_stopped();
}

/* The socket may be left of a socket unit that is stopped, too. */
bool activation_is_possible(const char *socket)
{
	char state[STATE_MAX];

	return may_be_stopped(socket) &&
	       streq(ask_state(ASK_STATE("rportd.service"), state), "inactive") &&
	       streq(ask_state(ASK_STATE("rportd.socket"), state), "active");
}
