/* SPDX-License-Identifier: ISC */
#ifndef RPORT_API_METHOD_H
#define RPORT_API_METHOD_H

/* What all methods of org.rportd.Manager have in common. */

#include "manager/options.h"
#include "varlink/server.h"

#define API_INTERFACE "org.rportd.Manager"

struct api_monitor;
struct api_subject;
struct checker;
struct reloader;

/*
 * The userdata of each method.
 *
 * @manager: has the links and ports
 * @reloader: makes links as the files say
 * @config_path: directories of the files of links, see config_load()
 * @monitor: the subscribers of changes
 * @checker: looks at links for Check
 * @subjects: what the call that is being answered is about, see audit.h
 * @n_subjects: how many
 * @changes_nothing: the call does not, though its method may
 */
struct api {
	struct manager *manager;
	struct reloader *reloader;
	const char *config_path;
	struct api_monitor *monitor;
	struct checker *checker;
	struct api_subject *subjects;
	size_t n_subjects;
	bool changes_nothing;
};

/*
 * Declares the function behind a method, a varlink_method_fn. It reads its parameters by a table of
 * fields (read.h), has the manager do the work, and answers the call (reply.h). What the method
 * means is said in org.rportd.Manager.varlink; interface.c has the table of methods.
 */
#define API_METHOD(function) \
	void function(struct varlink_call *call, json_t *parameters, void *userdata)

#endif
