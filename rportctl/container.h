/* SPDX-License-Identifier: ISC */
#ifndef RPORTCTL_CONTAINER_H
#define RPORTCTL_CONTAINER_H

/* Domains that rportd does not know: podman:NAME and docker:NAME, the network of a container. */

#include "candidates.h"

/**
 * container_domains() - replace containers by domains that rportd knows
 * @words: domains as the user writes them; those of containers are replaced by what the caller frees
 *	with container_domains_free(), all others by copies
 * @n: how many
 * @ret: as many domains
 *
 * The engine is asked where the network of the container is. A namespace that was made for it, or
 * by somebody else, in /run/netns or elsewhere, has a path, which may outlive the container; of all
 * others there is only the process, pid:N.
 *
 * Return: STATUS_DONE; else a failure was printed, and there is nothing to free.
 */
enum ctl_status container_domains(const char *const *words, size_t n, char **ret);

/**
 * container_domains_free() - free domains
 * @domains: of container_domains(); NULLs are ignored
 * @n: how many
 */
void container_domains_free(char **domains, size_t n);

/**
 * container_candidates() - add the running containers of the engine whose prefix was typed
 * @candidates: what was found so far
 */
void container_candidates(struct candidates *candidates);

#endif
