/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master's side of the allocator kind, as small as a test needs it. Offers queue up; the
 * oldest is what the helpers act on.
 */
#include "drf_fixture.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	struct drf_fixture *f = user;

	f->n_calls++;
	for (size_t i = 0; i < n; i++) {
		struct drf_offer *offer = &f->offers[f->n_offers++];

		tp_assert(f->n_offers <= OFFERS_MAX);
		*offer = (struct drf_offer){ .framework = framework,
			.agent = items[i].agent };
		snprintf(offer->role, sizeof(offer->role), "%s", items[i].role);
		tp_resources_copy(&offer->resources, items[i].resources);
	}
}

static void on_inverse_offer(void *user, uint32_t framework, uint32_t agent,
	const struct tp_unavailability *when)
{
	struct drf_fixture *f = user;

	ck_assert_ptr_nonnull(when);
	f->inverse[f->n_inverse][0] = framework;
	f->inverse[f->n_inverse++][1] = agent;
}

void fixture_start(struct drf_fixture *f, const char *config)
{
	fixture_start_with(f, NULL, config);
}

void fixture_start_with(
	struct drf_fixture *f, const struct tp_module *other, const char *config)
{
	const struct tp_module *modules[] = { &tp_module, other };
	const struct tp_allocator_user user = {
		.user = f, .offer = on_offer, .inverse_offer = on_inverse_offer
	};
	struct tp_error err;

	memset(f, 0, sizeof(*f));
	if (test_host_try(&f->host, modules, other == NULL ? 1 : 2, config, &err) < 0)
		ck_abort_msg("%s", err.text);
	f->ops = test_host_ops(&tp_module);
	f->drf = test_host_impl(&f->host);
	f->ops->open(f->drf, &user);
}

void fixture_stop(struct drf_fixture *f)
{
	while (f->n_offers > 0)
		tp_resources_fini(&f->offers[--f->n_offers].resources);
	test_host_stop(&f->host);
}

void fixture_advance(struct drf_fixture *f, int64_t ns)
{
	test_clock_advance(&f->host.clock, f->host.loop, ns);
}

struct tp_resources fixture_parse(const char *text, const char *allocated_to)
{
	struct tp_resources ret = TP_RESOURCES_INIT;
	struct tp_error err;

	if (tp_resources_parse(&ret, text, NULL, &err) < 0)
		ck_abort_msg("%s", err.text);
	if (allocated_to != NULL)
		tp_resources_allocate(&ret, allocated_to);
	return ret;
}

void fixture_agent(struct drf_fixture *f, uint32_t slot, const char *total,
	const char *used, uint32_t by, const char *role)
{
	struct tp_agent_info info = { .hostname = "host" };
	struct tp_resources all = fixture_parse(total, NULL);
	struct tp_resources some = fixture_parse(used == NULL ? "" : used, role);
	const struct tp_allocator_agent spec = { .info = f->info != NULL ? f->info
									 : &info,
		.capabilities = f->capabilities,
		.total = &all,
		.active = true };
	const struct tp_allocator_use use = { by, slot, &some };

	f->ops->add_agent(f->drf, slot, &spec, &use, used == NULL ? 0 : 1);
	tp_resources_fini(&all);
	tp_resources_fini(&some);
}

void fixture_agent_update(
	struct drf_fixture *f, uint32_t slot, const char *total, bool active)
{
	struct tp_agent_info info = { .hostname = "host" };
	struct tp_resources all = fixture_parse(total, NULL);
	const struct tp_allocator_agent spec = { .info = f->info != NULL ? f->info
									 : &info,
		.capabilities = f->capabilities,
		.total = &all,
		.active = active };

	f->ops->update_agent(f->drf, slot, &spec);
	tp_resources_fini(&all);
}

#define ROLES_MAX 8

struct spec {
	struct tp_framework_info info;
	struct tp_framework_info_capability types[32];
	struct tp_framework_info_capability *capabilities[32];
	char text[128];
	const char *roles[ROLES_MAX];
	struct tp_allocator_framework spec;
};

static void spec_fill(struct spec *s, const char *roles, uint32_t capabilities)
{
	char *rest = s->text, *one;

	memset(s, 0, sizeof(*s));
	snprintf(s->text, sizeof(s->text), "%s", roles);
	s->info.roles = s->roles;
	while ((one = strsep(&rest, ",")) != NULL)
		s->roles[s->info.n_roles++] = one;
	s->info.capabilities = s->capabilities;
	for (int i = 0; i < 32; i++) {
		if ((capabilities & 1u << i) == 0)
			continue;
		s->types[i] = (struct tp_framework_info_capability){ .has_type = true,
			.type = i };
		s->capabilities[s->info.n_capabilities++] = &s->types[i];
	}
	s->spec = (struct tp_allocator_framework){ .info = &s->info, .active = true };
}

void fixture_framework(
	struct drf_fixture *f, uint32_t slot, const char *roles, uint32_t capabilities)
{
	struct spec s;

	spec_fill(&s, roles, capabilities);
	f->ops->add_framework(f->drf, slot, &s.spec, NULL, 0);
}

void fixture_framework_update(
	struct drf_fixture *f, uint32_t slot, const char *roles, const char *suppressed)
{
	struct spec s;

	spec_fill(&s, roles, 0);
	s.spec.suppressed_roles = &suppressed;
	s.spec.n_suppressed_roles = suppressed != NULL;
	f->ops->update_framework(f->drf, slot, &s.spec);
}

void fixture_expect(struct drf_fixture *f, uint32_t framework, uint32_t agent,
	const char *role, const char *resources)
{
	struct tp_resources wanted = fixture_parse(resources, role);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	ck_assert_uint_gt(f->n_offers, 0);
	ck_assert_uint_eq(f->offers[0].framework, framework);
	ck_assert_uint_eq(f->offers[0].agent, agent);
	ck_assert_str_eq(f->offers[0].role, role);
	tp_resources_print(&f->offers[0].resources, &text);
	ck_assert_msg(tp_resources_equal(&wanted, &f->offers[0].resources),
		"'%s' was offered instead of '%s'", tp_strbuf_text(&text), resources);
	tp_resources_fini(&wanted);
}

void fixture_accept(struct drf_fixture *f, const char *used, int64_t refuse_ns)
{
	struct drf_offer offer = f->offers[0];
	struct tp_resources some = fixture_parse(used, offer.role);
	const struct tp_allocator_filter filter = { refuse_ns };

	f->n_offers--;
	memmove(&f->offers[0], &f->offers[1], f->n_offers * sizeof(offer));
	ck_assert(tp_resources_contains(&offer.resources, &some));
	tp_resources_subtract(&offer.resources, &some);
	f->ops->recover_resources(f->drf, offer.framework, offer.agent, &offer.resources,
		refuse_ns < 0 ? NULL : &filter);
	tp_resources_fini(&some);
	tp_resources_fini(&offer.resources);
}

void fixture_decline(struct drf_fixture *f, int64_t refuse_ns)
{
	fixture_accept(f, "", refuse_ns);
}

void fixture_recover(struct drf_fixture *f, uint32_t framework, uint32_t agent,
	const char *role, const char *resources)
{
	struct tp_resources some = fixture_parse(resources, role);

	f->ops->recover_resources(f->drf, framework, agent, &some, NULL);
	tp_resources_fini(&some);
}

#define QUANTITIES_MAX 4

void fixture_quota(struct drf_fixture *f, const char *role, const char *guarantees,
	const char *limits)
{
	struct tp_resources least =
		fixture_parse(guarantees == NULL ? "" : guarantees, NULL);
	struct tp_resources most = fixture_parse(limits == NULL ? "" : limits, NULL);
	struct tp_value_scalar values[2 * QUANTITIES_MAX];
	struct tp_quota_config_guarantees_entry rows[QUANTITIES_MAX], *guaranteed[4];
	struct tp_quota_config_limits_entry limit_rows[QUANTITIES_MAX], *limited[4];
	const struct tp_quota_config quota = { .role = role,
		.guarantees = guaranteed,
		.n_guarantees = least.n,
		.limits = limited,
		.n_limits = most.n };

	for (uint32_t i = 0; i < least.n; i++) {
		values[i].value_milli = least.items[i].milli;
		rows[i] = (struct tp_quota_config_guarantees_entry){
			least.items[i].key->name, &values[i]
		};
		guaranteed[i] = &rows[i];
	}
	for (uint32_t i = 0; i < most.n; i++) {
		values[QUANTITIES_MAX + i].value_milli = most.items[i].milli;
		limit_rows[i] =
			(struct tp_quota_config_limits_entry){ most.items[i].key->name,
				&values[QUANTITIES_MAX + i] };
		limited[i] = &limit_rows[i];
	}
	f->ops->update_quota(f->drf, role, &quota);
	tp_resources_fini(&least);
	tp_resources_fini(&most);
}

void fixture_weight(struct drf_fixture *f, const char *role, double weight)
{
	struct tp_weight_info info = { .role = role, .weight = weight };
	struct tp_weight_info *const weights[] = { &info };

	f->ops->update_weights(f->drf, weights, 1);
}

static struct tp_allotment *books(const struct drf_fixture *f)
{
	return ((struct tp_allotment_head *)f->drf)->allotment;
}

uint32_t fixture_filters(const struct drf_fixture *f, uint32_t agent)
{
	return books(f)->agents[agent].n_filters;
}

int64_t fixture_role_held(
	const struct drf_fixture *f, const char *role, enum tp_resource_known name)
{
	const struct alloc_role *there = alloc_role_find(books(f), role);

	return there == NULL ? 0 : there->held.milli[name];
}

double fixture_role_share(const struct drf_fixture *f, const char *role)
{
	const struct alloc_role *there = alloc_role_find(books(f), role);

	return books(f)->role_sorter.ops->share(books(f)->role_order, there->handle);
}

double fixture_runs(const struct drf_fixture *f)
{
	return books(f)->runs.value;
}

void fixture_expect_free(struct drf_fixture *f, uint32_t agent, const char *resources)
{
	struct tp_resources wanted = fixture_parse(resources, NULL);
	struct tp_resources free = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	alloc_free_copy(&books(f)->agents[agent], &free);
	tp_resources_print(&free, &text);
	ck_assert_msg(tp_resources_equal(&wanted, &free), "'%s' is free instead of '%s'",
		tp_strbuf_text(&text), resources);
	tp_resources_fini(&free);
	tp_resources_fini(&wanted);
}
