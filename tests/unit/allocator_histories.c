/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories: an allocator and the model of allocator_model.h are told the same events, and
 * after each of them must have given the same offers and keep the same books. Linked with one
 * allocator module; its name says which policy the model has.
 *
 *	allocator_histories [N [SEED]]		N histories of EVENTS events, from seed SEED on
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator_model.h"
#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/fair_tree.h"
#include "tepui/role.h"
#include "tests/lib/host.h"
#include "tests/lib/sim_random.h"

#define EVENTS 10000
#define N_DEFAULT 10
#define INTERVAL TP_SEC

extern const struct tp_module tp_module;

static const char *const role_names[] = { "*", "a", "a/b", "a/b/c", "a/d", "b", "b/x",
	"c" };
static const char *const top_names[] = { "a", "b", "c", "*" };

struct offered {
	uint32_t framework, agent;
	char role[MODEL_NAME];
	struct tp_resources resources; /* without allocation */
};

struct history {
	struct model m;
	struct test_host host;
	const struct tp_allocator_ops *ops;
	void *impl;
	struct tp_allotment *books;
	struct sim_random random;
	struct offered offers[MODEL_LIST];
	int n_offers;
	uint64_t seed;
	int event;
	const char *what;
	long n_gifts;
};

static struct history h;

static unsigned pick(unsigned n)
{
	return sim_random_below(&h.random, n);
}

/* --- what went wrong ------------------------------------------------------------------- */

static const char *text_of(const struct tp_resources *r)
{
	static struct tp_strbuf texts[4];
	static unsigned next;
	struct tp_strbuf *text = &texts[next++ % 4];

	tp_strbuf_fini(text);
	*text = (struct tp_strbuf)TP_STRBUF_INIT;
	tp_resources_print(r, text);
	return tp_strbuf_text(text);
}

static void failed(const char *what)
{
	printf("not ok - %s: history %llu, event %d (%s): %s\n", tp_module.name,
		(unsigned long long)h.seed, h.event, h.what, what);
	for (int i = 0; i < h.m.n_offers; i++)
		printf("# model: framework %d, agent %d, role %s: %s\n",
			h.m.offers[i].framework, h.m.offers[i].agent, h.m.offers[i].role,
			text_of(&h.m.offers[i].resources));
	for (int i = 0; i < h.n_offers; i++)
		printf("# allocator: framework %u, agent %u, role %s: %s\n",
			h.offers[i].framework, h.offers[i].agent, h.offers[i].role,
			text_of(&h.offers[i].resources));
	for (int i = 0; i < h.m.n_filters; i++)
		printf("# filter: framework %d, agent %d, role %s, %lld ns: %s\n",
			h.m.filters[i].framework, h.m.filters[i].agent,
			h.m.filters[i].role,
			(long long)(h.m.filters[i].due_ns - h.m.now_ns),
			text_of(&h.m.filters[i].refused));
	for (int i = 0; i < h.m.n_rules; i++)
		printf("# quota of %s: at least cpus %lld, mem %lld; at most cpus %lld, "
		       "disk "
		       "%lld\n",
			h.m.rules[i].role,
			(long long)h.m.rules[i].guarantees.milli[TP_CPUS],
			(long long)h.m.rules[i].guarantees.milli[TP_MEM],
			(long long)h.m.rules[i].limits.milli[TP_CPUS],
			(long long)h.m.rules[i].limits.milli[TP_DISK]);
	printf("# replay: tests/unit/%s_histories 1 %llu\n",
		strcmp(tp_module.name, "allocator-drf") == 0 ? "allocator_drf"
							     : "allocator_priority",
		(unsigned long long)h.seed);
	exit(1);
}

/* --- both are told --------------------------------------------------------------------- */

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	(void)user;
	for (size_t i = 0; i < n; i++) {
		struct offered *offer = &h.offers[h.n_offers++];

		tp_assert(h.n_offers <= MODEL_LIST);
		*offer = (struct offered){ framework, items[i].agent, "",
			TP_RESOURCES_INIT };
		snprintf(offer->role, sizeof offer->role, "%s", items[i].role);
		tp_resources_copy(&offer->resources, items[i].resources);
		tp_resources_unallocate(&offer->resources);
	}
}

static void parse_add(struct tp_resources *to, const char *text)
{
	struct tp_resources some = TP_RESOURCES_INIT;
	struct tp_error err;

	if (tp_resources_parse(&some, text, NULL, &err) < 0) {
		printf("not ok - %s\n", err.text);
		exit(1);
	}
	tp_resources_add(to, &some);
	tp_resources_fini(&some);
}

#define SCALAR(name, value) \
	"\"name\":\"" name "\",\"type\":\"SCALAR\",\"scalar\":{\"value\":" value "}"

/* One of everything that the rules tell apart. */
static void total_make(struct tp_resources *ret)
{
	static const char *const extras[] = { "cpus(a):2;mem(a):64", "cpus(a/b):1",
		"mem(b):96;ports(b):[50-60]", "gpus:1", "bugs:7;words:{x,y}",
		"disk:100;disk(c):50", "[{" SCALAR("cpus", "3") ",\"revocable\":{}}]",
		"[{" SCALAR("cpus",
			"1") ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"a\"},"
			     "{\"type\":\"DYNAMIC\",\"role\":\"a/b\"}]}]",
		"[{" SCALAR("disk",
			"40") ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"a\"}],"
			      "\"shared\":{},\"disk\":{\"persistence\":{\"id\":\"v\"},"
			      "\"volume\":{\"container_path\":\"v\",\"mode\":\"RW\"}}}]",
		"[{" SCALAR("disk", "30") ",\"disk\":{\"source\":{\"type\":\"MOUNT\","
					  "\"mount\":{\"root\":\"/one\"}}}},"
					  "{" SCALAR(
						  "disk", "20") ",\"disk\":{\"source\":"
								"{\"type\":\"MOUNT\","
								"\"mount\":{\"root\":"
								"\"/two\"}}}}]" };
	char text[64];

	*ret = (struct tp_resources)TP_RESOURCES_INIT;
	snprintf(text, sizeof text, "cpus:%u;mem:%u;ports:[1-%u]", 1 + pick(8),
		32 * (1 + pick(8)), 1 + pick(9));
	parse_add(ret, text);
	for (unsigned i = pick(4), first = pick(TP_COUNT(extras)); i > 0; i--)
		parse_add(ret, extras[(first + 3 * i) % TP_COUNT(extras)]);
}

static void agent_told(int slot, const struct tp_resources *total, bool add, bool active)
{
	struct tp_agent_info info = { .hostname = "host" };
	const struct tp_allocator_agent spec = {
		.info = &info, .capabilities = 0xff, .total = total, .active = active
	};

	if (add)
		h.ops->add_agent(h.impl, (uint32_t)slot, &spec, NULL, 0);
	else
		h.ops->update_agent(h.impl, (uint32_t)slot, &spec);
}

static void give_back(int framework, int agent, const char *role,
	const struct tp_resources *some, int64_t refuse_ns)
{
	const struct tp_allocator_filter filter = { refuse_ns };
	struct tp_resources allocated = TP_RESOURCES_INIT;
	struct tp_resources bare = TP_RESOURCES_INIT;
	char name[MODEL_NAME];

	snprintf(name, sizeof name, "%s", role);
	tp_resources_copy(&bare, some);
	tp_resources_copy(&allocated, some);
	tp_resources_allocate(&allocated, name);
	h.ops->recover_resources(h.impl, (uint32_t)framework, (uint32_t)agent, &allocated,
		refuse_ns < 0 ? NULL : &filter);
	model_recover(&h.m, framework, agent, name, &bare, refuse_ns);
	tp_resources_fini(&allocated);
	tp_resources_fini(&bare);
}

/* --- events ---------------------------------------------------------------------------- */

static void holds_return(int framework, int agent)
{
	for (int i = h.m.n_holds; i-- > 0;) {
		const struct model_hold *hold = &h.m.holds[i];

		if ((framework >= 0 && hold->framework != framework) ||
			(agent >= 0 && hold->agent != agent))
			continue;
		give_back(hold->framework, hold->agent, hold->role, &hold->resources, -1);
		i = h.m.n_holds;
	}
}

static void on_agent(int slot)
{
	struct model_agent *agent = &h.m.agents[slot];
	struct tp_resources total;

	if (!agent->used) {
		h.what = "an agent comes";
		total_make(&total);
		agent_told(slot, &total, true, true);
		model_add_agent(&h.m, slot, &total);
		tp_resources_fini(&total);
		return;
	}
	switch (pick(5)) {
	case 0:
		h.what = "an agent goes";
		holds_return(-1, slot);
		h.ops->remove_agent(h.impl, (uint32_t)slot);
		model_remove_agent(&h.m, slot);
		break;
	case 1:
		h.what = "an agent changes";
		total_make(&total);
		agent_told(slot, &total, false, pick(4) > 0);
		model_update_agent(&h.m, slot, &total, h.books->agents[slot].active);
		tp_resources_fini(&total);
		break;
	case 2:
		h.what = "an agent is deactivated";
		h.ops->deactivate_agent(h.impl, (uint32_t)slot);
		model_activate_agent(&h.m, slot, false);
		break;
	default:
		h.what = "an agent is activated";
		h.ops->activate_agent(h.impl, (uint32_t)slot);
		model_activate_agent(&h.m, slot, true);
	}
}

static void framework_told(int slot, bool add)
{
	static const int types[] = { TP_FRAMEWORK_INFO_CAPABILITY_REVOCABLE_RESOURCES,
		TP_FRAMEWORK_INFO_CAPABILITY_SHARED_RESOURCES,
		TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT,
		TP_FRAMEWORK_INFO_CAPABILITY_GPU_RESOURCES };
	struct tp_framework_info_capability rows[4], *capabilities[4];
	struct tp_framework_info info = { .capabilities = capabilities };
	struct tp_allocator_framework spec = { .info = &info };
	const char *roles[4], *suppressed_roles[4];
	bool suppressed[4];
	unsigned can = add ? pick(16) : h.m.frameworks[slot].can;

	for (unsigned i = 0; i < 4; i++) {
		rows[i] = (struct tp_framework_info_capability){ .has_type = true,
			.type = types[i] };
		if ((can & 1u << i) != 0)
			capabilities[info.n_capabilities++] = &rows[i];
	}
	info.roles = roles;
	for (unsigned i = pick(3) + 1, first = pick(TP_COUNT(role_names)); i > 0; i--) {
		bool is = pick(5) == 0;

		roles[info.n_roles] = role_names[(first + 3 * i) % TP_COUNT(role_names)];
		suppressed[info.n_roles] = is;
		if (is)
			suppressed_roles[spec.n_suppressed_roles++] = roles[info.n_roles];
		info.n_roles++;
	}
	spec.suppressed_roles = suppressed_roles;
	spec.active = add || h.m.frameworks[slot].active;
	if (add)
		h.ops->add_framework(h.impl, (uint32_t)slot, &spec, NULL, 0);
	else
		h.ops->update_framework(h.impl, (uint32_t)slot, &spec);
	if (add)
		model_add_framework(&h.m, slot, can);
	model_set_roles(&h.m, slot, roles, suppressed, (int)info.n_roles);
}

static void on_framework(int slot)
{
	struct model_framework *f = &h.m.frameworks[slot];

	if (!f->used) {
		h.what = "a framework comes";
		framework_told(slot, true);
		return;
	}
	switch (pick(5)) {
	case 0:
		h.what = "a framework goes";
		holds_return(slot, -1);
		h.ops->remove_framework(h.impl, (uint32_t)slot);
		model_remove_framework(&h.m, slot);
		break;
	case 1:
		h.what = "a framework changes its roles";
		framework_told(slot, false);
		break;
	case 2:
		h.what = "a framework is deactivated";
		h.ops->deactivate_framework(h.impl, (uint32_t)slot);
		model_activate_framework(&h.m, slot, false);
		break;
	default:
		h.what = "a framework is activated";
		h.ops->activate_framework(h.impl, (uint32_t)slot);
		model_activate_framework(&h.m, slot, true);
	}
}

static void on_wish(int slot)
{
	const struct model_framework *f = &h.m.frameworks[slot];
	const char *one = f->n_roles > 0 ? f->roles[pick((unsigned)f->n_roles)] : NULL;
	char role[MODEL_NAME];
	const char *const roles[] = { role };
	bool suppress = pick(3) == 0, all = pick(2) == 0;

	if (!f->used || one == NULL)
		return;
	h.what = suppress ? "suppress" : "revive";
	snprintf(role, sizeof role, "%s", one);
	if (suppress)
		h.ops->suppress(h.impl, (uint32_t)slot, roles, all ? 0 : 1);
	else
		h.ops->revive(h.impl, (uint32_t)slot, roles, all ? 0 : 1);
	model_suppress(&h.m, slot, all ? NULL : role, suppress);
}

/* Part of a bundle, perhaps all of it; what goes only as a whole goes as a whole. */
static void part_make(const struct tp_resources *from, struct tp_resources *ret)
{
	*ret = (struct tp_resources)TP_RESOURCES_INIT;
	if (pick(2) == 0) {
		tp_resources_copy(ret, from);
		return;
	}
	for (uint32_t i = 0; i < from->n; i++) {
		struct tp_resource_item item = from->items[i];

		if (pick(2) == 0)
			continue;
		if ((item.key->flags & TP_RESOURCE_SHARED) != 0)
			item.copies = 1 + pick(item.copies);
		else if (item.key->type == TP_VALUE_SCALAR &&
			(item.key->flags & TP_RESOURCE_WHOLE) == 0 && item.milli > 1000)
			item.milli =
				500 * (int64_t)(1 + pick((unsigned)(item.milli / 500)));
		tp_resources_add_item(ret, &item);
	}
}

static void on_hold(void)
{
	static const int64_t times_ns[] = { -1, -1, 0, 1, TP_SEC, 5 * TP_SEC, TP_MIN };
	struct model_hold *hold;
	struct tp_resources part;

	if (h.m.n_holds == 0)
		return;
	h.what = "resources come back";
	hold = &h.m.holds[pick((unsigned)h.m.n_holds)];
	part_make(&hold->resources, &part);
	if (!tp_resources_empty(&part))
		give_back(hold->framework, hold->agent, hold->role, &part,
			times_ns[pick(TP_COUNT(times_ns))]);
	tp_resources_fini(&part);
}

/* RESERVE of some plain cpus, or UNRESERVE of all that is reserved dynamically. */
static void on_operation(void)
{
	struct tp_resources from = TP_RESOURCES_INIT, to = TP_RESOURCES_INIT;
	struct tp_resources from_allocated = TP_RESOURCES_INIT;
	struct tp_resources to_allocated = TP_RESOURCES_INIT;
	struct tp_resource_reservation_info reservation = { .has_type = true,
		.type = TP_RESOURCE_RESERVATION_INFO_DYNAMIC };
	struct model_hold *hold;

	if (h.m.n_holds == 0)
		return;
	hold = &h.m.holds[pick((unsigned)h.m.n_holds)];
	if (strcmp(hold->role, "*") == 0)
		return;
	h.what = "an operation converts";
	for (uint32_t i = 0; i < hold->resources.n; i++) {
		const struct tp_resource_item *item = &hold->resources.items[i];

		if (item->key->type == TP_VALUE_SCALAR &&
			item->key->record->disk == NULL &&
			(item->key->flags & TP_RESOURCE_REVOCABLE) == 0 &&
			item->key->n_reservations < 2 &&
			(item->key->n_reservations == 0 ||
				(item->key->flags & TP_RESOURCE_DYNAMIC) != 0)) {
			tp_resources_add_item(&from, item);
			break;
		}
	}
	if (!tp_resources_empty(&from)) {
		reservation.role = hold->role;
		tp_resources_copy(&to, &from);
		if (from.items[0].key->n_reservations == 0)
			tp_resources_reserve(&to, &reservation);
		else
			tp_resources_unreserve(&to);
		tp_resources_copy(&from_allocated, &from);
		tp_resources_copy(&to_allocated, &to);
		tp_resources_allocate(&from_allocated, hold->role);
		tp_resources_allocate(&to_allocated, hold->role);
		h.ops->update_allocation(h.impl, (uint32_t)hold->framework,
			(uint32_t)hold->agent, &from_allocated, &to_allocated);
		model_convert(&h.m, hold->framework, hold->agent, hold->role, &from, &to);
	}
	tp_resources_fini(&from);
	tp_resources_fini(&to);
	tp_resources_fini(&from_allocated);
	tp_resources_fini(&to_allocated);
}

static void on_quota(void)
{
	const char *role = top_names[pick(TP_COUNT(top_names))];
	struct tp_quantities guarantees = { { 0 } }, limits;
	struct tp_value_scalar values[4];
	struct tp_quota_config_guarantees_entry cpus = { "cpus", &values[0] };
	struct tp_quota_config_guarantees_entry mem = { "mem", &values[1] };
	struct tp_quota_config_guarantees_entry *guaranteed[] = { &cpus, &mem };
	struct tp_quota_config_limits_entry most_cpus = { "cpus", &values[2] };
	struct tp_quota_config_limits_entry most_disk = { "disk", &values[3] };
	struct tp_quota_config_limits_entry *limited[] = { &most_cpus, &most_disk };
	struct tp_quota_config quota = {
		.role = role, .guarantees = guaranteed, .limits = limited
	};

	h.what = "a quota is set";
	tp_quantities_fill(&limits, INT64_MAX);
	for (int i = 0; i < 4; i++)
		values[i] = (struct tp_value_scalar){ .value_milli = 500 *
				(int64_t)(i == 1 ? 1 + pick(600) : 1 + pick(40)) };
	quota.n_guarantees = pick(3);
	quota.n_limits = pick(2) * (1 + pick(2));
	if (quota.n_limits > 0 && values[2].value_milli < values[0].value_milli)
		values[2].value_milli = values[0].value_milli;
	if (quota.n_guarantees > 0)
		guarantees.milli[TP_CPUS] = values[0].value_milli;
	if (quota.n_guarantees > 1)
		guarantees.milli[TP_MEM] = values[1].value_milli;
	if (quota.n_limits > 0)
		limits.milli[TP_CPUS] = values[2].value_milli;
	if (quota.n_limits > 1)
		limits.milli[TP_DISK] = values[3].value_milli;
	h.ops->update_quota(h.impl, role, &quota);
	model_quota(&h.m, role, &guarantees, &limits);
}

static void on_weight(void)
{
	static const double values[] = { 0.5, 1, 2, 3 };
	struct tp_weight_info weight = {
		.role = role_names[pick(TP_COUNT(role_names))],
		.weight = values[pick(4)],
	};
	struct tp_weight_info *const weights[] = { &weight };

	h.what = "a weight is set";
	h.ops->update_weights(h.impl, weights, 1);
	model_weight(&h.m, weight.role, weight.weight);
}

static void on_time(void)
{
	int64_t ns = pick(4) == 0 ? 10 * TP_SEC : (int64_t)pick(4) * TP_SEC / 3;

	h.what = "time passes";
	test_clock_advance(&h.host.clock, h.host.loop, ns);
	model_advance(&h.m, ns);
}

static void on_run(void)
{
	uint32_t agent = pick(MODEL_AGENTS);

	if (pick(2) == 0 && h.m.agents[agent].used) {
		h.what = "a request";
		h.ops->request(h.impl, 0, &agent, 1);
		model_request(&h.m, (int)agent);
		return;
	}
	h.what = "a run over everything";
	h.ops->run(h.impl);
	model_run_all(&h.m);
}

static void event(void)
{
	switch (pick(20)) {
	case 0:
	case 1:
		on_framework((int)pick(MODEL_FRAMEWORKS));
		break;
	case 2:
	case 3:
		on_agent((int)pick(MODEL_AGENTS));
		break;
	case 4:
		on_wish((int)pick(MODEL_FRAMEWORKS));
		break;
	case 5:
	case 6:
		on_time();
		break;
	case 7:
		if (pick(4) == 0)
			on_quota();
		break;
	case 8:
		on_weight();
		break;
	case 9:
	case 10:
		on_operation();
		break;
	case 11:
		on_run();
		break;
	default:
		on_hold();
	}
}

/* --- the same? ------------------------------------------------------------------------- */

static void offers_compare(void)
{
	if (h.n_offers != h.m.n_offers)
		failed("not as many offers");
	for (int i = 0; i < h.n_offers; i++) {
		bool found = false;

		for (int j = 0; j < h.m.n_offers && !found; j++)
			found = h.m.offers[j].framework == (int)h.offers[i].framework &&
				h.m.offers[j].agent == (int)h.offers[i].agent &&
				strcmp(h.m.offers[j].role, h.offers[i].role) == 0 &&
				tp_resources_equal(
					&h.m.offers[j].resources, &h.offers[i].resources);
		if (!found)
			failed("another offer");
	}
	h.n_gifts += h.n_offers;
	while (h.n_offers > 0)
		tp_resources_fini(&h.offers[--h.n_offers].resources);
	while (h.m.n_offers > 0)
		tp_resources_fini(&h.m.offers[--h.m.n_offers].resources);
}

static int64_t gifts_of_client(const struct alloc_client *client)
{
	const struct fair *order = h.books->roles[client->role]->frameworks;

	return (int64_t)(order->keys[client->handle].turn / FAIR_GIFT);
}

static void books_compare(void)
{
	struct tp_quantities q;

	for (uint32_t i = 0; i < MODEL_AGENTS; i++) {
		struct tp_resources free = TP_RESOURCES_INIT;

		if (!h.m.agents[i].used)
			continue;
		alloc_free_copy(&h.books->agents[i], &free);
		if (!tp_resources_equal(&free, &h.m.agents[i].free)) {
			printf("# agent %u: %s, by the model %s\n", i, text_of(&free),
				text_of(&h.m.agents[i].free));
			failed("something else is free");
		}
		tp_resources_fini(&free);
	}
	for (size_t i = 0; i < TP_COUNT(role_names); i++) {
		const struct alloc_role *role = alloc_role_find(h.books, role_names[i]);

		model_role_held(&h.m, role_names[i], &q);
		if (role == NULL ? !tp_quantities_empty(&q)
				 : memcmp(&q, &role->held, sizeof q) != 0) {
			printf("# role %s: cpus %lld, by the model %lld\n", role_names[i],
				role == NULL ? -1LL : (long long)role->held.milli[0],
				(long long)q.milli[0]);
			failed("a role holds something else");
		}
	}
	for (size_t i = 0; i < TP_COUNT(top_names); i++) {
		const struct alloc_role *role = alloc_role_find(h.books, top_names[i]);
		struct tp_quantities consumed = { { 0 } };

		model_consumed(&h.m, top_names[i], &q);
		if (role != NULL)
			alloc_quota_consumed(role, &consumed);
		if (memcmp(&q, &consumed, sizeof q) != 0) {
			printf("# role %s: cpus %lld are consumed, by the model %lld\n",
				top_names[i], (long long)consumed.milli[0],
				(long long)q.milli[0]);
			failed("something else is consumed");
		}
	}
	for (uint32_t i = 0; i < h.books->n_clients; i++) {
		const struct alloc_client *client = &h.books->clients[i];
		const char *role;

		if (!client->used)
			continue;
		role = h.books->roles[client->role]->text->text;
		model_framework_held(&h.m, (int)client->framework, role, &q);
		if (memcmp(&q, &client->held, sizeof q) != 0)
			failed("a framework holds something else");
		if (gifts_of_client(client) !=
			model_gifts(&h.m, (int)client->framework, role)) {
			printf("# framework %u in %s: %lld gifts, by the model %lld\n",
				client->framework, role,
				(long long)gifts_of_client(client),
				(long long)model_gifts(
					&h.m, (int)client->framework, role));
			failed("a framework was given something another number of times");
		}
	}
	if (h.books->chance != h.m.chance)
		failed("other candidates were shuffled");
	model_headroom(&h.m, &q);
	if (memcmp(&q, &h.books->headroom, sizeof q) != 0)
		failed("the headroom is another");
}

static int priority_of_model(const char *role)
{
	/* As in the config below: a/b before b, before what is at or below a, before the rest. */
	if (tp_role_is_within(role, "a/b"))
		return 3;
	if (tp_role_is_within(role, "b"))
		return 2;
	return tp_role_is_within(role, "a") ? 1 : 0;
}

static void history_run(uint64_t seed)
{
	static const struct tp_allocator_user user = { .offer = on_offer };
	bool priority = strcmp(tp_module.name, "allocator-priority") == 0;

	memset(&h, 0, sizeof h);
	h.seed = h.random.state = seed;
	h.what = "the beginning";
	test_host_start(&h.host, &tp_module, priority ? "{roles: [a/b, b, a]}" : NULL);
	model_init(&h.m, h.host.clock.now_ns, INTERVAL);
	if (priority)
		h.m.priority = priority_of_model;
	h.ops = &tp_allotment_ops;
	h.impl = test_host_impl(&h.host);
	h.books = ((struct tp_allotment_head *)h.impl)->allotment;
	h.ops->open(h.impl, &user);
	for (h.event = 0; h.event < EVENTS; h.event++) {
		event();
		test_clock_settle(&h.host.clock, h.host.loop);
		model_settle(&h.m);
		offers_compare();
		books_compare();
	}
	if (h.n_gifts < EVENTS / 10)
		failed("hardly any offers: the history proves nothing");
	model_fini(&h.m);
	test_host_stop(&h.host);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : N_DEFAULT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < n; i++)
		history_run(seed + (uint64_t)i);
	printf("ok - %s: %d histories of %d events, from seed %llu on, are those of the "
	       "model\n",
		tp_module.name, n, EVENTS, (unsigned long long)seed);
	return 0;
}
