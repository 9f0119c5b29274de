/* SPDX-License-Identifier: Apache-2.0 */
/* What operators see: metrics, and why a framework gets what it gets. */
#ifndef ALLOCATION_METRIC_H
#define ALLOCATION_METRIC_H

#include "core/cluster/allocation/role.h"
#include "tepui/kind/allocator.h"

struct alloc_histogram;

void alloc_metrics_init(struct tp_allotment *self);
void alloc_metrics_fini(struct tp_allotment *self);
/* Those of a role, as far as it has something to show; idempotent. */
void alloc_role_metrics_add(struct tp_allotment *self, struct alloc_role *role);
void alloc_role_metrics_remove(struct alloc_role *role);

/* histogram.c */
struct alloc_histogram *alloc_histogram_create(
	struct tp_allotment *self, const char *name);
void alloc_histogram_show(struct alloc_histogram *histogram);
void alloc_histogram_destroy(struct alloc_histogram *histogram);
void alloc_histogram_add(struct alloc_histogram *histogram, int64_t ns);

/* explain.c */
void alloc_explain(struct tp_allotment *self, uint32_t framework,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user);
void alloc_explain_agents(struct tp_allotment *self, uint32_t framework, const char *role,
	void (*each)(void *user, const struct tp_allocator_agent_reason *why),
	void *user);

#endif
