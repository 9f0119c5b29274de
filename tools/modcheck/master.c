/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books of a master as an allocator sees it: who was offered what, and who uses what. What is
 * told to the allocator is told here, and noted before, so that an offer that comes of it meets
 * books that are right. What may be offered says promises.c.
 */
#include "master.h"

#include <string.h>

#define ROLE "role"

struct tp_resources master_parse(struct master *m, const char *text, const char *role)
{
	tp_cleanup(ptr) char *json = tp_strdup(text == NULL ? "" : text);
	struct tp_resources ret = TP_RESOURCES_INIT;
	struct tp_error err = { 0 };

	for (char *at = json; (at = strchr(at, '\'')) != NULL;)
		*at = '"';
	expect(m->check, tp_resources_parse(&ret, json, NULL, &err) >= 0, "%s", err.text);
	if (role != NULL)
		tp_resources_allocate(&ret, role);
	return ret;
}

/* --- offers ---------------------------------------------------------------------------- */

static void held_add(struct master *m, struct master_held *list, size_t *n,
	uint32_t framework, uint32_t agent, const struct tp_resources *resources)
{
	if (!expect(m->check, *n < HELD_MAX, "more than %d offers for so few agents",
		    HELD_MAX))
		return;
	list[*n] = (struct master_held){ .framework = framework, .agent = agent };
	if (resources != NULL)
		tp_resources_copy(&list[*n].resources, resources);
	++*n;
}

void master_note_use(struct master *m, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources)
{
	held_add(m, m->uses, &m->n_uses, framework, agent, resources);
}

void master_held_remove(struct master_held *list, size_t *n, size_t i)
{
	tp_resources_fini(&list[i].resources);
	--*n;
	memmove(&list[i], &list[i + 1], (*n - i) * sizeof(*list));
}

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	struct master *m = user;

	m->n_calls++;
	expect(m->check, !m->inside, "offers from inside a call other than run()");
	expect(m->check, n > 0, "a call without offers");
	expect(m->check, !m->runs || !m->told[framework % FRAMEWORKS_MAX],
		"two calls for framework %u in one run", framework);
	m->told[framework % FRAMEWORKS_MAX] = true;
	for (size_t i = 0; i < n && !m->check->failed; i++) {
		if (offer_is_right(m, framework, &items[i]))
			held_add(m, m->offers, &m->n_offers, framework, items[i].agent,
				items[i].resources);
	}
}

static void on_inverse_offer(void *user, uint32_t framework, uint32_t agent,
	const struct tp_unavailability *when)
{
	struct master *m = user;

	expect(m->check, !m->inside, "an inverse offer from inside a call");
	if (inverse_offer_is_right(m, framework, agent, when))
		held_add(m, m->inverse, &m->n_inverse, framework, agent, NULL);
}

/* --- life ------------------------------------------------------------------------------ */

bool master_init_at(struct master *m, struct check *c, size_t i)
{
	const struct tp_allocator_user user = {
		.user = m, .offer = on_offer, .inverse_offer = on_inverse_offer
	};
	const struct tp_allocator_ops *ops = c->it[i].ops;

	*m = (struct master){
		.check = c, .ops = ops, .impl = c->it[i].impl, .arena = tp_arena_create(0)
	};
	if (!expect(c,
		    ops->open != NULL && ops->add_framework != NULL &&
			    ops->update_framework != NULL &&
			    ops->remove_framework != NULL &&
			    ops->activate_framework != NULL &&
			    ops->deactivate_framework != NULL,
		    "open and the five framework events are needed") ||
		!expect(c,
			ops->add_agent != NULL && ops->update_agent != NULL &&
				ops->remove_agent != NULL &&
				ops->activate_agent != NULL &&
				ops->deactivate_agent != NULL,
			"the five agent events are needed") ||
		!expect(c,
			ops->recover_resources != NULL && ops->revive != NULL &&
				ops->suppress != NULL && ops->run != NULL,
			"recover_resources, revive, suppress and run are needed"))
		return false;
	m->overlapping = (ops->flags & TP_ALLOCATOR_OVERLAPPING) != 0;
	if (!expect(c,
		    !m->overlapping || (ops->begin_use != NULL && ops->end_use != NULL),
		    "offers may overlap: then begin_use and end_use are needed"))
		return false;
	ops->open(m->impl, &user);
	return true;
}

bool master_init(struct master *m, struct check *c)
{
	return master_init_at(m, c, 0);
}

void master_fini(struct master *m)
{
	check_stop(m->check); /* it may offer until then */
	for (size_t i = 0; i < AGENTS_MAX; i++)
		tp_resources_fini(&m->agents[i].total);
	while (m->n_offers > 0)
		master_held_remove(m->offers, &m->n_offers, m->n_offers - 1);
	while (m->n_uses > 0)
		master_held_remove(m->uses, &m->n_uses, m->n_uses - 1);
	tp_arena_destroy(m->arena);
}

/* --- what comes back ------------------------------------------------------------------- */

static void give_back(struct master *m, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources, int64_t refuse_ns)
{
	const struct tp_allocator_filter filter = { refuse_ns };

	m->inside = true;
	m->ops->recover_resources(
		m->impl, framework, agent, resources, refuse_ns < 0 ? NULL : &filter);
	m->inside = false;
}

static void tell_use(struct master *m,
	void (*tell)(void *impl, uint32_t framework, uint32_t agent,
		const struct tp_resources *resources),
	uint32_t framework, uint32_t agent, const struct tp_resources *resources)
{
	if (tell == NULL || !m->agents[agent].used || tp_resources_empty(resources))
		return;
	m->inside = true;
	tell(m->impl, framework, agent, resources);
	m->inside = false;
}

/* Somebody uses something: offers that do not fit any more are rescinded. */
static void rescind(struct master *m, uint32_t slot)
{
	for (size_t i = m->n_offers; i-- > 0;) {
		tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
		tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

		tp_resources_copy(&left, &m->agents[slot].total);
		for (size_t j = 0; j < m->n_uses; j++) {
			if (m->uses[j].agent != slot)
				continue;
			tp_resources_copy(&plain, &m->uses[j].resources);
			tp_resources_unallocate(&plain);
			tp_resources_subtract(&left, &plain);
		}
		tp_resources_copy(&plain, &m->offers[i].resources);
		tp_resources_unallocate(&plain);
		if (m->offers[i].agent == slot && !tp_resources_contains(&left, &plain))
			master_answer(m, i, "", -1);
	}
}

void master_answer(struct master *m, size_t offer, const char *keep, int64_t refuse_ns)
{
	struct master_held given;

	if (!expect(m->check, offer < m->n_offers, "no offer to answer"))
		return;
	given = m->offers[offer];
	tp_cleanup(resources) struct tp_resources kept = master_parse(m, keep,
		given.resources.n == 0
			? ROLE
			: tp_resource_allocation(&given.resources.items[0]));

	m->offers[offer].resources = (struct tp_resources)TP_RESOURCES_INIT;
	master_held_remove(m->offers, &m->n_offers, offer);
	if (!tp_resources_empty(&kept) &&
		tp_resources_contains(&given.resources, &kept)) {
		tp_resources_subtract(&given.resources, &kept);
		master_note_use(m, given.framework, given.agent, &kept);
		tell_use(m, m->ops->begin_use, given.framework, given.agent, &kept);
		if (m->overlapping)
			rescind(m, given.agent);
	}
	if (!tp_resources_empty(&given.resources))
		give_back(m, given.framework, given.agent, &given.resources, refuse_ns);
	tp_resources_fini(&given.resources);
}

void master_answer_all(struct master *m, const char *keep, int64_t refuse_ns)
{
	while (m->n_offers > 0)
		master_answer(m, 0, keep, refuse_ns);
}

/* The role is that of what it uses; who is not there any more used nothing that counts. */
void master_give_back(
	struct master *m, uint32_t framework, uint32_t agent, const char *resources)
{
	tp_cleanup(resources) struct tp_resources some = master_parse(m, resources, ROLE);
	const char *role = NULL;

	for (size_t i = m->n_uses; i-- > 0;) {
		struct master_held *use = &m->uses[i];

		if (use->framework != framework || use->agent != agent || role != NULL)
			continue;
		role = tp_resource_allocation(&use->resources.items[0]);
		tp_resources_allocate(&some, role);
		tp_resources_subtract(&use->resources, &some);
		if (tp_resources_empty(&use->resources))
			master_held_remove(m->uses, &m->n_uses, i);
	}
	tell_use(m, m->ops->end_use, framework, agent, &some);
	give_back(m, framework, agent, &some, -1);
}

/* --- what was offered ------------------------------------------------------------------ */

static bool is_of(const struct master_held *held, uint32_t framework, uint32_t agent)
{
	return (framework == ANY || held->framework == framework) &&
		(agent == ANY || held->agent == agent);
}

size_t master_count(const struct master *m, uint32_t framework, uint32_t agent)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_offers; i++)
		n += is_of(&m->offers[i], framework, agent);
	return n;
}

int64_t master_milli(
	const struct master *m, uint32_t framework, uint32_t agent, const char *name)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n_offers; i++) {
		if (is_of(&m->offers[i], framework, agent))
			sum += tp_resources_milli(&m->offers[i].resources, name);
	}
	return sum;
}

bool master_has(
	struct master *m, uint32_t framework, uint32_t agent, const char *resources)
{
	tp_cleanup(resources) struct tp_resources wanted =
		master_parse(m, resources, NULL);
	tp_cleanup(resources) struct tp_resources sum = TP_RESOURCES_INIT;

	for (size_t i = 0; i < m->n_offers; i++) {
		tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

		tp_resources_copy(&plain, &m->offers[i].resources);
		tp_resources_unallocate(&plain);
		if (is_of(&m->offers[i], framework, agent))
			tp_resources_add(&sum, &plain);
	}
	return tp_resources_contains(&sum, &wanted);
}
