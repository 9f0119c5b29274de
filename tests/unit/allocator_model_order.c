/* SPDX-License-Identifier: Apache-2.0 */
/* The model's clients, what they hold, and whose turn it is. See allocator_model.h. */
#include "allocator_model_parts.h"

#include <stdio.h>
#include <string.h>

#include "tepui/role.h"

/* --- little helpers -------------------------------------------------------------------- */

bool model_is_shared(const struct tp_resource_item *item)
{
	return (item->key->flags & TP_RESOURCE_SHARED) != 0;
}

bool model_is_reserved(const struct tp_resource_item *item)
{
	return item->key->n_reservations > 0;
}

bool model_is_revocable(const struct tp_resource_item *item)
{
	return (item->key->flags & TP_RESOURCE_REVOCABLE) != 0;
}

bool model_is_plain_scalar(const struct tp_resource_item *item)
{
	return !model_is_reserved(item) && !model_is_revocable(item) &&
		!model_is_shared(item) && item->key->type == TP_VALUE_SCALAR;
}

void model_add_scalar(const struct model *m, struct tp_quantities *q,
	const struct tp_resource_item *item)
{
	int at = tp_quantity_of(&m->names, item);

	if (at >= 0)
		q->milli[at] += item->milli;
}

void model_top_of(const char *role, char *ret)
{
	snprintf(ret, MODEL_NAME, "%.*s", (int)strcspn(role, "/"), role);
}

static int level_of(const struct model *m, const char *role)
{
	return m->priority == NULL ? 0 : m->priority(role);
}

/* --- who is a client, and how often it was given something ------------------------------ */

struct model_hold *model_hold_of(
	const struct model *m, int framework, int agent, const char *role)
{
	for (int i = 0; i < m->n_holds; i++) {
		const struct model_hold *hold = &m->holds[i];

		if (hold->framework == framework && (agent < 0 || hold->agent == agent) &&
			strcmp(hold->role, role) == 0)
			return (struct model_hold *)hold;
	}
	return NULL;
}

int model_subscription(const struct model *m, int framework, const char *role)
{
	for (int i = 0; i < m->frameworks[framework].n_roles; i++)
		if (strcmp(m->frameworks[framework].roles[i], role) == 0)
			return i;
	return -1;
}

static struct model_gifts *gifts_of(
	const struct model *m, const char *path, int framework, int level)
{
	for (int i = 0; i < m->n_gifts; i++) {
		const struct model_gifts *gifts = &m->gifts[i];

		if (gifts->framework == framework && gifts->level == level &&
			strcmp(gifts->path, path) == 0)
			return (struct model_gifts *)gifts;
	}
	return NULL;
}

static void gifts_add(
	struct model *m, const char *path, int framework, int level, int64_t n)
{
	struct model_gifts *gifts = &m->gifts[m->n_gifts++];

	tp_assert(m->n_gifts <= MODEL_LIST);
	*gifts = (struct model_gifts){ .framework = framework, .level = level, .n = n };
	snprintf(gifts->path, sizeof gifts->path, "%s", path);
}

static void gifts_drop(struct model *m, const char *path, int framework, int level)
{
	struct model_gifts *gifts = gifts_of(m, path, framework, level);

	if (gifts != NULL)
		*gifts = m->gifts[--m->n_gifts];
}

static bool client_exists(const struct model *m, int framework, const char *role)
{
	return gifts_of(m, role, framework, 0) != NULL;
}

/* Is there a framework in exactly this role? */
static bool role_is_client(const struct model *m, const char *role)
{
	for (int i = 0; i < MODEL_FRAMEWORKS; i++)
		if (client_exists(m, i, role))
			return true;
	return false;
}

/* Roles of one priority that are clients: below the path, or it and those below. */
static int clients_within(const struct model *m, const char *path, int level, bool itself)
{
	int n = 0;

	for (int i = 0; i < m->n_gifts; i++) {
		const struct model_gifts *gifts = &m->gifts[i];

		if (gifts->framework < 0 || level_of(m, gifts->path) != level)
			continue;
		n += itself ? tp_role_is_within(gifts->path, path)
			    : tp_role_is_strict_subrole(gifts->path, path);
	}
	return n;
}

static const char *own(const char *path)
{
	static char text[4][MODEL_NAME + 2];
	static unsigned next;
	char *ret = text[next++ % 4];

	snprintf(ret, sizeof text[0], "%s/.", path);
	return ret;
}

/* The role becomes a client of the order of roles: it was none before. */
static void role_enter(struct model *m, const char *role)
{
	int level = level_of(m, role);
	char above[MODEL_NAME];

	for (const char *slash = strchr(role, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		snprintf(above, sizeof above, "%.*s", (int)(slash - role), role);
		if (gifts_of(m, above, -1, level) == NULL)
			gifts_add(m, above, -1, level, 0);
		else if (clients_within(m, above, level, false) == 0)
			gifts_add(m, own(above), -1, level,
				gifts_of(m, above, -1, level)->n);
	}
	if (gifts_of(m, role, -1, level) != NULL)
		gifts_add(m, own(role), -1, level, 0);
	else
		gifts_add(m, role, -1, level, 0);
}

/* It is one no more. */
static void role_leave(struct model *m, const char *role)
{
	int level = level_of(m, role);
	char above[MODEL_NAME];

	if (gifts_of(m, own(role), -1, level) != NULL)
		gifts_drop(m, own(role), -1, level);
	else
		gifts_drop(m, role, -1, level);
	for (size_t len = tp_role_parent(role, strlen(role)); len > 0;
		len = tp_role_parent(role, len)) {
		snprintf(above, sizeof above, "%.*s", (int)len, role);
		if (clients_within(m, above, level, true) == 0)
			gifts_drop(m, above, -1, level);
		else if (clients_within(m, above, level, false) == 0)
			gifts_drop(m, own(above), -1, level);
	}
}

void model_client_enter(struct model *m, int framework, const char *role)
{
	if (client_exists(m, framework, role))
		return;
	if (!role_is_client(m, role))
		role_enter(m, role);
	gifts_add(m, role, framework, 0, 0);
}

void model_filters_drop(struct model *m, int framework, const char *role, int agent)
{
	for (int i = m->n_filters; i-- > 0;) {
		struct model_filter *filter = &m->filters[i];

		if ((framework >= 0 && filter->framework != framework) ||
			(role != NULL && strcmp(filter->role, role) != 0) ||
			(agent >= 0 && filter->agent != agent))
			continue;
		tp_resources_fini(&filter->refused);
		*filter = m->filters[--m->n_filters];
	}
}

static void client_leave(struct model *m, int framework, const char *role)
{
	model_filters_drop(m, framework, role, -1);
	gifts_drop(m, role, framework, 0);
	if (!role_is_client(m, role))
		role_leave(m, role);
}

/* A client is one while it subscribes or holds something. */
void model_client_check(struct model *m, int framework, const char *role)
{
	if (client_exists(m, framework, role) &&
		model_subscription(m, framework, role) < 0 &&
		model_hold_of(m, framework, -1, role) == NULL)
		client_leave(m, framework, role);
}

void model_gift_count(struct model *m, int framework, const char *role)
{
	int level = level_of(m, role);
	char path[MODEL_NAME];

	gifts_of(m, role, framework, 0)->n++;
	if (gifts_of(m, own(role), -1, level) != NULL)
		gifts_of(m, own(role), -1, level)->n++;
	for (size_t len = strlen(role); len > 0; len = tp_role_parent(role, len)) {
		snprintf(path, sizeof path, "%.*s", (int)len, role);
		gifts_of(m, path, -1, level)->n++;
	}
}

/* --- what is held ---------------------------------------------------------------------- */

/* Did an earlier hold of the list, of the same role (and framework) on this agent, count it? */
static bool shared_counted(const struct model *m, int before, bool by_framework,
	const struct tp_resource_item *item)
{
	const struct model_hold *hold = &m->holds[before];
	resources_t one = { (struct tp_resource_item *)item, 1, 1 };
	struct tp_resource_item single = *item;

	single.copies = 1;
	one.items = &single;
	for (int i = 0; i < before; i++) {
		const struct model_hold *other = &m->holds[i];

		if (other->agent == hold->agent && strcmp(other->role, hold->role) == 0 &&
			(!by_framework || other->framework == hold->framework) &&
			tp_resources_contains(&other->resources, &one))
			return true;
	}
	return false;
}

/* Sum of scalars; what is shared once for each client (role, or framework in it) and agent. */
static void hold_add(
	const struct model *m, int i, bool by_framework, struct tp_quantities *q)
{
	const struct model_hold *hold = &m->holds[i];

	for (uint32_t j = 0; j < hold->resources.n; j++) {
		const struct tp_resource_item *item = &hold->resources.items[j];

		if (!model_is_shared(item) || !shared_counted(m, i, by_framework, item))
			model_add_scalar(m, q, item);
	}
}

/* Of a node in the order of roles of one level; "a/." is what "a" itself holds. */
static void node_held(
	const struct model *m, const char *path, int level, struct tp_quantities *ret)
{
	size_t len = strlen(path);
	bool itself = len > 2 && strcmp(path + len - 2, "/.") == 0;
	char role[MODEL_NAME];

	snprintf(role, sizeof role, "%.*s", (int)(itself ? len - 2 : len), path);
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < m->n_holds; i++) {
		const char *of = m->holds[i].role;

		if (level_of(m, of) == level &&
			(itself ? strcmp(of, role) == 0 : tp_role_is_within(of, role)))
			hold_add(m, i, false, ret);
	}
}

void model_role_held(const struct model *m, const char *role, struct tp_quantities *ret)
{
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < m->n_holds; i++)
		if (strcmp(m->holds[i].role, role) == 0)
			hold_add(m, i, false, ret);
}

void model_framework_held(
	const struct model *m, int framework, const char *role, struct tp_quantities *ret)
{
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < m->n_holds; i++)
		if (m->holds[i].framework == framework &&
			strcmp(m->holds[i].role, role) == 0)
			hold_add(m, i, true, ret);
}

int64_t model_gifts(const struct model *m, int framework, const char *role)
{
	return gifts_of(m, role, framework, 0)->n;
}

void model_headroom(const struct model *m, struct tp_quantities *ret)
{
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < MODEL_AGENTS; i++)
		for (uint32_t j = 0; m->agents[i].used && j < m->agents[i].free.n; j++)
			if (model_is_plain_scalar(&m->agents[i].free.items[j]))
				model_add_scalar(m, ret, &m->agents[i].free.items[j]);
}

void model_consumed(const struct model *m, const char *top, struct tp_quantities *ret)
{
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < m->n_holds; i++)
		for (uint32_t j = 0; tp_role_is_within(m->holds[i].role, top) &&
			j < m->holds[i].resources.n;
			j++)
			if (model_is_plain_scalar(&m->holds[i].resources.items[j]))
				model_add_scalar(m, ret, &m->holds[i].resources.items[j]);
	for (int i = 0; i < MODEL_AGENTS; i++)
		for (uint32_t j = 0; m->agents[i].used && j < m->agents[i].total.n; j++) {
			const struct tp_resource_item *item =
				&m->agents[i].total.items[j];

			if (model_is_reserved(item) &&
				tp_role_is_within(item->key->role, top))
				model_add_scalar(m, ret, item);
		}
}

/* --- whose turn it is ------------------------------------------------------------------ */

struct rank {
	char path[MODEL_NAME];
	int framework;
	double share;
	int64_t gifts;
};

static void cluster_total(const struct model *m, struct tp_quantities *ret)
{
	*ret = (struct tp_quantities){ { 0 } };
	for (int i = 0; i < MODEL_AGENTS; i++)
		for (uint32_t j = 0; m->agents[i].used && j < m->agents[i].total.n; j++)
			model_add_scalar(m, ret, &m->agents[i].total.items[j]);
}

static double dominant(const struct model *m, const struct tp_quantities *held,
	const struct tp_quantities *total)
{
	double largest = 0;

	for (uint32_t i = 0; i < m->names.n; i++) {
		double part = total->milli[i] == 0
			? 0
			: (double)held->milli[i] / (double)total->milli[i];

		largest = part > largest ? part : largest;
	}
	return largest;
}

static double weight_of(const struct model *m, const char *path)
{
	for (int i = 0; i < m->n_weights; i++)
		if (strcmp(m->weights[i].role, path) == 0)
			return m->weights[i].weight;
	return 1;
}

static bool rank_before(const struct rank *a, const struct rank *b)
{
	if (a->share != b->share)
		return a->share < b->share;
	if (a->gifts != b->gifts)
		return a->gifts < b->gifts;
	if (strcmp(a->path, b->path) != 0)
		return strcmp(a->path, b->path) < 0;
	return a->framework < b->framework;
}

static void ranks_sort(struct rank *ranks, int n)
{
	for (int i = 1; i < n; i++)
		for (int j = i; j > 0 && rank_before(&ranks[j], &ranks[j - 1]); j--) {
			struct rank one = ranks[j];

			ranks[j] = ranks[j - 1];
			ranks[j - 1] = one;
		}
}

static bool listed(const struct model *m, int framework, const char *role)
{
	const struct model_framework *f = &m->frameworks[framework];
	int at = model_subscription(m, framework, role);

	return f->used && f->active && at >= 0 && !f->suppressed[at];
}

int model_framework_order(const struct model *m, const char *role, int *ret)
{
	struct rank ranks[MODEL_FRAMEWORKS];
	struct tp_quantities total;
	int n = 0;

	cluster_total(m, &total);
	for (int i = 0; i < MODEL_FRAMEWORKS; i++) {
		struct tp_quantities held = { { 0 } };

		if (!listed(m, i, role))
			continue;
		for (int j = 0; j < m->n_holds; j++)
			if (m->holds[j].framework == i &&
				strcmp(m->holds[j].role, role) == 0)
				hold_add(m, j, true, &held);
		ranks[n++] = (struct rank){ "", i, dominant(m, &held, &total),
			gifts_of(m, role, i, 0)->n };
	}
	ranks_sort(ranks, n);
	for (int i = 0; i < n; i++)
		ret[i] = ranks[i].framework;
	return n;
}

/* Appends the roles at and below a node, depth first. */
static void node_order(const struct model *m, const char *path, int level,
	char (*ret)[MODEL_NAME], int *n)
{
	size_t len = strlen(path);
	struct rank ranks[MODEL_LIST];
	struct tp_quantities total;
	int n_ranks = 0;

	cluster_total(m, &total);
	for (int i = 0; i < m->n_gifts; i++) {
		const struct model_gifts *gifts = &m->gifts[i];
		struct tp_quantities held;

		if (gifts->framework >= 0 || gifts->level != level ||
			tp_role_parent(gifts->path, strlen(gifts->path)) != len ||
			strncmp(gifts->path, path, len) != 0 ||
			(len > 0 && gifts->path[len] != '/'))
			continue;
		node_held(m, gifts->path, level, &held);
		ranks[n_ranks] = (struct rank){ .framework = -1,
			.share = dominant(m, &held, &total) / weight_of(m, gifts->path),
			.gifts = gifts->n };
		memcpy(ranks[n_ranks].path, gifts->path, MODEL_NAME);
		n_ranks++;
	}
	ranks_sort(ranks, n_ranks);
	for (int i = 0; i < n_ranks; i++) {
		bool leaf = clients_within(m, ranks[i].path, level, false) == 0;
		size_t end = strlen(ranks[i].path);

		if (!leaf) {
			node_order(m, ranks[i].path, level, ret, n);
			continue;
		}
		if (end > 2 && strcmp(ranks[i].path + end - 2, "/.") == 0)
			ranks[i].path[end - 2] = '\0';
		memcpy(ret[(*n)++], ranks[i].path, MODEL_NAME);
	}
}

int model_role_order(const struct model *m, char (*ret)[MODEL_NAME])
{
	int levels[16], n_levels = 0, n = 0;

	for (int i = 0; i < m->n_gifts; i++) {
		int level = m->gifts[i].level, j = n_levels;
		bool known = m->gifts[i].framework >= 0;

		for (int k = 0; k < n_levels; k++)
			known = known || levels[k] == level;
		if (known)
			continue;
		for (n_levels++; j > 0 && levels[j - 1] < level; j--)
			levels[j] = levels[j - 1];
		levels[j] = level;
	}
	for (int i = 0; i < n_levels; i++)
		node_order(m, "", levels[i], ret, &n);
	return n;
}
