/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters: a framework refused resources of an agent for a role, for some time. They hang on the
 * agent, where a run looks. A filter matches while what was refused contains what would be
 * offered; it lives at least one allocation interval, so that a refusal is not answered with the
 * same offer at once.
 */
#include "drf.h"

static void filter_fini(struct drf_filter *filter)
{
	tp_resources_fini(&filter->refused);
}

/* The timer stands at the earliest due filter. */
static void expiry_arm(struct drf *self, int64_t due_ns)
{
	int64_t now_ns = tp_loop_now_ns(self->instance.loop);

	if (tp_timer_armed(&self->expiry) && self->expiry.due_ns <= due_ns)
		return;
	tp_timer_arm(self->instance.loop, &self->expiry,
		due_ns > now_ns ? due_ns - now_ns : 0);
}

static void agent_filter_remove(struct drf_agent *agent, uint32_t i)
{
	filter_fini(&agent->filters[i]);
	agent->filters[i] = agent->filters[--agent->n_filters];
}

/* A filter that refuses less and ends no later says nothing any more. */
static void drop_weaker(struct drf_agent *agent, const struct drf_filter *added)
{
	for (uint32_t i = agent->n_filters; i-- > 0;) {
		const struct drf_filter *filter = &agent->filters[i];

		if (filter->framework == added->framework &&
			filter->role == added->role && filter->due_ns <= added->due_ns &&
			tp_resources_contains(&added->refused, &filter->refused))
			agent_filter_remove(agent, i);
	}
}

void drf_filter_add(struct drf *self, uint32_t framework, uint32_t agent_slot,
	uint32_t role, const struct tp_resources *refused, int64_t refuse_ns)
{
	struct drf_agent *agent = &self->agents[agent_slot];
	int64_t lives_ns = refuse_ns > self->interval_ns ? refuse_ns : self->interval_ns;
	struct drf_filter filter = {
		.framework = framework,
		.role = role,
		.due_ns = tp_loop_now_ns(self->instance.loop) + lives_ns,
		.refused = TP_RESOURCES_INIT,
	};

	tp_resources_copy(&filter.refused, refused);
	tp_resources_unallocate(&filter.refused);
	drop_weaker(agent, &filter);
	if (agent->n_filters == agent->filters_size) {
		agent->filters_size =
			agent->filters_size == 0 ? 4 : 2 * agent->filters_size;
		agent->filters = tp_realloc(
			agent->filters, agent->filters_size * sizeof(*agent->filters));
	}
	agent->filters[agent->n_filters++] = filter;
	expiry_arm(self, filter.due_ns);
}

/* `offer` is without allocation. */
bool drf_filtered(const struct drf *self, const struct drf_agent *agent,
	uint32_t framework, uint32_t role, const struct tp_resources *offer)
{
	int64_t now_ns = tp_loop_now_ns(self->instance.loop);

	for (uint32_t i = 0; i < agent->n_filters; i++) {
		const struct drf_filter *filter = &agent->filters[i];

		if (filter->framework == framework && filter->role == role &&
			filter->due_ns > now_ns &&
			tp_resources_contains(&filter->refused, offer))
			return true;
	}
	return false;
}

void drf_filters_clear(struct drf *self, uint32_t framework, uint32_t role)
{
	for (uint32_t i = 0; i < self->n_agents; i++) {
		struct drf_agent *agent = &self->agents[i];

		for (uint32_t j = agent->n_filters; j-- > 0;) {
			if (agent->filters[j].framework == framework &&
				(role == UINT32_MAX || agent->filters[j].role == role))
				agent_filter_remove(agent, j);
		}
	}
}

void drf_agent_filters_clear(struct drf_agent *agent)
{
	while (agent->n_filters > 0)
		agent_filter_remove(agent, agent->n_filters - 1);
	tp_free(agent->filters);
	agent->filters = NULL;
	agent->filters_size = 0;
}

void drf_filters_expired(struct tp_timer *timer)
{
	struct drf *self = tp_container_of(timer, struct drf, expiry);
	int64_t now_ns = tp_loop_now_ns(self->instance.loop);
	int64_t next_ns = INT64_MAX;

	for (uint32_t i = 0; i < self->n_agents; i++) {
		struct drf_agent *agent = &self->agents[i];

		for (uint32_t j = agent->n_filters; j-- > 0;) {
			if (agent->filters[j].due_ns <= now_ns) {
				agent_filter_remove(agent, j);
				drf_want(self, i, true);
			} else if (agent->filters[j].due_ns < next_ns) {
				next_ns = agent->filters[j].due_ns;
			}
		}
	}
	if (next_ns != INT64_MAX)
		expiry_arm(self, next_ns);
}
