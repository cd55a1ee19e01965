/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_BUDGET_H
#define RPORT_MANAGER_BUDGET_H

/*
 * Limits the share of the main loop's time that each namespace may use by changing its ports: a
 * tenth, and BUDGET_ALLOWANCE in addition for bursts. The cost of one namespace delays examinations
 * of that namespace only.
 *
 * A cost is elapsed time, so it contains waits for locks that others hold. No debt is therefore
 * longer than BUDGET_DEBT_MAX: so late, at most, is a change seen on a machine with much else to do.
 */

#include "base/util.h"

#define BUDGET_FACTOR    10           /* an examination of 1 ms is paid off after 10 ms */
#define BUDGET_ALLOWANCE (200 * 1000) /* debt, in microseconds, that delays nothing */
#define BUDGET_DEBT_MAX  (2 * USEC_PER_SEC)
#define BUDGET_TURN      1000 /* between two ports that are put off: what a short examination costs */

/*
 * struct budget_debt
 * @until: CLOCK_MONOTONIC, in microseconds: when it is paid off
 * @turn: the same: of the next port that is put off
 */
struct budget_debt {
	int nsid;
	uint64_t until, turn;
};

struct budget {
	struct budget_debt *debts; /* of namespaces in debt */
	size_t n, size;
};

/**
 * budget_charge() - charge a namespace for time of the main loop
 * @budget: the debts
 * @nsid: the namespace
 * @now: CLOCK_MONOTONIC, in microseconds
 * @cost: microseconds that were used
 *
 * When memory is short nothing is charged.
 */
void budget_charge(struct budget *budget, int nsid, uint64_t now, uint64_t cost);

/**
 * budget_next() - get the time from which ports of a namespace may be examined
 * @budget: the debts
 * @nsid: the namespace
 *
 * Return: CLOCK_MONOTONIC, in microseconds; 0: at any time.
 */
uint64_t budget_next(const struct budget *budget, int nsid);

/**
 * budget_turn() - give a port that has to wait its turn
 * @budget: the debts
 * @nsid: the namespace
 *
 * If all ports of a namespace waited until budget_next(), all would be tried at that time, and all but
 * a few put off again. So each has a time of its own, BUDGET_TURN after the one before; those that would
 * wait for more than BUDGET_DEBT_MAX begin from the front.
 *
 * Return: as budget_next(), or later.
 */
uint64_t budget_turn(struct budget *budget, int nsid);

/**
 * budget_release() - free the debts
 * @budget: zeroed afterwards; may be zeroed already
 */
void budget_release(struct budget *budget);

#endif
