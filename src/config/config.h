/* SPDX-License-Identifier: ISC */
#ifndef RPORT_CONFIG_CONFIG_H
#define RPORT_CONFIG_CONFIG_H

/*
 * Links as files say them: NAME.rport and its drop-ins NAME.rport.d/(anything).conf, in the
 * directories of a path, of which the first that has a file of a name wins. rport(5) is the manual.
 * Nothing here knows which links there are; the manager makes of them what is to be done.
 */

#include "port/spec.h"

#define CONFIG_PATH_DEFAULT "/etc/rportd:/run/rportd/conf.d:/usr/lib/rportd"
#define CONFIG_LINKS_MAX    10000
#define CONFIG_DROP_INS_MAX 256           /* of a link */
#define CONFIG_FILE_MAX     (1024 * 1024) /* bytes of one file */
#define CONFIG_LINE_MAX     1280          /* bytes of one line that is not a comment */
#define CONFIG_FAULTS_MAX   20            /* reported of one file, of either severity */

enum config_severity {
	CONFIG_WARNING, /* it has no effect: an unknown key, say */
	CONFIG_ERROR,   /* the link cannot be used */
};

/*
 * What is wrong, once for each fault; @file is the path as opened, @line 0 when no line is to
 * blame. @message is printable UTF-8 (the name of a file may be anything). From CONFIG_FAULTS_MAX
 * on, a last one says that there are more.
 */
typedef void (*config_problem_fn)(enum config_severity severity, const char *file,
				  unsigned int line, const char *message, void *userdata);

struct config_link {
	struct link_spec spec; /* with its name, which is the file's; domains are not resolved */
	char *file;            /* where it is: the path of NAME.rport */
	char *drop_in;         /* the last of its drop-ins, which overrides the others; or NULL */
	bool bad;              /* there was a CONFIG_ERROR: of the spec only the name may be used */
};

/* All links, by name. */
struct config {
	struct config_link *links;
	size_t n_links;
};

/**
 * config_load() - read all files
 * @path: directories with ':' between; one that does not exist is empty
 * @problem: called for every fault, in the order of files and lines; may be NULL
 * @userdata: for @problem
 * @ret: release it with config_release()
 *
 * A faulty file makes that link bad, and no other. An empty file, or a symbolic link to /dev/null,
 * masks those of its name in later directories.
 *
 * Return: 0, or -errno when it is not known which links there are: -EINVAL for a @path without
 * directories, -ENOMEM, or another when a directory is there and cannot be read (@problem is
 * called). A caller who took that for "no links" would remove them all.
 */
int config_load(const char *path, config_problem_fn problem, void *userdata, struct config *ret);

/**
 * config_release() - free what config_load() gave
 * @config: of config_load(), or zeroed
 */
void config_release(struct config *config);
#define _cleanup_config_ _cleanup_(config_release)

/**
 * config_find() - find a link by its name
 * @config: of config_load()
 * @name: of the link
 *
 * Return: the link, owned by @config; NULL when there is none.
 */
struct config_link *config_find(const struct config *config, const char *name);

struct config_files;

/**
 * config_files_open() - find all files, without reading them
 * @path: as for config_load()
 * @problem: called for every fault, now and as the files are read; may be NULL
 * @userdata: for @problem
 * @ret: close it with config_files_close()
 *
 * Return: 0, or -errno as config_load().
 */
int config_files_open(const char *path, config_problem_fn problem, void *userdata,
		      struct config_files **ret);

/**
 * config_files_close() - free the list of files; takes NULL
 * @files: of config_files_open(), or NULL
 */
void config_files_close(struct config_files *files);

/**
 * config_files_count() - tell how many files were found
 * @files: of config_files_open()
 *
 * Return: the number of names, CONFIG_LINKS_MAX at most.
 */
size_t config_files_count(const struct config_files *files);

/**
 * config_files_name() - return the name that a file gives its link
 * @files: of config_files_open()
 * @i: which, in the order of names
 *
 * Return: the name, which may be none that a link can have; owned by @files.
 */
const char *config_files_name(const struct config_files *files, size_t i);

/**
 * config_files_found() - check whether a file of a name was found
 * @files: of config_files_open()
 * @name: of a link
 *
 * Return: true when it was, whatever has become of it.
 */
bool config_files_found(const struct config_files *files, const char *name);

/**
 * config_files_read() - read the link of a file, as the file is now
 * @files: of config_files_open()
 * @i: which, in the order of names
 * @ret: release it with config_link_release()
 *
 * Return: 1; 0: it is no link, because the file is a mask, has gone, or has a name that no link can
 * have; or -ENOMEM.
 */
int config_files_read(const struct config_files *files, size_t i, struct config_link *ret);

/**
 * config_read() - read the link of a name, as its file is now, without looking for other files
 * @path: as for config_load()
 * @name: of the link
 * @problem: called for every fault; may be NULL
 * @userdata: for @problem
 * @ret: release it with config_link_release()
 *
 * Return: as config_files_read(), or -EINVAL for a @path without directories.
 */
int config_read(const char *path, const char *name, config_problem_fn problem, void *userdata,
		struct config_link *ret);

/**
 * config_files_have() - check whether there is a file for a link now
 * @files: of which only the path counts
 * @name: of the link
 *
 * Return: false when there is none, or a mask; true also when that cannot be known.
 */
bool config_files_have(const struct config_files *files, const char *name);

/**
 * config_files_tell_rest() - tell the problems that no link has: too many files, drop-ins without
 * @files: of config_files_open()
 */
void config_files_tell_rest(const struct config_files *files);

/**
 * config_link_release() - free what config_files_read() gave; takes a zeroed one
 * @link: zeroed afterwards
 */
void config_link_release(struct config_link *link);
#define _cleanup_config_link_ _cleanup_(config_link_release)

/**
 * config_format() - write a link as the text of a file
 * @spec: of the link; what is as by default is left out, and the name, which is the file's
 *
 * What a file says for both ports is taken from the first.
 *
 * Return: the text, which config_load() reads as the same link unless config_write() would refuse
 * it; the caller frees it. NULL when out of memory.
 */
char *config_format(const struct link_spec *spec);

/**
 * config_can_say() - tell whether a link can outlive the daemon in a file
 * @spec: of the link
 * @err: filled on failure
 *
 * A process cannot: its number means another one when the next daemon reads the file.
 *
 * Return: 0, or -EINVAL with the way out in @err.
 */
int config_can_say(const struct link_spec *spec, struct rport_error *err);

/* What config_write() has done. */
struct config_written {
	char *file;       /* that says the link now */
	bool changed;     /* it was written; else it said the link already */
	char *overridden; /* by what the link is another one at the next reload; NULL: it is not */
};

/**
 * config_written_release() - free what config_write() gave; takes a zeroed one
 * @written: zeroed afterwards
 */
void config_written_release(struct config_written *written);
#define _cleanup_config_written_ _cleanup_(config_written_release)

/**
 * config_write() - have the file of a link say it, in the first directory of a path
 * @path: directories with ':' between, see config_load()
 * @spec: of the link, with its name
 * @names: the names of its interfaces have to be said, and not only to be free
 * @ret: release it with config_written_release()
 * @err: filled on failure
 *
 * If the files say the link already, nothing is written. A file that is there is edited, see
 * config_edit(). Atomic: there is the old file or the new one, whole and on the disk. The directory
 * is made when it is not there, that above it is not. Drop-ins are left alone.
 *
 * Return: 0, -EINVAL for what a file cannot say (ports that differ in their offloads, a process, a
 * namespace whose name would be read as a comment), or another -errno; @err names the file.
 */
int config_write(const char *path, const struct link_spec *spec, bool names,
		 struct config_written *ret, struct rport_error *err);

/**
 * config_remove() - remove or mask all files of a link
 * @path: directories with ':' between, see config_load()
 * @name: of the link
 * @err: filled on failure
 *
 * The file in the first directory is removed, whatever it says. Where another directory has one, too, an empty file
 * in the first masks it. Drop-ins are left alone.
 *
 * Return: 1: done; 0: there was none; or -errno, with @err naming the file.
 */
int config_remove(const char *path, const char *name, struct rport_error *err);

#endif
