/* SPDX-License-Identifier: ISC */
/* The time of the main loop that each namespace has used; pure. */

#include "manager/budget.h"

/* Return: the debt of the namespace, or NULL. */
static struct budget_debt *find(const struct budget *budget, int nsid)
{
	for (size_t i = 0; i < budget->n; i++)
		if (budget->debts[i].nsid == nsid)
			return &budget->debts[i];
	return NULL;
}

static void drop_paid(struct budget *budget, uint64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < budget->n; i++)
		if (budget->debts[i].until > now)
			budget->debts[n++] = budget->debts[i];
	budget->n = n;
}

static struct budget_debt *add(struct budget *budget, int nsid)
{
	if (budget->n == budget->size) {
		size_t size = budget->size ? 2 * budget->size : 16;
		struct budget_debt *debts = reallocarray(budget->debts, size, sizeof(*debts));

		if (!debts)
			return NULL;
		budget->debts = debts;
		budget->size = size;
	}
	budget->debts[budget->n] = (struct budget_debt){ .nsid = nsid };
	return &budget->debts[budget->n++];
}

void budget_charge(struct budget *budget, int nsid, uint64_t now, uint64_t cost)
{
	struct budget_debt *debt;

	drop_paid(budget, now);
	debt = find(budget, nsid);
	if (!debt)
		debt = add(budget, nsid);
	if (debt)
		debt->until =
			MIN(MAX(debt->until, now) + BUDGET_FACTOR * cost, now + BUDGET_DEBT_MAX);
}

uint64_t budget_next(const struct budget *budget, int nsid)
{
	const struct budget_debt *debt = find(budget, nsid);

	return !debt || debt->until <= BUDGET_ALLOWANCE ? 0 : debt->until - BUDGET_ALLOWANCE;
}

uint64_t budget_turn(struct budget *budget, int nsid)
{
	uint64_t next = budget_next(budget, nsid), turn;
	struct budget_debt *debt = find(budget, nsid);

	if (next == 0)
		return 0;
	turn = MAX(debt->turn, next);
	if (turn > next + BUDGET_DEBT_MAX)
		turn = next;
	debt->turn = turn + BUDGET_TURN;
	return turn;
}

void budget_release(struct budget *budget)
{
	free(budget->debts);
	*budget = (struct budget){ 0 };
}
