/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_NETNS_PATHS_H
#define RPORT_KERNEL_NETNS_PATHS_H

/* Hears when paths of namespaces may lead elsewhere, because a file or directory on the way came, went
 * or was renamed. Mounts are the business of netns-watch.h. */

#include "base/util.h"

struct netns_paths;

/**
 * netns_paths_new() - begin with no paths
 * @ret: free it with netns_paths_free()
 *
 * Return: 0; -ENOMEM; or -errno of inotify_init1(2).
 */
int netns_paths_new(struct netns_paths **ret);

/**
 * netns_paths_free() - end all watches; takes NULL
 * @paths: of netns_paths_new(), or NULL; no thread uses it any more
 */
void netns_paths_free(struct netns_paths *paths);

/**
 * netns_paths_fd() - get the descriptor that is readable when there is something to tell
 * @paths: of netns_paths_new(); keeps the descriptor
 *
 * Return: the descriptor.
 */
int netns_paths_fd(const struct netns_paths *paths);

/**
 * netns_paths_add() - watch a path, or go on watching it
 * @paths: of netns_paths_new()
 * @path: netns_path_valid()
 *
 * May be called by any thread. Look at the path after this call: what happens later is told. The
 * directories that there are now are watched, so call this again before each look.
 *
 * Of many paths, those are watched that were added last. Nothing is told of a path in /proc, of one
 * that a symbolic link on the way leads to, nor where no more directories can be watched
 * (fs.inotify.max_user_watches).
 */
void netns_paths_add(struct netns_paths *paths, const char *path);

/**
 * netns_paths_read() - tell which paths may lead elsewhere
 * @paths: of netns_paths_new()
 * @tell: called for each of them, perhaps more than once; with NULL when any may
 * @userdata: for @tell
 *
 * Return: whether @tell was called.
 */
bool netns_paths_read(struct netns_paths *paths, void (*tell)(void *userdata, const char *path),
		      void *userdata);

#endif
