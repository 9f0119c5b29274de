/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agents: what they have, where they are and what they ask of frameworks. Their slots outlive
 * them: what frameworks hold of a removed agent may still come back.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/hold.h"
#include "core/cluster/allocation/maintenance.h"
#include "core/cluster/allocation/names.h"
#include "core/cluster/allocation/run.h"
#include "tepui/attributes.h"
#include "tepui/record.h"

#define HUGE_FROM_BYTES (2 << 20)

struct alloc_agent *alloc_agent_at(struct tp_allotment *self, uint32_t slot)
{
	if (slot >= self->n_agents || !self->agents[slot].used)
		return NULL;
	return &self->agents[slot];
}

void alloc_agent_stand(struct tp_allotment *self, uint32_t slot)
{
	const struct alloc_agent *agent = &self->agents[slot];
	uint8_t standing = self->standing[slot] & (ALLOC_WAITING | ALLOC_HELD);

	if (agent->used && agent->active && agent->allowed)
		standing |= ALLOC_OPEN;
	if (agent->plain.n > 0 || agent->n_others > 0)
		standing |= ALLOC_FREE;
	self->standing[slot] = standing;
}

/* --- place ----------------------------------------------------------------------------- */

static void site_destroy(struct alloc_site *site)
{
	if (site == NULL)
		return;
	if (site->arena != NULL)
		tp_arena_destroy(site->arena);
	tp_free(site);
}

static const char *region_of(const struct tp_domain_info *domain)
{
	if (domain == NULL || domain->fault_domain == NULL ||
		domain->fault_domain->region == NULL)
		return NULL;
	return domain->fault_domain->region->name;
}

/* One small block for what all agents have: it lies between others that runs read. */
static struct alloc_site *site_create(const struct tp_agent_info *info)
{
	size_t len = info->hostname == NULL ? 0 : strlen(info->hostname) + 1;
	struct alloc_site *site = tp_alloc(sizeof *site + len);
	struct tp_attribute **attributes = NULL;
	size_t i;

	if (info->hostname != NULL)
		site->hostname = memcpy(site + 1, info->hostname, len);
	if (info->n_attributes == 0 && info->domain == NULL)
		return site;
	site->arena = tp_arena_create(512);
	if (info->domain != NULL)
		site->domain =
			tp_record_copy(&tp_domain_info_desc, info->domain, site->arena);
	for (i = 0; i < info->n_attributes; i++)
		tp_arena_push(site->arena, &attributes, &site->n_attributes,
			tp_record_copy(
				&tp_attribute_desc, info->attributes[i], site->arena));
	site->attributes = attributes;
	return site;
}

static bool site_same(const struct alloc_site *site, const struct tp_agent_info *info)
{
	return tp_streq(site->hostname, info->hostname) &&
		tp_record_equal(&tp_domain_info_desc, site->domain, info->domain) &&
		tp_attributes_equal(site->attributes, site->n_attributes,
			info->attributes, info->n_attributes);
}

static bool whitelist_allows(
	const struct tp_allotment *self, const struct alloc_site *site)
{
	return !self->whitelisted ||
		(site->hostname != NULL &&
			tp_map_find(&self->whitelist, site->hostname) != NULL);
}

static void allowed_refresh(struct tp_allotment *self, uint32_t slot)
{
	self->agents[slot].allowed = whitelist_allows(self, self->hosts[slot].site);
	alloc_agent_stand(self, slot);
}

static void demands_refresh(const struct tp_allotment *self, struct alloc_agent *agent)
{
	const struct alloc_host *host = alloc_host_of(self, agent);
	const char *region = region_of(host->site->domain);
	unsigned demands = 0;

	if (self->filter_gpus && tp_resources_has(&host->total, "gpus"))
		demands |= ALLOC_GPUS;
	if (region != NULL && !tp_streq(region, self->region))
		demands |= ALLOC_REGION;
	if ((host->capabilities & UINT32_C(1) << TP_AGENT_INFO_CAPABILITY_MULTI_ROLE) ==
		0)
		demands |= ALLOC_SINGLE_ROLE;
	if ((host->capabilities &
		    UINT32_C(1) << TP_AGENT_INFO_CAPABILITY_HIERARCHICAL_ROLE) == 0)
		demands |= ALLOC_FLAT_ROLE;
	agent->demands = (uint8_t)demands;
}

void alloc_region_set(struct tp_allotment *self, const struct tp_domain_info *domain)
{
	const char *region = region_of(domain);
	uint32_t i;

	tp_free(self->region);
	self->region = region == NULL ? NULL : tp_strdup(region);
	for (i = 0; i < self->n_agents; i++)
		if (self->agents[i].used)
			demands_refresh(self, &self->agents[i]);
}

/* --- whitelist ------------------------------------------------------------------------- */

void alloc_whitelist_clear(struct tp_allotment *self)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &self->whitelist) {
		struct tp_map_node *host =
			tp_container_of(node, struct tp_map_node, order);
		char *name = (char *)host->key;

		tp_map_remove(&self->whitelist, host);
		tp_free(name);
		tp_free(host);
	}
	self->whitelisted = false;
}

void alloc_whitelist_set(
	struct tp_allotment *self, const char *const *hostnames, size_t n)
{
	struct tp_map_node *host;
	size_t i;

	alloc_whitelist_clear(self);
	self->whitelisted = hostnames != NULL;
	for (i = 0; i < n; i++) {
		if (tp_map_find(&self->whitelist, hostnames[i]) != NULL)
			continue;
		host = tp_alloc(sizeof *host);
		tp_map_add(&self->whitelist, host, tp_strdup(hostnames[i]));
	}
	for (i = 0; i < self->n_agents; i++)
		if (self->agents[i].used)
			allowed_refresh(self, (uint32_t)i);
}

/* --- totals ---------------------------------------------------------------------------- */

static void total_set(struct tp_allotment *self, struct alloc_host *host,
	const struct tp_resources *total)
{
	struct tp_resources old = TP_RESOURCES_INIT;

	tp_resources_move(&old, &host->total);
	tp_resources_copy(&host->total, total);
	alloc_intern(&self->interns, &host->total);
	tp_quantities_add_resources(&self->cluster.total, &self->names, &host->total);
	tp_quantities_subtract_resources(&self->cluster.total, &self->names, &old);
	alloc_names_grown(self);
	alloc_names_judge_agent(self, total);
	self->cluster.generation++;
	alloc_reserved_change(self, &host->total, true);
	alloc_reserved_change(self, &old, false);
	alloc_intern_release(&self->interns, &old);
	tp_resources_fini(&old);
}

static void without_allocation(
	struct tp_resources *ret, const struct tp_resources *resources)
{
	tp_resources_copy(ret, resources);
	tp_resources_unallocate(ret);
}

/* What is shared is never used up, so nobody owes it. */
static void without_shared(struct tp_resources *ret, const struct tp_resources *resources)
{
	uint32_t i;

	tp_resources_fini(ret);
	for (i = 0; i < resources->n; i++)
		if ((resources->items[i].key->flags & TP_RESOURCE_SHARED) == 0)
			tp_resources_add_item(ret, &resources->items[i]);
	tp_resources_unallocate(ret);
}

/* An operation changed part of what the agent has; what is free is the caller's. */
void alloc_agent_convert(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *from, const struct tp_resources *to)
{
	struct alloc_host *host = alloc_host_of(self, agent);
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources bare = TP_RESOURCES_INIT;

	tp_resources_copy(&total, &host->total);
	without_allocation(&bare, from);
	tp_resources_subtract(&total, &bare);
	without_allocation(&bare, to);
	tp_resources_add(&total, &bare);
	total_set(self, host, &total);
	demands_refresh(self, agent);
}

/* --- coming, changing, going ----------------------------------------------------------- */

static void use_book(
	struct tp_allotment *self, uint32_t slot, const struct tp_allocator_use *use)
{
	if (use->framework == ALLOC_NONE || tp_resources_empty(use->resources))
		return;
	self->frameworks = alloc_grow(self->frameworks, &self->n_frameworks,
		use->framework, sizeof *self->frameworks);
	alloc_hold(self, use->framework, slot, use->resources);
}

/* Advice, whatever comes of it: a run steps through many small pages of a large array. */
static void pages_advise(char *block, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t first = (page - (uintptr_t)block % page) % page;

	if (size >= first + page)
		(void)madvise(block + first, (size - first) / page * page, MADV_HUGEPAGE);
}

/* The array begins where a line does, which tp_realloc() does not promise. */
static void agents_move(struct tp_allotment *self, uint32_t n)
{
	struct alloc_agent *old = self->agents;
	size_t size = n * sizeof *old + ALLOC_LINE;
	char *block = tp_alloc(size);

	if (size >= HUGE_FROM_BYTES)
		pages_advise(block, size);
	self->agents = (struct alloc_agent *)(block +
		(ALLOC_LINE - (uintptr_t)block % ALLOC_LINE) % ALLOC_LINE);
	if (old != NULL)
		memcpy(self->agents, old, self->n_agents * sizeof *old);
	tp_free(self->agents_block);
	self->agents_block = block;
	self->n_agents = n;
}

static void slots_grow(struct tp_allotment *self, uint32_t slot)
{
	self->hosts = alloc_grow(self->hosts, &self->n_hosts, slot, sizeof *self->hosts);
	self->standing = alloc_grow(
		self->standing, &self->n_standing, slot, sizeof *self->standing);
	if (self->n_agents < self->n_hosts)
		agents_move(self, self->n_hosts);
}

void alloc_agent_add(struct tp_allotment *self, uint32_t slot,
	const struct tp_allocator_agent *spec, const struct tp_allocator_use *used,
	size_t n_used)
{
	tp_cleanup(resources) struct tp_resources bare = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources gone = TP_RESOURCES_INIT;
	struct alloc_agent *agent;
	struct alloc_host *host;
	size_t i;

	slots_grow(self, slot);
	alloc_holds_drop_agent(self, slot);
	agent = &self->agents[slot];
	host = &self->hosts[slot];
	agent->used = true;
	agent->active = spec->active;
	agent->wake_ns = INT64_MAX;
	host->capabilities = spec->capabilities;
	host->site = site_create(spec->info);
	allowed_refresh(self, slot);
	total_set(self, host, spec->total);
	demands_refresh(self, agent);
	alloc_free_set(self, agent, &host->total);
	for (i = 0; i < n_used; i++) {
		without_shared(&bare, used[i].resources);
		alloc_free_subtract(self, agent, &bare);
		tp_resources_add(&gone, &bare);
		use_book(self, slot, &used[i]);
	}
	tp_resources_subtract(&gone, &host->total);
	tp_resources_move(&host->owed, &gone);
	alloc_constraints_judge_agent(self, slot);
	alloc_maintenance_set(self, slot, spec->unavailability);
}

/*
 * What is held stays held. What is held but no longer there is owed: it vanishes when it comes
 * back.
 */
static void total_replace(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *total)
{
	tp_cleanup(resources) struct tp_resources held = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources free = TP_RESOURCES_INIT;
	struct alloc_host *host = alloc_host_of(self, agent);

	alloc_free_copy(agent, &free);
	tp_resources_copy(&held, &host->total);
	tp_resources_subtract(&held, &free);
	tp_resources_add(&held, &host->owed);
	total_set(self, host, total);
	tp_resources_copy(&free, &host->total);
	tp_resources_subtract(&free, &held);
	alloc_free_set(self, agent, &free);
	tp_resources_subtract(&held, &host->total);
	tp_resources_move(&host->owed, &held);
}

bool alloc_agent_update(
	struct tp_allotment *self, uint32_t slot, const struct tp_allocator_agent *spec)
{
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_host *host = &self->hosts[slot];
	bool same_site = site_same(host->site, spec->info);
	bool same_total = tp_resources_equal(&host->total, spec->total);
	bool changed = !same_site || !same_total || agent->active != spec->active ||
		host->capabilities != spec->capabilities;

	agent->active = spec->active;
	host->capabilities = spec->capabilities;
	if (!same_site) {
		site_destroy(host->site);
		host->site = site_create(spec->info);
		allowed_refresh(self, slot);
		alloc_filters_clear_agent(self, slot);
		alloc_constraints_judge_agent(self, slot);
	}
	if (!same_total)
		total_replace(self, agent, spec->total);
	demands_refresh(self, agent);
	alloc_agent_stand(self, slot);
	return changed;
}

void alloc_agent_remove(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_host *host = &self->hosts[slot];
	const struct tp_resources none = TP_RESOURCES_INIT;
	struct alloc_agent left = {
		.holds = agent->holds,
		.n_holds = agent->n_holds,
		.holds_room = agent->holds_room,
		.counted = agent->counted,
	};

	alloc_filters_clear_agent(self, slot);
	alloc_free_set(self, agent, &none);
	total_set(self, host, &none);
	tp_resources_fini(&host->total);
	tp_resources_fini(&host->owed);
	alloc_portions_fini(agent);
	tp_free(agent->refusals);
	site_destroy(host->site);
	alloc_maintenance_set(self, slot, NULL);
	*agent = left;
	*host = (struct alloc_host){ .site = NULL };
	alloc_agent_stand(self, slot);
	self->n_removed++;
}

void alloc_agents_fini(struct tp_allotment *self)
{
	uint32_t i;

	for (i = 0; i < self->n_agents; i++) {
		if (self->agents[i].used)
			alloc_agent_remove(self, i);
		alloc_holds_drop_agent(self, i);
	}
	tp_free(self->agents_block);
	tp_free(self->hosts);
	tp_free(self->standing);
	tp_free(self->wakes);
	alloc_interns_fini(&self->interns);
	tp_free(self->region);
	alloc_whitelist_clear(self);
	tp_map_fini(&self->whitelist);
}
