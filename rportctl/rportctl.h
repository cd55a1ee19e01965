/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_H
#define RPORTCTL_H

/* What every command of rportctl sees: the options given for all of them, and the exit status. */

#include "base/error.h"

struct ctl_options {
	bool json;
	bool pretty;
	bool brief;
	bool statistics;
	bool quiet;
	bool help;
	bool version;
	const char *socket; /* --socket, or NULL */
};

/*
 * @argv are the words after the command's own; a command reads them with args_parse().
 */
typedef enum ctl_status (*ctl_command_fn)(struct ctl_options *options, int argc, char **argv);

enum ctl_status ctl_pair(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_unpair(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_list(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_show(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_exists(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_create(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_destroy(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_up(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_down(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_set(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_parent(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_unparent(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_ports(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_reconcile(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_apply(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_reload(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_export(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_monitor(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_complete(struct ctl_options *options, int argc, char **argv);
enum ctl_status ctl_version(struct ctl_options *options, int argc, char **argv);

/**
 * ctl_print_version() - the version of rportctl itself, without asking the daemon
 */
void ctl_print_version(const struct ctl_options *options);

#endif
