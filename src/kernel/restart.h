/* SPDX-License-Identifier: ISC */
#ifndef RPORT_KERNEL_RESTART_H
#define RPORT_KERNEL_RESTART_H

/* A process that ended and is started again: how it ended, and how soon the next one is started. */

#include "base/util.h"

#define RESTART_END_MAX       64
#define RESTART_WAIT_MAX_USEC (5 * USEC_PER_SEC)
#define RESTART_OLD_USEC      (1 * USEC_PER_SEC) /* a process that lived so long is replaced at once */

/**
 * restart_describe_end() - say how a process ended
 * @status: of waitpid(2)
 * @buf: filled
 *
 * Return: @buf.
 */
const char *restart_describe_end(int status, char buf[static RESTART_END_MAX]);

/**
 * restart_longer() - lengthen the wait before the next start of a process that died young
 * @wait: how long the wait was before, in microseconds; 0: none
 *
 * Return: microseconds: twice as many, 50 ms to RESTART_WAIT_MAX_USEC.
 */
uint64_t restart_longer(uint64_t wait);

/**
 * restart_wait() - tell how long to wait before the next start
 * @started: when the process that ended was started, CLOCK_MONOTONIC, in microseconds
 * @wait: how long the wait was before that; 0: none
 *
 * Return: microseconds; 0 for a process that lived for RESTART_OLD_USEC, else restart_longer().
 */
uint64_t restart_wait(uint64_t started, uint64_t wait);

#endif
