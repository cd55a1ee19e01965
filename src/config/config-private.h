/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_CONFIG_PRIVATE_H
#define RPORT_CONFIG_CONFIG_PRIVATE_H

/* What the files that make up config.h share with each other, and with their tests. */

#include <sys/stat.h>

#include "config/config.h"
#include "port/property.h"

#define CONFIG_SUFFIX         ".rport"
#define CONFIG_DROP_IN_SUFFIX ".conf"

/* A link while its files are read. */
struct config_draft {
	struct link_spec spec;
	bool bad;                /* there was a CONFIG_ERROR */
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

/**
 * config_draft_begin() - set what a file need not say to what it is then
 * @draft: of CONFIG_DRAFT_INIT
 */
static inline void config_draft_begin(struct config_draft *draft)
{
	for (int side = 0; side < 2; side++)
		property_use_standards(&draft->spec.ports[side]);
}

/**
 * config_draft_release() - free what a draft holds, for _cleanup_config_draft_
 * @draft: of CONFIG_DRAFT_INIT
 */
static inline void config_draft_release(struct config_draft *draft)
{
	link_spec_release(&draft->spec);
}
#define _cleanup_config_draft_ _cleanup_(config_draft_release)

/**
 * config_draft_problem() - report a fault in a file to the caller of config_load()
 * @draft: CONFIG_ERROR makes it bad
 * @severity: see enum config_severity
 * @file: path of the file
 * @line: from 1; 0: no single line is at fault
 * @fmt: printf format of the message, without a period or newline at the end
 */
void config_draft_problem(struct config_draft *draft, enum config_severity severity,
			  const char *file, unsigned int line, const char *fmt, ...) _printf_(5, 6);

/**
 * config_draft_read() - read one file into a draft, on top of what earlier files said
 * @draft: of CONFIG_DRAFT_INIT, or what earlier files made of it
 * @file: its path, for messages
 * @text: all of it, not ended by NUL
 * @size: bytes of @text
 */
void config_draft_read(struct config_draft *draft, const char *file, const char *text, size_t size);

/**
 * config_draft_finish() - check, after all files were read, that nothing required is missing
 * @draft: after config_draft_read() of all files
 * @file: the main file
 */
void config_draft_finish(struct config_draft *draft, const char *file);

/**
 * config_split_path() - split a path into its directories
 * @path: directories with ':' between
 * @ret: ended by NULL, never empty; release it with config_free_path()
 *
 * Return: 0, -EINVAL when there is none, or -ENOMEM.
 */
int config_split_path(const char *path, char ***ret);

/**
 * config_free_path() - free what config_split_path() gave; takes NULL
 * @directories: of config_split_path(), or NULL
 */
void config_free_path(char **directories);

/**
 * config_cleanup_path() - free directories at the end of their scope, for _cleanup_config_path_
 * @directories: the address of the pointer
 */
static inline void config_cleanup_path(char ***directories)
{
	config_free_path(*directories);
}
#define _cleanup_config_path_ _cleanup_(config_cleanup_path)

/**
 * config_is_mask() - check whether a file masks those of its name in later directories
 * @st: of the file, links followed
 *
 * Return: true for an empty file and for /dev/null.
 */
bool config_is_mask(const struct stat *st);

#endif
