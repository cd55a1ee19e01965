/* SPDX-License-Identifier: ISC */
#ifndef RPORT_DATAPATH_ENGINES_H
#define RPORT_DATAPATH_ENGINES_H

/*
 * The table of engines, in order of preference. A choice, as --datapath takes it, says which of
 * them may be used: "auto" means all, the name of an engine means that one, and a word with which
 * several names begin ("uring" of "uring-batch") means these.
 */

#include "datapath/engine.h"

#define ENGINES_AUTO     "auto"
#define ENGINES_TEXT_MAX 256

/**
 * engines_next() - walk over the engines that a choice allows, the preferred one first
 * @choice: a choice, or NULL for "auto"
 * @previous: the engine that the last call returned; NULL: begin
 *
 * Return: the next engine; NULL at the end, at once when the choice allows no engine.
 */
const struct engine_class *engines_next(const char *choice, const struct engine_class *previous);

/**
 * engines_format() - write all choices as a list in words
 * @needs: add what each engine needs of the kernel
 * @buf: the list: "auto, uring, uring-batch, uring-pending or epoll"; cut if it is too long
 *
 * Return: @buf.
 */
const char *engines_format(bool needs, char buf[static ENGINES_TEXT_MAX]);

#endif
