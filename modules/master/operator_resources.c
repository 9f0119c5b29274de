/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operator's operation takes free resources only: what tasks hold is not touched, what is
 * offered is taken back, one offer after the other until it suffices.
 */
#include "operator_resources.h"

#include <errno.h>

#include "agents.h"
#include "conversion.h"
#include "frameworks.h"
#include "offers.h"
#include "operations.h"
#include "overlap.h"
#include "use.h"

#include "tepui/record.h"

/* The call as the operation that a framework would have sent. */
static const struct tp_agent_id *as_operation(const struct tp_master_call *call,
	struct tp_offer_operation *op, struct tp_arena *arena)
{
	op->has_type = true;
	switch (call->type) {
	case TP_MASTER_CALL_RESERVE_RESOURCES:
		op->type = TP_OFFER_OPERATION_RESERVE;
		op->reserve = tp_record_new(&tp_offer_operation_reserve_desc, arena);
		op->reserve->source = call->reserve_resources->source;
		op->reserve->n_source = call->reserve_resources->n_source;
		op->reserve->resources = call->reserve_resources->resources;
		op->reserve->n_resources = call->reserve_resources->n_resources;
		return call->reserve_resources->agent_id;
	case TP_MASTER_CALL_UNRESERVE_RESOURCES:
		op->type = TP_OFFER_OPERATION_UNRESERVE;
		op->unreserve = tp_record_new(&tp_offer_operation_unreserve_desc, arena);
		op->unreserve->resources = call->unreserve_resources->resources;
		op->unreserve->n_resources = call->unreserve_resources->n_resources;
		return call->unreserve_resources->agent_id;
	case TP_MASTER_CALL_CREATE_VOLUMES:
		op->type = TP_OFFER_OPERATION_CREATE;
		op->create = tp_record_new(&tp_offer_operation_create_desc, arena);
		op->create->volumes = call->create_volumes->volumes;
		op->create->n_volumes = call->create_volumes->n_volumes;
		return call->create_volumes->agent_id;
	case TP_MASTER_CALL_DESTROY_VOLUMES:
		op->type = TP_OFFER_OPERATION_DESTROY;
		op->destroy = tp_record_new(&tp_offer_operation_destroy_desc, arena);
		op->destroy->volumes = call->destroy_volumes->volumes;
		op->destroy->n_volumes = call->destroy_volumes->n_volumes;
		return call->destroy_volumes->agent_id;
	case TP_MASTER_CALL_GROW_VOLUME:
		op->type = TP_OFFER_OPERATION_GROW_VOLUME;
		op->grow_volume =
			tp_record_new(&tp_offer_operation_grow_volume_desc, arena);
		op->grow_volume->volume = call->grow_volume->volume;
		op->grow_volume->addition = call->grow_volume->addition;
		return call->grow_volume->agent_id;
	default:
		op->type = TP_OFFER_OPERATION_SHRINK_VOLUME;
		op->shrink_volume =
			tp_record_new(&tp_offer_operation_shrink_volume_desc, arena);
		op->shrink_volume->volume = call->shrink_volume->volume;
		op->shrink_volume->subtract = call->shrink_volume->subtract;
		return call->shrink_volume->agent_id;
	}
}

static void subtract(struct tp_resources *from, const struct tp_resources *allocated)
{
	tp_cleanup(resources) struct tp_resources plain = TP_RESOURCES_INIT;

	tp_resources_copy(&plain, allocated);
	tp_resources_unallocate(&plain);
	tp_resources_subtract(from, &plain);
}

/* What neither tasks nor executors hold, and with `offers` what is not offered either. */
static void measure_free(const struct agent *a, bool offers, struct tp_resources *ret)
{
	struct tp_list *node, *tmp;

	tp_resources_copy(ret, &a->total);
	tp_list_foreach (node, tmp, &a->uses)
		subtract(ret, &tp_container_of(node, struct use, in_agent)->resources);
	if (!offers)
		return;
	tp_list_foreach (node, tmp, &a->offers)
		subtract(ret, &tp_container_of(node, struct offer, in_agent)->resources);
}

static bool is_free(const struct conversion *c, bool offers)
{
	tp_cleanup(resources) struct tp_resources unused = TP_RESOURCES_INIT;

	measure_free(c->agent, offers, &unused);
	return tp_resources_contains(&unused, &c->from);
}

static int make_free(const struct conversion *c, struct tp_error *err)
{
	struct tp_list *node, *tmp;

	if (!is_free(c, false)) {
		tp_cleanup(resources) struct tp_resources unused = TP_RESOURCES_INIT;
		tp_cleanup(strbuf) struct tp_strbuf wanted = TP_STRBUF_INIT;
		tp_cleanup(strbuf) struct tp_strbuf has = TP_STRBUF_INIT;

		measure_free(c->agent, false, &unused);
		tp_resources_print(&c->from, &wanted);
		tp_resources_print(&unused, &has);
		return tp_fail(err, ENOSPC,
			"Agent %s has %s that nobody uses, and the operation needs %s",
			c->agent->id, tp_strbuf_text(&has), tp_strbuf_text(&wanted));
	}
	overlap_yield(c->agent, &c->from);
	if (overlap_allowed(c->agent->master))
		return 0;
	tp_list_foreach (node, tmp, &c->agent->offers) {
		if (is_free(c, true))
			return 0;
		offer_withdraw(tp_container_of(node, struct offer, in_agent), true);
	}
	return 0;
}

static int carry_out(struct master *m, struct conversion *c, struct tp_error *err)
{
	int r = conversion_check(c, err);

	if (r >= 0 && m->allocator.ops->update_available == NULL)
		r = tp_fail(err, ENOTSUP,
			"the allocator knows no operations of operators: use another");
	if (r >= 0)
		r = make_free(c, err);
	if (r >= 0)
		r = m->allocator.ops->update_available(
			m->allocator.impl, c->agent->slot, &c->from, &c->to, err);
	if (r >= 0)
		operations_begin(c);
	return r;
}

int operator_resources(struct master *m, const struct tp_principal *principal,
	const struct tp_master_call *call, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_offer_operation *operation =
		tp_record_new(&tp_offer_operation_desc, arena);
	const struct tp_agent_id *agent_id = as_operation(call, operation, arena);
	struct conversion c = { .operation = operation };
	int r;

	if (agent_id == NULL)
		return tp_fail(err, EINVAL, "Expecting 'agent_id' to be present");
	c.agent = agents_find(m, agent_id->value);
	if (c.agent == NULL || !agent_connected(c.agent))
		return tp_fail(
			err, EINVAL, "No agent found with ID '%s'", agent_id->value);
	if (principal != NULL)
		c.principal = principal->value;
	r = carry_out(m, &c, err);
	conversion_fini(&c);
	return r < 0 ? r : 202;
}
