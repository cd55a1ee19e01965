/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_CONFIG_PRIVATE_H
#define RPORT_CONFIG_CONFIG_PRIVATE_H

/* What the files that make up config.h share with each other, and with their tests. */

#include <sys/stat.h>

#include "config/config.h"

#define CONFIG_SUFFIX         ".rport"
#define CONFIG_DROP_IN_SUFFIX ".conf"

/* A link while its files are read. */
struct config_draft {
	struct link_spec spec;
	bool bad;                /* a CONFIG_ERROR was told */
	bool out_of_memory;      /* it says nothing about the files */
	bool incomplete;         /* something could not be read: what is missing may be in it */
	bool domain_said[2];     /* right or wrong */
	unsigned int own_mtu[2]; /* of a port; 0: that of [Link] */
	bool address_refused[2]; /* the last one was: nothing is to be said of its peer */
	config_problem_fn problem;
	void *userdata;
};

#define CONFIG_DRAFT_INIT                                                            \
	{                                                                            \
		.spec = {.wait = true, .ports = { PORT_SPEC_INIT, PORT_SPEC_INIT } } \
	}

static inline void config_draft_release(struct config_draft *draft)
{
	link_spec_release(&draft->spec);
}
#define _cleanup_config_draft_ _cleanup_(config_draft_release)

/**
 * config_draft_problem() - tell of a fault
 */
void config_draft_problem(struct config_draft *draft, enum config_severity severity,
			  const char *file, unsigned int line, const char *fmt, ...) _printf_(5, 6);

/**
 * config_draft_read() - what one file says, after what earlier ones said
 * @file: its path, for messages
 * @text: all of it, not ended by NUL
 */
void config_draft_read(struct config_draft *draft, const char *file, const char *text, size_t size);

/**
 * config_draft_finish() - all files were read: is what must be said there?
 * @file: the main file
 */
void config_draft_finish(struct config_draft *draft, const char *file);

/**
 * config_split_path() - the directories of a path
 * @ret: ended by NULL, never empty; release it with config_free_path()
 *
 * Return: 0, -EINVAL when there is none, or -ENOMEM.
 */
int config_split_path(const char *path, char ***ret);

/**
 * config_free_path() - free what config_split_path() gave; takes NULL
 */
void config_free_path(char **directories);

static inline void config_cleanup_path(char ***directories)
{
	config_free_path(*directories);
}
#define _cleanup_config_path_ _cleanup_(config_cleanup_path)

/**
 * config_is_mask() - does this file say that there is none of its name?
 */
bool config_is_mask(const struct stat *st);

#endif
