/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offer constraints: which agents a client wants offers of, by attributes and place. They are
 * judged when the client or the agent is told of, once for each pair; runs look at one bit.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "tepui/record.h"

/* What is looked at: text, something that is no text, or nothing. */
struct subject {
	bool exists;
	const char
		*text; /* NULL: not a text, which satisfies every predicate about text */
};

static bool holds(const struct tp_attribute_constraint_predicate *predicate,
	const struct subject *subject)
{
	const char *text = subject->text;
	bool other = subject->exists && text == NULL;

	if (predicate->exists != NULL)
		return subject->exists;
	if (predicate->not_exists != NULL)
		return !subject->exists;
	if (predicate->text_equals != NULL)
		return other || tp_streq(text, predicate->text_equals->value);
	if (predicate->text_not_equals != NULL)
		return text == NULL || !tp_streq(text, predicate->text_not_equals->value);
	if (predicate->text_matches != NULL)
		return other ||
			(text != NULL &&
				alloc_pattern_matches(
					predicate->text_matches->regex, text));
	if (predicate->text_not_matches != NULL)
		return text == NULL ||
			!alloc_pattern_matches(predicate->text_not_matches->regex, text);
	return false; /* a predicate of a later version */
}

static struct subject fact(const struct alloc_site *site, int type)
{
	const struct tp_domain_info_fault_domain *place =
		site->domain == NULL ? NULL : site->domain->fault_domain;
	const char *text = NULL;

	if (type == TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_HOSTNAME)
		text = site->hostname;
	else if (type == TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_REGION &&
		place != NULL && place->region != NULL)
		text = place->region->name;
	else if (type == TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_ZONE &&
		place != NULL && place->zone != NULL)
		text = place->zone->name;
	return (struct subject){ text != NULL, text };
}

static struct subject attribute_subject(const struct tp_attribute *attribute)
{
	bool is_text = attribute->type == TP_VALUE_TEXT && attribute->text != NULL;

	return (struct subject){ true, is_text ? attribute->text->value : NULL };
}

/* A name that repeats: one attribute that passes is enough. */
static bool constraint_holds(
	const struct tp_attribute_constraint *constraint, const struct alloc_site *site)
{
	struct subject subject = { false, NULL };
	bool found = false;
	size_t i;

	if (constraint->selector->attribute_name == NULL) {
		subject = fact(site, constraint->selector->pseudoattribute_type);
		return holds(constraint->predicate, &subject);
	}
	for (i = 0; i < site->n_attributes; i++) {
		if (!tp_streq(site->attributes[i]->name,
			    constraint->selector->attribute_name))
			continue;
		found = true;
		subject = attribute_subject(site->attributes[i]);
		if (holds(constraint->predicate, &subject))
			return true;
	}
	return !found && holds(constraint->predicate, &subject);
}

static bool group_holds(const struct tp_offer_constraints_role_constraints_group *group,
	const struct alloc_site *site)
{
	size_t i;

	for (i = 0; i < group->n_attribute_constraints; i++)
		if (!constraint_holds(group->attribute_constraints[i], site))
			return false;
	return true;
}

static void judge(
	struct tp_allotment *self, struct alloc_constraints *constraints, uint32_t agent)
{
	static const struct alloc_site nowhere = { .hostname = NULL };
	const struct alloc_site *site = self->agents[agent].site;
	bool any = constraints->record->n_groups == 0;
	uint8_t bit = (uint8_t)(1U << agent % 8);
	size_t i;

	constraints->excluded =
		alloc_grow(constraints->excluded, &constraints->n_bytes, agent / 8, 1);
	for (i = 0; i < constraints->record->n_groups && !any; i++)
		any = group_holds(
			constraints->record->groups[i], site == NULL ? &nowhere : site);
	if (any)
		constraints->excluded[agent / 8] &= (uint8_t)~bit;
	else
		constraints->excluded[agent / 8] |= bit;
}

void alloc_constraints_destroy(struct alloc_constraints *constraints)
{
	if (constraints == NULL)
		return;
	tp_arena_destroy(constraints->arena);
	tp_free(constraints->excluded);
	tp_free(constraints);
}

void alloc_constraints_set(struct tp_allotment *self, uint32_t slot,
	const struct tp_offer_constraints_role_constraints *record)
{
	struct alloc_client *client = &self->clients[slot];
	struct alloc_constraints *constraints;
	uint32_t i;

	if (client->constraints != NULL) {
		if (tp_record_equal(&tp_offer_constraints_role_constraints_desc,
			    client->constraints->record, record))
			return;
		self->n_constrained--;
		alloc_constraints_destroy(client->constraints);
		client->constraints = NULL;
	}
	if (record == NULL)
		return;
	constraints = tp_alloc(sizeof *constraints);
	constraints->arena = tp_arena_create(0);
	constraints->record = tp_record_copy(
		&tp_offer_constraints_role_constraints_desc, record, constraints->arena);
	client->constraints = constraints;
	self->n_constrained++;
	for (i = 0; i < self->n_agents; i++)
		if (self->agents[i].used)
			judge(self, constraints, i);
}

void alloc_constraints_judge_agent(struct tp_allotment *self, uint32_t agent)
{
	uint32_t i;

	for (i = 0; self->n_constrained > 0 && i < self->n_clients; i++)
		if (self->clients[i].used && self->clients[i].constraints != NULL)
			judge(self, self->clients[i].constraints, agent);
}
