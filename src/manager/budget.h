/* SPDX-License-Identifier: ISC */
#ifndef RPORT_MANAGER_BUDGET_H
#define RPORT_MANAGER_BUDGET_H

/*
 * How much of the main loop's time each namespace may take by changing its ports: a tenth, and
 * BUDGET_ALLOWANCE besides for what happens now and then. What one namespace costs delays the looks
 * at that namespace only.
 */

#include "base/util.h"

#define BUDGET_FACTOR    10           /* a look that took 1 ms is paid off after 10 ms */
#define BUDGET_ALLOWANCE (200 * 1000) /* debt, in microseconds, with which looks go on */

struct budget_debt {
	int nsid;
	uint64_t until; /* CLOCK_MONOTONIC, in microseconds: when it is paid off */
};

struct budget {
	struct budget_debt *debts; /* of namespaces that have some */
	size_t n, size;
};

/**
 * budget_charge() - add the cost of a look
 * @budget: the debts
 * @nsid: the namespace that was looked at
 * @now: CLOCK_MONOTONIC, in microseconds
 * @cost: microseconds that it took
 *
 * Without memory nothing is charged.
 */
void budget_charge(struct budget *budget, int nsid, uint64_t now, uint64_t cost);

/**
 * budget_next() - when may a namespace be looked at?
 * @budget: the debts
 * @nsid: the namespace
 *
 * Return: CLOCK_MONOTONIC, in microseconds; 0: whenever.
 */
uint64_t budget_next(const struct budget *budget, int nsid);

/**
 * budget_release() - free the debts
 * @budget: zeroed afterwards; may be zeroed already
 */
void budget_release(struct budget *budget);

#endif
