/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "manager/pair.h"
#include "manager/reload.h"

struct reload {
	struct manager *manager;
	const struct reload_listener *listener;
	struct config config;
	bool dry_run;
	struct rport_link **stale; /* links whose file is gone */
	size_t n_stale;
};

static void tell(const struct reload *reload, enum reload_result result, const char *name,
		 const char *text)
{
	reload->listener->link(result, name, text, reload->listener->userdata);
}

/* --- links whose file is gone ----------------------------------------------------------------- */

static void collect_stale(struct rport_link *link, void *userdata)
{
	struct reload *reload = userdata;

	if (link->configured && !config_find(&reload->config, link->name))
		reload->stale[reload->n_stale++] = link;
}

static int remove_stale(struct reload *reload)
{
	struct table *table = manager_table(reload->manager);

	if (reload->config.incomplete) /* those whose files were left out have them nevertheless */
		return 0;
	reload->stale = calloc(table->n_links + 1, sizeof(*reload->stale));
	if (!reload->stale)
		return -ENOMEM;
	table_foreach_link(table, collect_stale, reload);
	for (size_t i = 0; i < reload->n_stale; i++) {
		tell(reload, RELOAD_REMOVED, reload->stale[i]->name, "");
		if (!reload->dry_run)
			manager_destroy_link(reload->manager, reload->stale[i]);
	}
	free(steal_ptr(reload->stale));
	return 0;
}

/* --- links with a file ------------------------------------------------------------------------ */

/* Pair the link; replace it if it differs. */
static void make(struct reload *reload, struct config_link *wanted, enum reload_result result,
		 const char *text)
{
	char name[LINK_NAME_MAX + 1];
	struct rport_error err = { 0 };
	enum pair_result paired;
	struct rport_link *link;

	memcpy(name, wanted->spec.name, sizeof(name));
	if (reload->dry_run) {
		tell(reload, result, name, text);
		return;
	}
	if (pair_domains(reload->manager, &wanted->spec, true, &paired, &link, &err) < 0) {
		tell(reload, RELOAD_FAILED, name, err.message);
		return;
	}
	manager_set_configured(reload->manager, link, true);
	tell(reload, result, name, text);
}

static void consider(struct reload *reload, struct config_link *wanted)
{
	const char *name = wanted->spec.name;
	struct rport_link *have = table_link_by_name(manager_table(reload->manager), name);
	char difference[2 * DOMAIN_TEXT_MAX + 128];

	if (wanted->bad) {
		tell(reload, RELOAD_FAILED, name,
		     have ? "its file is faulty; it stays as it is" : "its file is faulty");
	} else if (!have) {
		make(reload, wanted, RELOAD_ADDED, "");
	} else if (pair_differs(have, &wanted->spec, difference, sizeof(difference))) {
		make(reload, wanted, RELOAD_CHANGED, difference);
	} else {
		tell(reload, RELOAD_UNCHANGED, name, "");
		if (!reload->dry_run)
			manager_set_configured(reload->manager, have, true);
	}
}

int reload_links(struct manager *manager, const char *path, bool dry_run,
		 const struct reload_listener *listener, struct rport_error *err)
{
	struct reload reload = { .manager = manager, .listener = listener, .dry_run = dry_run };
	int r;

	r = config_load(path, listener->problem, listener->userdata, &reload.config);
	if (r >= 0) /* first, since they may be in the way of others */
		r = remove_stale(&reload);
	if (r < 0) {
		config_release(&reload.config);
		return rport_error_set(err, RPORT_ERR_SYSTEM, -r, "cannot read the files of %s: %s",
				       path, strerror(-r));
	}
	for (size_t i = 0; i < reload.config.n_links; i++)
		consider(&reload, &reload.config.links[i]);
	manager_update_ports(manager);
	config_release(&reload.config);
	return 0;
}
