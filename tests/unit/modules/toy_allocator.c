/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocator that keeps all its promises but one, which its config says: it stands between a master
 * and what allocators share, and hears or tells one thing wrong. "deaf" with the name of an event: it
 * does not hear of that. tepui-modcheck must notice each.
 */
#include <errno.h>
#include <string.h>

#include "tepui/allotment.h"
#include "tepui/kind/allocator_explanation.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

#define N_CAPABILITIES 9

struct toy {
	struct tp_allotment_head head; /* must stay first */
	struct tp_allotment_options options;
	const char *how; /* "" = it keeps its promises */
	struct tp_allocator_user user;
	size_t n_awaited, n_changes;
};

static const struct tp_allocator_ops *const right = &tp_allotment_ops;

static bool is(const void *impl, const char *how)
{
	return strcmp(((const struct toy *)impl)->how, how) == 0;
}

static bool deaf(const void *impl, const char *event)
{
	const char *how = ((const struct toy *)impl)->how;

	return strncmp(how, "deaf ", 5) == 0 && strcmp(how + 5, event) == 0;
}

/* --- what it tells --------------------------------------------------------------------- */

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	struct toy *self = user;
	struct tp_allocation *copy = tp_alloc((n + 1) * sizeof(*copy));
	struct tp_resources nothing = TP_RESOURCES_INIT;

	memcpy(copy, items, n * sizeof(*copy));
	if (is(self, "another role"))
		copy[0].role = "another";
	if (is(self, "nothing"))
		copy[0].resources = &nothing;
	if (is(self, "another framework"))
		framework = (framework + 1) % 2;
	if (is(self, "another agent"))
		copy[0].agent++;
	for (; n > 1 && is(self, "in parts"); n--)
		self->user.offer(self->user.user, framework, &copy[n - 1], 1);
	self->user.offer(self->user.user, framework, copy, n);
	if (is(self, "twice"))
		self->user.offer(self->user.user, framework, copy, n);
	tp_free(copy);
}

static void on_inverse_offer(void *user, uint32_t framework, uint32_t agent,
	const struct tp_unavailability *when)
{
	struct toy *self = user;
	struct tp_time_info never = { .nanoseconds = 1 };
	struct tp_unavailability other = { .start = &never };

	if (is(self, "asks everybody"))
		self->user.inverse_offer(self->user.user, 1 - framework, agent, when);
	self->user.inverse_offer(self->user.user, framework, agent,
		is(self, "asks for another time") ? &other : when);
	if (is(self, "asks twice"))
		self->user.inverse_offer(self->user.user, framework, agent, when);
}

static void open(void *impl, const struct tp_allocator_user *user)
{
	struct toy *self = impl;
	const struct tp_allocator_user mine = {
		.user = self, .offer = on_offer, .inverse_offer = on_inverse_offer
	};

	self->user = *user;
	right->open(impl, &mine);
}

/* --- frameworks ------------------------------------------------------------------------ */

typedef void tell_framework_f(
	void *impl, uint32_t slot, const struct tp_allocator_framework *spec);

static void with_wrong_framework(void *impl, uint32_t slot,
	const struct tp_allocator_framework *spec, tell_framework_f *tell)
{
	struct tp_framework_info_capability all[N_CAPABILITIES];
	struct tp_framework_info_capability *rows[N_CAPABILITIES];
	struct tp_allocator_framework wrong = *spec;
	struct tp_framework_info info = *spec->info;

	wrong.info = &info;
	for (int i = 0; i < N_CAPABILITIES; i++) {
		all[i] = (struct tp_framework_info_capability){ .has_type = true,
			.type = i };
		rows[i] = &all[i];
	}
	if (is(impl, "can everything")) {
		info.capabilities = rows;
		info.n_capabilities = N_CAPABILITIES;
	}
	if (is(impl, "can nothing"))
		info.n_capabilities = 0;
	if (is(impl, "first role") && info.n_roles > 0)
		info.n_roles = 1;
	if (is(impl, "suppressed by events only"))
		wrong.n_suppressed_roles = 0;
	if (is(impl, "active from the start"))
		wrong.active = true;
	if (is(impl, "serves the first") && slot > 0)
		wrong.active = false;
	tell(impl, slot, &wrong);
}

static void add_rightly(
	void *impl, uint32_t slot, const struct tp_allocator_framework *spec)
{
	right->add_framework(impl, slot, spec, NULL, 0);
}

static void add_framework(void *impl, uint32_t slot,
	const struct tp_allocator_framework *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	(void)used, (void)n_used; /* came with the agents, if they are there */
	with_wrong_framework(impl, slot, spec, add_rightly);
}

static void update_framework(
	void *impl, uint32_t slot, const struct tp_allocator_framework *spec)
{
	struct tp_allocator_framework wrong = *spec;
	struct tp_offer_constraints none = { .n_role_constraints = 0 };

	if (deaf(impl, __func__))
		return;
	if (is(impl, "no new constraints"))
		wrong.constraints = &none;
	with_wrong_framework(impl, slot, &wrong, right->update_framework);
}

static void remove_framework(void *impl, uint32_t slot)
{
	if (is(impl, "removed ones are asleep"))
		right->deactivate_framework(impl, slot);
	else if (!deaf(impl, __func__))
		right->remove_framework(impl, slot);
}

static void activate_framework(void *impl, uint32_t slot)
{
	if (!deaf(impl, __func__))
		right->activate_framework(impl, slot);
}

static void deactivate_framework(void *impl, uint32_t slot)
{
	if (is(impl, "filters outlive activity"))
		right->suppress(impl, slot, NULL, 0);
	else if (!deaf(impl, __func__))
		right->deactivate_framework(impl, slot);
}

/* --- agents ---------------------------------------------------------------------------- */

static void add_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec,
	const struct tp_allocator_use *used, size_t n_used)
{
	tp_cleanup(resources) struct tp_resources flat = TP_RESOURCES_INIT;
	struct tp_allocator_agent wrong = *spec;
	struct toy *self = impl;

	tp_resources_copy(&flat, spec->total);
	tp_resources_flatten(&flat);
	if (is(self, "reservations are not looked at"))
		wrong.total = &flat;
	if (is(self, "agents can everything"))
		wrong.capabilities = UINT32_MAX;
	if (is(self, "agents are active"))
		wrong.active = true;
	if (is(self, "maintenance by events only"))
		wrong.unavailability = NULL;
	if (is(self, "use is not looked at") ||
		(is(self, "use of strangers") && n_used > 0 &&
			used[0].framework == UINT32_MAX))
		n_used = 0;
	right->add_agent(impl, slot, &wrong, used, n_used);
	if (is(self, "offers inside"))
		right->run(impl);
	if (self->n_awaited > 0 && --self->n_awaited == 0)
		right->resume(impl);
}

/* Whoever hears of one change only. */
static bool heard_one(void *impl)
{
	return is(impl, "hears one change") && ((struct toy *)impl)->n_changes++ > 0;
}

static void update_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec)
{
	const struct tp_allocator_use none = { 0 };

	if (is(impl, "new agents have nothing in use")) {
		right->remove_agent(impl, slot);
		right->add_agent(impl, slot, spec, &none, 0);
	} else if (!deaf(impl, __func__) && !heard_one(impl)) {
		right->update_agent(impl, slot, spec);
	}
}

static void remove_agent(void *impl, uint32_t slot)
{
	if (is(impl, "removed ones are asleep"))
		right->deactivate_agent(impl, slot);
	else if (!deaf(impl, __func__))
		right->remove_agent(impl, slot);
}

static void activate_agent(void *impl, uint32_t slot)
{
	if (!deaf(impl, __func__))
		right->activate_agent(impl, slot);
}

static void deactivate_agent(void *impl, uint32_t slot)
{
	if (!deaf(impl, __func__))
		right->deactivate_agent(impl, slot);
}

/* --- resources ------------------------------------------------------------------------- */

static void recover_resources(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	struct tp_allocator_filter wrong =
		filter == NULL ? (struct tp_allocator_filter){ 0 } : *filter;
	const char *role = tp_resource_allocation(&resources->items[0]);

	if (deaf(impl, __func__))
		return;
	if (is(impl, "filters last for ever"))
		wrong.refuse_ns *= 1000;
	if (is(impl, "filters are short") && wrong.refuse_ns > TP_MIN)
		wrong.refuse_ns = TP_MIN;
	if (is(impl, "a month is the longest") && wrong.refuse_ns > 30 * 24 * TP_HOUR)
		wrong.refuse_ns = 30 * 24 * TP_HOUR;
	if (is(impl, "filters are dropped") ||
		(is(impl, "no time is no refusal") && wrong.refuse_ns == 0))
		filter = NULL;
	right->recover_resources(
		impl, framework, slot, resources, filter == NULL ? NULL : &wrong);
	if (is(impl, "a filter is for all roles") && wrong.refuse_ns > TP_MIN)
		right->suppress(impl, framework, NULL, 0);
	if (is(impl, "a filter is for all frameworks") && wrong.refuse_ns > TP_MIN)
		right->deactivate_agent(impl, slot);
	if (is(impl, "a filter is for all amounts") && wrong.refuse_ns > TP_MIN)
		right->suppress(impl, framework, &role, 1);
}

static void update_allocation(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_resources *from, const struct tp_resources *to)
{
	if (!deaf(impl, __func__))
		right->update_allocation(impl, framework, slot, from, to);
}

static int update_available(void *impl, uint32_t slot, const struct tp_resources *from,
	const struct tp_resources *to, struct tp_error *err)
{
	int r;

	if (deaf(impl, __func__))
		return 0;
	r = right->update_available(impl, slot, from, to, err);
	if (r < 0 && is(impl, "no reason"))
		err->text[0] = '\0';
	if (r < 0 && is(impl, "a refusal that hurts"))
		right->deactivate_agent(impl, slot);
	if (r < 0 && is(impl, "another errno"))
		return -EINVAL;
	return r;
}

/* --- wishes ---------------------------------------------------------------------------- */

static void revive(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	if (!deaf(impl, __func__))
		right->revive(
			impl, framework, roles, is(impl, "all roles") ? 0 : n_roles);
}

static void suppress(
	void *impl, uint32_t framework, const char *const *roles, size_t n_roles)
{
	if (!deaf(impl, __func__))
		right->suppress(
			impl, framework, roles, is(impl, "all suppressed") ? 0 : n_roles);
}

static void request(
	void *impl, uint32_t framework, const uint32_t *agents, size_t n_agents)
{
	if (is(impl, "a request revives"))
		right->revive(impl, framework, NULL, 0);
	if (!deaf(impl, __func__))
		right->request(impl, framework, agents, n_agents);
}

/* --- operators ------------------------------------------------------------------------- */

static void recover(void *impl, size_t expected_agents)
{
	struct toy *self = impl;

	if (is(impl, "waits for ever")) {
		right->pause(impl);
	} else if (is(impl, "counts twice")) {
		right->pause(impl);
		self->n_awaited = expected_agents;
	} else if (!deaf(impl, __func__)) {
		right->recover(impl, expected_agents);
	}
}

static void update_whitelist(void *impl, const char *const *hostnames, size_t n)
{
	if (is(impl, "nobody is everybody") && n == 0)
		hostnames = NULL;
	if (!deaf(impl, __func__))
		right->update_whitelist(impl, hostnames, n);
}

static void update_quota(
	void *impl, const char *role, const struct tp_quota_config *quota)
{
	struct tp_quota_config wrong = *quota;
	bool ends = quota->n_limits == 0 && quota->n_guarantees == 0;

	if (deaf(impl, __func__) || (ends && is(impl, "quotas do not end")))
		return;
	if (is(impl, "no limits"))
		wrong.n_limits = 0;
	if (is(impl, "no guarantees"))
		wrong.n_guarantees = 0;
	right->update_quota(impl, role, &wrong);
}

static void update_weights(void *impl, struct tp_weight_info *const *weights, size_t n)
{
	if (is(impl, "weights hurt"))
		right->pause(impl);
	right->update_weights(impl, weights, n);
}

static void update_unavailability(
	void *impl, uint32_t slot, const struct tp_unavailability *unavailability)
{
	if (unavailability == NULL && is(impl, "maintenance does not end"))
		return;
	if (!deaf(impl, __func__) && !heard_one(impl))
		right->update_unavailability(impl, slot, unavailability);
}

static void update_inverse_offer(void *impl, uint32_t framework, uint32_t slot,
	const struct tp_allocator_inverse_answer *answer)
{
	struct tp_allocator_inverse_answer wrong = *answer;

	if (is(impl, "a refusal is none"))
		wrong.refuse_ns = -1;
	if (!deaf(impl, __func__))
		right->update_inverse_offer(impl, framework, slot, &wrong);
}

static void pause(void *impl)
{
	if (!deaf(impl, __func__))
		right->pause(impl);
}

static void resume(void *impl)
{
	if (!deaf(impl, __func__))
		right->resume(impl);
}

static void run(void *impl)
{
	if (!deaf(impl, __func__))
		right->run(impl);
}

static void update_domain(void *impl, const struct tp_domain_info *domain)
{
	if (!deaf(impl, __func__))
		right->update_domain(impl, domain);
}

/* --- explanations ---------------------------------------------------------------------- */

struct listener {
	const struct toy *self;
	void (*role)(void *user, const struct tp_allocator_explanation *why);
	void (*agent)(void *user, const struct tp_allocator_agent_reason *why);
	void *user;
	size_t n;
};

static void on_role(void *user, const struct tp_allocator_explanation *why)
{
	struct listener *listener = user;
	struct tp_allocator_explanation wrong = *why;

	if (listener->n++ > 0 && is(listener->self, "explains one role"))
		return;
	if (is(listener->self, "forgets agents"))
		wrong.agents_full = 0;
	if (is(listener->self, "never paused"))
		wrong.paused = false;
	listener->role(listener->user, &wrong);
}

static void explain(void *impl, uint32_t framework,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user)
{
	struct listener listener = { .self = impl, .role = each, .user = user };

	if (is(impl, "explaining revives"))
		right->revive(impl, framework, NULL, 0);
	right->explain(impl, framework, on_role, &listener);
}

static void on_agent(void *user, const struct tp_allocator_agent_reason *why)
{
	struct listener *listener = user;
	struct tp_allocator_agent_reason wrong = *why;

	if (is(listener->self, "all is well"))
		wrong.reason = TP_ALLOCATOR_FREE;
	wrong.left_ns = is(listener->self, "no time left") ? 0 : wrong.left_ns;
	listener->agent(listener->user, &wrong);
}

static void explain_agents(void *impl, uint32_t framework, const char *role,
	void (*each)(void *user, const struct tp_allocator_agent_reason *why), void *user)
{
	struct listener listener = { .self = impl, .agent = each, .user = user };

	if (is(impl, "explains any role"))
		role = "role";
	right->explain_agents(impl, framework, role, on_agent, &listener);
}

static const struct tp_allocator_ops ops = {
	.open = open,
	.recover = recover,
	.add_framework = add_framework,
	.update_framework = update_framework,
	.remove_framework = remove_framework,
	.activate_framework = activate_framework,
	.deactivate_framework = deactivate_framework,
	.add_agent = add_agent,
	.update_agent = update_agent,
	.remove_agent = remove_agent,
	.activate_agent = activate_agent,
	.deactivate_agent = deactivate_agent,
	.recover_resources = recover_resources,
	.update_allocation = update_allocation,
	.update_available = update_available,
	.revive = revive,
	.suppress = suppress,
	.request = request,
	.update_whitelist = update_whitelist,
	.update_quota = update_quota,
	.update_weights = update_weights,
	.update_unavailability = update_unavailability,
	.pause = pause,
	.resume = resume,
	.run = run,
	.update_domain = update_domain,
	.update_inverse_offer = update_inverse_offer,
	.explain = explain,
	.explain_agents = explain_agents,
};

/* --- life ------------------------------------------------------------------------------ */

static int toy_init(void *impl, struct tp_error *err)
{
	struct toy *self = impl;

	self->options.size = sizeof self->options;
	self->options.role_sorter = self->options.framework_sorter =
		(struct tp_sorter){ &tp_sorter_fair_ops, NULL };
	return tp_allotment_create(
		&self->head.instance, &self->options, &self->head.allotment, err);
}

static void toy_stop(void *impl, struct tp_done *done)
{
	if (!is(impl, "never silent"))
		tp_allotment_stop(((struct toy *)impl)->head.allotment);
	tp_done(done, 0);
}

static void toy_fini(void *impl)
{
	tp_allotment_destroy(((struct toy *)impl)->head.allotment);
}

static const struct tp_field config[] = {
	TP_ALLOTMENT_CONFIG(struct toy, options),
	TP_CONFIG("how", TP_STRING, struct toy, how, "", "What it does wrong."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_allocator",
	.version = "1",
	.summary = "Breaks one promise of an allocator",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("allocator", TP_ALLOCATOR_ABI, ops), { 0 } },
	.config = config,
	.instance_size = sizeof(struct toy),
	.init = toy_init,
	.stop = toy_stop,
	.fini = toy_fini,
};
