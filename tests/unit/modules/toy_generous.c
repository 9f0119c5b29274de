/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that breaks its promises: it offers only when it is run, and then everything to
 * everybody. On demand it crashes instead. tepui-modcheck must notice.
 */
#include <signal.h>

#include "tepui/kind/allocator.h"
#include "tepui/module.h"
#include "tepui/resources.h"

#define SLOTS 16

struct generous {
	struct tp_instance instance;
	bool crash;
	struct tp_allocator_user user;
	bool frameworks[SLOTS];
	struct tp_resources agents[SLOTS];
};

static void generous_open(void *impl, const struct tp_allocator_user *user)
{
	struct generous *self = impl;

	self->user = *user;
	if (self->crash)
		raise(SIGSEGV);
}

static void framework_add(void *impl, uint32_t framework,
	const struct tp_allocator_framework *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	(void)spec, (void)used, (void)n_used;
	((struct generous *)impl)->frameworks[framework % SLOTS] = true;
}

static void framework_update(
	void *impl, uint32_t framework, const struct tp_allocator_framework *spec)
{
	(void)impl, (void)framework, (void)spec;
}

static void agent_add(void *impl, uint32_t agent, const struct tp_allocator_agent *spec,
	const struct tp_allocator_use *used, size_t n_used)
{
	struct generous *self = impl;

	(void)used, (void)n_used;
	tp_resources_copy(&self->agents[agent % SLOTS], spec->total);
	tp_resources_allocate(&self->agents[agent % SLOTS], "role");
}

static void agent_update(
	void *impl, uint32_t agent, const struct tp_allocator_agent *spec)
{
	(void)impl, (void)agent, (void)spec;
}

static void event(void *impl, uint32_t slot)
{
	(void)impl, (void)slot;
}

static void recover_resources(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	(void)impl, (void)framework, (void)agent, (void)resources, (void)filter;
}

static void roles(
	void *impl, uint32_t framework, const char *const *names, size_t n_roles)
{
	(void)impl, (void)framework, (void)names, (void)n_roles;
}

static void generous_run(void *impl)
{
	struct generous *self = impl;

	for (uint32_t f = 0; f < SLOTS; f++) {
		for (uint32_t a = 0; a < SLOTS; a++) {
			const struct tp_allocation item = { a, "role", &self->agents[a] };

			if (self->frameworks[f] && self->agents[a].n > 0)
				self->user.offer(self->user.user, f, &item, 1);
		}
	}
}

static void generous_fini(void *impl)
{
	struct generous *self = impl;

	for (int i = 0; i < SLOTS; i++)
		tp_resources_fini(&self->agents[i]);
}

static const struct tp_allocator_ops ops = {
	.open = generous_open,
	.add_framework = framework_add,
	.update_framework = framework_update,
	.remove_framework = event,
	.activate_framework = event,
	.deactivate_framework = event,
	.add_agent = agent_add,
	.update_agent = agent_update,
	.remove_agent = event,
	.activate_agent = event,
	.deactivate_agent = event,
	.recover_resources = recover_resources,
	.revive = roles,
	.suppress = roles,
	.run = generous_run,
};

static const struct tp_field config[] = {
	TP_CONFIG("crash", TP_BOOL, struct generous, crash, "false", "Crash at once."),
	TP_CONFIG("Greed", TP_BOOL, struct generous, crash, "false", "A bad name."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_generous",
	.version = "1",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("allocator", TP_ALLOCATOR_ABI, ops), { 0 } },
	.config = config,
	.instance_size = sizeof(struct generous),
	.fini = generous_fini,
};
