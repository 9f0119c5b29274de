/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The allocator of master_fixture.h: offers what the test says, and notes every call of the
 * master in one line of the fixture's log.
 */
#include "tests/unit/master_fixture.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "tepui/module.h"
#include "tepui/resources.h"

struct fake_allocator {
	struct tp_instance instance;
	struct master_fixture *fixture;
};

static struct master_fixture *fixture_of(void *impl)
{
	return ((struct fake_allocator *)impl)->fixture;
}

static void allocator_open(void *impl, const struct tp_allocator_user *user)
{
	fixture_of(impl)->allocator = *user;
}

static void print_used(
	struct master_fixture *f, const struct tp_allocator_use *used, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		tp_strbuf_printf(
			&f->log, " used %u %u ", used[i].framework, used[i].agent);
		tp_resources_print(used[i].resources, &f->log);
	}
	tp_strbuf_putc(&f->log, '\n');
}

static void add_framework(void *impl, uint32_t slot,
	const struct tp_allocator_framework *spec, const struct tp_allocator_use *used,
	size_t n)
{
	struct master_fixture *f = fixture_of(impl);

	tp_strbuf_printf(&f->log, "add_framework %u %s%s", slot, spec->info->roles[0],
		spec->active ? " active" : "");
	for (size_t i = 0; i < spec->n_suppressed_roles; i++)
		tp_strbuf_printf(&f->log, "%s%s", i == 0 ? " suppressed " : ",",
			spec->suppressed_roles[i]);
	print_used(f, used, n);
}

static void update_framework(
	void *impl, uint32_t slot, const struct tp_allocator_framework *spec)
{
	(void)spec;
	tp_strbuf_printf(&fixture_of(impl)->log, "update_framework %u\n", slot);
}

static void remove_framework(void *impl, uint32_t slot)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "remove_framework %u\n", slot);
}

static void activate_framework(void *impl, uint32_t slot)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "activate_framework %u\n", slot);
}

static void deactivate_framework(void *impl, uint32_t slot)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "deactivate_framework %u\n", slot);
}

static void add_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec,
	const struct tp_allocator_use *used, size_t n)
{
	struct master_fixture *f = fixture_of(impl);

	tp_strbuf_printf(&f->log, "add_agent %u ", slot);
	tp_resources_print(spec->total, &f->log);
	if (spec->unavailability != NULL)
		tp_strbuf_printf(&f->log, " leaves at %lld",
			(long long)spec->unavailability->start->nanoseconds);
	if (!spec->active)
		tp_strbuf_puts(&f->log, " inactive");
	print_used(f, used, n);
}

static void update_agent(void *impl, uint32_t slot, const struct tp_allocator_agent *spec)
{
	(void)spec;
	tp_strbuf_printf(&fixture_of(impl)->log, "update_agent %u\n", slot);
}

static void remove_agent(void *impl, uint32_t slot)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "remove_agent %u\n", slot);
}

static void activate_agent(void *impl, uint32_t slot)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "activate_agent %u\n", slot);
}

static void deactivate_agent(void *impl, uint32_t slot)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "deactivate_agent %u\n", slot);
}

static void recover_resources(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	struct master_fixture *f = fixture_of(impl);

	tp_strbuf_printf(&f->log, "back %u %u ", framework, agent);
	tp_resources_print(resources, &f->log);
	if (filter != NULL)
		tp_strbuf_printf(&f->log, " filter %lld",
			(long long)(filter->refuse_ns / TP_MSEC));
	tp_strbuf_putc(&f->log, '\n');
}

static void print_conversion(struct master_fixture *f, const struct tp_resources *from,
	const struct tp_resources *to)
{
	tp_resources_print(from, &f->log);
	tp_strbuf_puts(&f->log, " -> ");
	tp_resources_print(to, &f->log);
	tp_strbuf_putc(&f->log, '\n');
}

static void update_allocation(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct master_fixture *f = fixture_of(impl);

	tp_strbuf_printf(&f->log, "convert %u %u ", framework, agent);
	print_conversion(f, from, to);
}

static int update_available(void *impl, uint32_t agent, const struct tp_resources *from,
	const struct tp_resources *to, struct tp_error *err)
{
	struct master_fixture *f = fixture_of(impl);

	(void)err;
	tp_strbuf_printf(&f->log, "available %u ", agent);
	print_conversion(f, from, to);
	return 0;
}

static void update_quota(
	void *impl, const char *role, const struct tp_quota_config *quota)
{
	struct tp_strbuf *log = &fixture_of(impl)->log;

	tp_strbuf_printf(log, "quota %s guarantees", role);
	for (size_t i = 0; i < quota->n_guarantees; i++)
		tp_strbuf_printf(log, " %s:%lld", quota->guarantees[i]->key,
			(long long)quota->guarantees[i]->value->value_milli / 1000);
	tp_strbuf_puts(log, " limits");
	for (size_t i = 0; i < quota->n_limits; i++)
		tp_strbuf_printf(log, " %s:%lld", quota->limits[i]->key,
			(long long)quota->limits[i]->value->value_milli / 1000);
	tp_strbuf_putc(log, '\n');
}

static void update_weights(void *impl, struct tp_weight_info *const *weights, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tp_strbuf_printf(&fixture_of(impl)->log, "weight %s %g\n",
			weights[i]->role, weights[i]->weight);
}

static void revive(void *impl, uint32_t slot, const char *const *roles, size_t n)
{
	(void)roles;
	tp_strbuf_printf(&fixture_of(impl)->log, "revive %u %zu\n", slot, n);
}

static void suppress(void *impl, uint32_t slot, const char *const *roles, size_t n)
{
	(void)roles;
	tp_strbuf_printf(&fixture_of(impl)->log, "suppress %u %zu\n", slot, n);
}

static void request(void *impl, uint32_t slot, const uint32_t *agents, size_t n)
{
	struct tp_strbuf *log = &fixture_of(impl)->log;

	tp_strbuf_printf(log, "request %u of", slot);
	for (size_t i = 0; i < n; i++)
		tp_strbuf_printf(log, " %u", agents[i]);
	tp_strbuf_puts(log, n == 0 ? " any\n" : "\n");
}

static void update_whitelist(void *impl, const char *const *hostnames, size_t n)
{
	struct tp_strbuf *log = &fixture_of(impl)->log;

	tp_strbuf_puts(log, hostnames == NULL ? "whitelist everybody" : "whitelist");
	for (size_t i = 0; i < n; i++)
		tp_strbuf_printf(log, " %s", hostnames[i]);
	tp_strbuf_puts(log, ".\n");
}

static void update_domain(void *impl, const struct tp_domain_info *domain)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "domain %s\n",
		domain == NULL ? "nowhere" : domain->fault_domain->region->name);
}

static void update_unavailability(
	void *impl, uint32_t agent, const struct tp_unavailability *when)
{
	struct tp_strbuf *log = &fixture_of(impl)->log;

	if (when == NULL)
		tp_strbuf_printf(log, "unavailability %u none\n", agent);
	else
		tp_strbuf_printf(log, "unavailability %u at %lld\n", agent,
			(long long)when->start->nanoseconds);
}

static void update_inverse_offer(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_allocator_inverse_answer *answer)
{
	tp_strbuf_printf(&fixture_of(impl)->log, "inverse %u %u %s %lld\n", framework,
		agent, answer->answered ? "answered" : "withdrawn",
		(long long)(answer->refuse_ns < 0 ? -1 : answer->refuse_ns / TP_MSEC));
}

static void explain(void *impl, uint32_t framework,
	void (*each)(void *user, const struct tp_allocator_explanation *why), void *user)
{
	const struct master_fixture *f = fixture_of(impl);

	for (size_t i = 0; framework == 0 && i < f->n_explanations; i++)
		each(user, &f->explanations[i]);
}

static void explain_agents(void *impl, uint32_t framework, const char *role,
	void (*each)(void *user, const struct tp_allocator_agent_reason *why), void *user)
{
	const struct master_fixture *f = fixture_of(impl);

	ck_assert_uint_eq(framework, 0);
	for (size_t i = 0; i < f->n_explanations; i++) {
		if (strcmp(f->explanations[i].role, role) != 0)
			continue;
		for (size_t k = 0; k < f->n_reasons; k++)
			each(user, &f->reasons[k]);
	}
}

static void print_use(void *impl, const char *what, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources)
{
	struct master_fixture *f = fixture_of(impl);

	tp_strbuf_printf(&f->log, "%s %u %u ", what, framework, agent);
	tp_resources_print(resources, &f->log);
	tp_strbuf_putc(&f->log, '\n');
}

static void begin_use(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources)
{
	print_use(impl, "begin", framework, agent, resources);
}

static void end_use(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources)
{
	print_use(impl, "end", framework, agent, resources);
}

static int check_quota(
	void *impl, struct tp_quota_config *const *quotas, size_t n, struct tp_error *err)
{
	(void)impl;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < quotas[i]->n_limits; k++) {
			if (strcmp(quotas[i]->limits[k]->key, "uncounted") == 0)
				return tp_fail(err, EINVAL, "'uncounted' is not counted");
		}
	}
	return 0;
}

/* What all of them do; most know weights, too. */
#define OPS BARE_OPS, .update_weights = update_weights
#define BARE_OPS \
	.open = allocator_open, .add_framework = add_framework, \
	.update_framework = update_framework, .remove_framework = remove_framework, \
	.activate_framework = activate_framework, \
	.deactivate_framework = deactivate_framework, .add_agent = add_agent, \
	.update_agent = update_agent, .remove_agent = remove_agent, \
	.activate_agent = activate_agent, .deactivate_agent = deactivate_agent, \
	.recover_resources = recover_resources, .update_allocation = update_allocation, \
	.update_available = update_available, .update_quota = update_quota, \
	.check_quota = check_quota, .revive = revive, .suppress = suppress, \
	.request = request, .update_whitelist = update_whitelist, \
	.update_domain = update_domain

static const struct tp_allocator_ops allocator_ops = { OPS };
static const struct tp_allocator_ops unweighing_ops = { BARE_OPS };
static const struct tp_allocator_ops maintaining_ops = { OPS,
	.update_unavailability = update_unavailability,
	.update_inverse_offer = update_inverse_offer };
static const struct tp_allocator_ops counting_ops = { OPS, .explain = explain };
static const struct tp_allocator_ops explaining_ops = { OPS, .explain = explain,
	.explain_agents = explain_agents };
static const struct tp_allocator_ops overlapping_ops = { OPS,
	.flags = TP_ALLOCATOR_OVERLAPPING, .begin_use = begin_use, .end_use = end_use };

#define MODULE(table) \
	{ \
		TP_MODULE_HEADER, \
			.name = "fake-allocator", .version = "1", \
			.summary = "Of the test", \
			.provides = \
				(const struct tp_provide[]){ TP_PROVIDE("allocator", \
								     TP_ALLOCATOR_ABI, \
								     table), \
					{ 0 } }, \
			.instance_size = sizeof(struct fake_allocator) \
	}

const struct tp_module fixture_allocator = MODULE(allocator_ops);
const struct tp_module fixture_allocator_maintaining = MODULE(maintaining_ops);
const struct tp_module fixture_allocator_counting = MODULE(counting_ops);
const struct tp_module fixture_allocator_explaining = MODULE(explaining_ops);
const struct tp_module fixture_allocator_overlapping = MODULE(overlapping_ops);
const struct tp_module fixture_allocator_unweighing = MODULE(unweighing_ops);

void fixture_allocator_bind(struct master_fixture *f)
{
	struct fake_allocator *self = tp_kernel_instance(f->kernel, "fake-allocator");

	self->fixture = f;
}

void fixture_offer(struct master_fixture *f, uint32_t framework, uint32_t agent,
	const char *resources, const char *role)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;
	const struct tp_allocation item = { agent, role, &r };
	struct tp_error err = { 0 };

	ck_assert_msg(tp_resources_parse(&r, resources, NULL, &err) >= 0, "%s", err.text);
	tp_resources_allocate(&r, role);
	f->allocator.offer(f->allocator.user, framework, &item, 1);
	fixture_settle(f);
}

void fixture_ask_back(struct master_fixture *f, uint32_t framework, uint32_t agent)
{
	struct tp_time_info start = { .has_nanoseconds = true };
	const struct tp_unavailability when = { .start = &start };

	f->allocator.inverse_offer(f->allocator.user, framework, agent, &when);
	fixture_settle(f);
}

bool fixture_logged(const struct master_fixture *f, const char *text)
{
	return strstr(tp_strbuf_text(&f->log), text) != NULL;
}

void fixture_forget(struct master_fixture *f)
{
	tp_strbuf_clear(&f->log);
}
