/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suite of the allocator kind. A case sets a scene and says what must come of it; what must
 * never come of any scene watches promises.c. What an allocator knows nothing of is skipped, and
 * the report says so.
 */
#include "allocator.h"

#include <string.h>

static const struct {
	size_t member;
	const char *without;
} optional[] = {
	{ MEMBER(recover), "it does not wait for anybody after a failover" },
	{ MEMBER(update_allocation), "it knows no operations" },
	{ MEMBER(update_available), "it knows no operations of operators" },
	{ MEMBER(request), "frameworks cannot ask it for offers" },
	{ MEMBER(update_whitelist), "it knows no whitelist" },
	{ MEMBER(update_quota), "it knows no quota" },
	{ MEMBER(update_weights), "it knows no weights" },
	{ MEMBER(update_unavailability), "it knows no maintenance" },
	{ MEMBER(update_inverse_offer),
		"it does not hear what became of inverse offers" },
	{ MEMBER(pause), "it cannot be paused" },
	{ MEMBER(resume), "it cannot be resumed" },
	{ MEMBER(update_domain), "it knows no regions" },
	{ MEMBER(explain), "it explains nothing" },
	{ MEMBER(explain_agents), "it does not explain single agents" },
};

/* Is the member there? open() is, so 0 asks for none. */
static bool has(struct master *m, size_t member)
{
	void (*function)(void);

	memcpy(&function, (const char *)m->ops + member, sizeof(function));
	if (function != NULL)
		return true;
	for (size_t i = 0; i < TP_COUNT(optional); i++) {
		if (optional[i].member == member)
			skip(m->check, "%s", optional[i].without);
	}
	return false;
}

static void run(struct check *c)
{
	const struct allocator_case *one = c->arg;
	struct master m;

	if (master_init(&m, c) && has(&m, one->needs) && has(&m, one->needs_too))
		one->run(&m);
	master_fini(&m);
}

void allocator_suite(struct check *c, const struct suite *suite)
{
	static const struct allocator_case *const groups[] = {
		allocator_offers,
		allocator_filters,
		allocator_frameworks,
		allocator_agents,
		allocator_resources,
		allocator_quota,
		allocator_maintenance,
		allocator_replay,
		allocator_explain,
	};

	for (size_t i = 0; i < TP_COUNT(groups); i++) {
		for (const struct allocator_case *one = groups[i]; one->name != NULL;
			one++)
			check_one(c, suite,
				&(struct check_case){ one->name, run, one->n_instances },
				one);
	}
}
