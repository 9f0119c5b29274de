/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	MISSING ─id given─► STORING ─ok─► STORED ─ updates flow
 *	                       ▲   └─failed─► (a second, doubling to a minute) ─┐
 *	                       └───────────────────────────────────────────────┘
 *
 * An admitted agent whose record cannot be stored goes on: it runs tasks, but its updates wait,
 * for after a loss of power it would be another agent.
 */
#include "agent_info.h"

#include <errno.h>
#include <string.h>

#include "tepui/attributes.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire/machine.h"

#include "checkpoint.h"
#include "journal.h"
#include "registration.h"

#define AGAIN_MIN_NS TP_SEC
#define AGAIN_MAX_NS TP_MIN

struct agent_info {
	struct agent *agent;
	struct journal_entry entry;
	struct tp_timer again;
	int64_t again_ns;
	bool stored;
	bool troubled; /* it was said that the disk refuses */
};

static void store_again(struct agent_info *self, int status)
{
	struct agent *agent = self->agent;

	if (!self->troubled)
		tp_err(agent,
			"cannot store who this agent is: until it can, status updates "
			"wait; trying again, at least once a minute",
			"agent=%s work_dir=%s error=%s", agent->id,
			agent->config.work_dir, strerror(-status));
	self->troubled = true;
	tp_timer_arm(agent->instance.loop, &self->again, self->again_ns);
	self->again_ns *= 2;
	if (self->again_ns > AGAIN_MAX_NS)
		self->again_ns = AGAIN_MAX_NS;
}

static void info_written(struct journal_entry *entry, int status)
{
	struct agent_info *self = tp_container_of(entry, struct agent_info, entry);

	if (status < 0) {
		store_again(self, status);
		return;
	}
	if (self->troubled)
		tp_info(self->agent, "it is stored again who this agent is", "agent=%s",
			self->agent->id);
	self->troubled = false;
	self->again_ns = AGAIN_MIN_NS;
	self->stored = true;
	registration_stored(self->agent);
}

static void info_write(struct agent_info *self)
{
	int r = checkpoint_agent(self->agent, &self->entry);

	if (r < 0)
		store_again(self, r);
}

static void info_again(struct tp_timer *timer)
{
	info_write(tp_container_of(timer, struct agent_info, again));
}

void agent_info_init(struct agent *agent)
{
	struct agent_info *self = tp_alloc(sizeof(*self));

	self->agent = agent;
	self->entry.done = info_written;
	self->again.fire = info_again;
	self->again_ns = AGAIN_MIN_NS;
	agent->agent_info = self;
}

void agent_info_fini(struct agent *agent)
{
	struct agent_info *self = agent->agent_info;

	if (self == NULL)
		return;
	journal_forget(&self->entry);
	tp_timer_disarm(agent->instance.loop, &self->again);
	tp_free(self);
	agent->agent_info = NULL;
}

void agent_info_store(struct agent *agent)
{
	struct agent_info *self = agent->agent_info;

	self->stored = false;
	tp_timer_disarm(agent->instance.loop, &self->again);
	journal_forget(&self->entry); /* an older one is superseded */
	info_write(self);
}

bool agent_info_is_stored(const struct agent *agent)
{
	return agent->agent_info->stored;
}

/* --- what may change ------------------------------------------------------------------- */

static bool ranges_contain(
	const struct tp_value_ranges *all, const struct tp_value_range *one)
{
	for (size_t i = 0; all != NULL && i < all->n_range; i++) {
		if (all->range[i]->begin <= one->begin && all->range[i]->end >= one->end)
			return true;
	}
	return false;
}

/* `now` says all that `was` said. */
static bool attribute_covers(struct tp_attribute *now, struct tp_attribute *was)
{
	if (!tp_streq(now->name, was->name) || now->type != was->type)
		return false;
	if (was->type != TP_VALUE_RANGES || was->ranges == NULL)
		return tp_attributes_equal(&now, 1, &was, 1);
	for (size_t i = 0; i < was->ranges->n_range; i++) {
		if (!ranges_contain(now->ranges, was->ranges->range[i]))
			return false;
	}
	return true;
}

static bool attributes_cover(
	const struct tp_agent_info *now, const struct tp_agent_info *was)
{
	for (size_t i = 0; i < was->n_attributes; i++) {
		size_t at = 0;

		while (at < now->n_attributes &&
			!attribute_covers(now->attributes[at], was->attributes[i]))
			at++;
		if (at == now->n_attributes)
			return false;
	}
	return true;
}

static bool resources_fit(
	const struct tp_agent_info *now, const struct tp_agent_info *was, bool additive)
{
	struct tp_resources a = TP_RESOURCES_INIT, b = TP_RESOURCES_INIT;
	bool fit = tp_resources_from_records(
			   &a, now->resources, now->n_resources, NULL) >= 0 &&
		tp_resources_from_records(&b, was->resources, was->n_resources, NULL) >=
			0 &&
		(additive ? tp_resources_contains(&a, &b) : tp_resources_equal(&a, &b));

	tp_resources_fini(&a);
	tp_resources_fini(&b);
	return fit;
}

static const char *difference(const struct agent *agent, const struct tp_agent_info *was)
{
	const struct tp_agent_info *now = agent->info;
	bool additive =
		agent->config.reconfiguration_policy == AGENT_RECONFIGURE_ADDITIVE;

	if (!tp_streq(now->hostname, was->hostname))
		return "hostname";
	if (!resources_fit(now, was, additive))
		return "resources";
	if (additive ? !attributes_cover(now, was)
		     : !tp_attributes_equal(now->attributes, now->n_attributes,
			       was->attributes, was->n_attributes))
		return "attributes";
	if (!(additive && was->domain == NULL) &&
		!tp_record_equal(&tp_domain_info_desc, now->domain, was->domain))
		return "domain";
	return NULL;
}

int agent_info_check(
	const struct agent *agent, const struct tp_agent_info *was, struct tp_error *err)
{
	const char *what = difference(agent, was);
	bool additive =
		agent->config.reconfiguration_policy == AGENT_RECONFIGURE_ADDITIVE;

	if (what == NULL)
		return 0;
	return tp_fail(err, EINVAL,
		"%s: not %s that agent %s registered with: restore what was, %sor remove "
		"%s/meta/slaves/latest to become a new agent, which ends its tasks",
		what, additive ? "all of those" : "those", was->id->value,
		additive || strcmp(what, "hostname") == 0
			? ""
			: "set reconfiguration_policy: additive if you only added, ",
		agent->config.work_dir);
}
