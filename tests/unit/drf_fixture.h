/* SPDX-License-Identifier: Apache-2.0 */
/* A master for allocators: adds agents and frameworks by text, keeps the offers it got. */
#ifndef TESTS_UNIT_DRF_FIXTURE_H
#define TESTS_UNIT_DRF_FIXTURE_H

#include "core/cluster/allocation/alloc.h"
#include "tests/lib/host.h"

#define OFFERS_MAX 256

struct drf_offer {
	uint32_t framework, agent;
	char role[32];
	struct tp_resources resources; /* with allocation */
};

struct drf_fixture {
	struct test_host host;
	const struct tp_allocator_ops *ops;
	void *drf; /* the allocator's instance */
	struct drf_offer offers[OFFERS_MAX];
	size_t n_offers;
	unsigned n_calls; /* of offer() */
	/* Of agents that are added from now on; NULL: only a hostname. */
	struct tp_agent_info *info;
	uint32_t capabilities; /* bit n = AgentInfo.Capability.Type n */
	/* Inverse offers: frameworks by agent, as they came. */
	uint32_t inverse[OFFERS_MAX][2];
	size_t n_inverse;
};

extern const struct tp_module tp_module;

void fixture_start(struct drf_fixture *f, const char *config);
/* With another module beside it; NULL = none. */
void fixture_start_with(
	struct drf_fixture *f, const struct tp_module *other, const char *config);
void fixture_stop(struct drf_fixture *f);
void fixture_advance(struct drf_fixture *f, int64_t ns);

struct tp_resources fixture_parse(const char *text, const char *allocated_to);
/* used: what framework 'by' has of it already; NULL = nothing. */
void fixture_agent(struct drf_fixture *f, uint32_t slot, const char *total,
	const char *used, uint32_t by, const char *role);
void fixture_agent_update(
	struct drf_fixture *f, uint32_t slot, const char *total, bool active);
/* roles: "a,b"; capabilities: bit n = FrameworkInfo.Capability.Type n. */
void fixture_framework(
	struct drf_fixture *f, uint32_t slot, const char *roles, uint32_t capabilities);
void fixture_framework_update(
	struct drf_fixture *f, uint32_t slot, const char *roles, const char *suppressed);

/* Asserts that the oldest offer is for this framework and agent, and what it contains. */
void fixture_expect(struct drf_fixture *f, uint32_t framework, uint32_t agent,
	const char *role, const char *resources);
/* Takes `used` out of the oldest offer, gives back the rest; refuse_ns < 0: no filter. */
void fixture_accept(struct drf_fixture *f, const char *used, int64_t refuse_ns);
void fixture_decline(struct drf_fixture *f, int64_t refuse_ns);
void fixture_recover(struct drf_fixture *f, uint32_t framework, uint32_t agent,
	const char *role, const char *resources);
/* "cpus:4;mem:512"; NULL = none. */
void fixture_quota(struct drf_fixture *f, const char *role, const char *guarantees,
	const char *limits);
void fixture_weight(struct drf_fixture *f, const char *role, double weight);
/* Agents that know all about roles. */
#define ROLE_AWARE \
	(1u << TP_AGENT_INFO_CAPABILITY_MULTI_ROLE | \
		1u << TP_AGENT_INFO_CAPABILITY_HIERARCHICAL_ROLE)

/* What the allocator's own books say. */
uint32_t fixture_filters(const struct drf_fixture *f, uint32_t agent);
int64_t fixture_role_held(
	const struct drf_fixture *f, const char *role, enum tp_resource_known name);
double fixture_role_share(const struct drf_fixture *f, const char *role);
double fixture_runs(const struct drf_fixture *f);
/* The agent's free resources as text. */
void fixture_expect_free(struct drf_fixture *f, uint32_t agent, const char *resources);

#endif
