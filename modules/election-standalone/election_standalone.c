/* SPDX-License-Identifier: Apache-2.0 */
/*
 * election-standalone: no election. The first contender of the process leads at once and for
 * ever; detectors are told its master info. For clusters with one master.
 */
#include "tepui/kind/election.h"
#include "tepui/module.h"

struct standalone {
	struct tp_instance instance;
	struct tp_candidate *leader;
	struct tp_list waiting;   /* struct tp_candidate that came second */
	struct tp_list detectors; /* struct tp_detector */
	struct tp_defer tell;
	bool told_leader; /* elected() was called */
};

/* The first that does not know the present leader: callbacks may change the list. */
static struct tp_detector *detector_next(struct standalone *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->detectors) {
		struct tp_detector *detector =
			tp_container_of(node, struct tp_detector, node);

		if (detector->priv != self->leader)
			return detector;
	}
	return NULL;
}

/* Tells the leader that it leads, and everybody who it is. */
static void standalone_tell(struct tp_defer *defer)
{
	struct standalone *self = tp_container_of(defer, struct standalone, tell);
	struct tp_detector *detector;

	if (self->leader != NULL && !self->told_leader) {
		self->told_leader = true;
		self->leader->elected(self->leader);
	}
	while ((detector = detector_next(self)) != NULL) {
		detector->priv = self->leader;
		detector->changed(
			detector, self->leader == NULL ? NULL : self->leader->info);
	}
}

static void standalone_contend(void *impl, struct tp_candidate *candidate)
{
	struct standalone *self = impl;

	tp_list_init(&candidate->node);
	if (self->leader != NULL) {
		tp_list_append(&self->waiting, &candidate->node);
		return;
	}
	self->leader = candidate;
	self->told_leader = false;
	tp_loop_defer(self->instance.loop, &self->tell);
}

static void standalone_withdraw(void *impl, struct tp_candidate *candidate)
{
	struct standalone *self = impl;

	tp_list_remove(&candidate->node);
	if (self->leader != candidate)
		return;
	self->leader = tp_list_first(&self->waiting, struct tp_candidate, node);
	if (self->leader != NULL)
		tp_list_remove(&self->leader->node);
	self->told_leader = false;
	tp_loop_defer(self->instance.loop, &self->tell);
}

static void standalone_detect(void *impl, struct tp_detector *detector)
{
	struct standalone *self = impl;

	detector->priv = self; /* no candidate: it was told nothing yet */
	tp_list_append(&self->detectors, &detector->node);
	tp_loop_defer(self->instance.loop, &self->tell);
}

static void standalone_ignore(void *impl, struct tp_detector *detector)
{
	(void)impl;
	tp_list_remove(&detector->node);
}

static int standalone_init(void *impl, struct tp_error *err)
{
	struct standalone *self = impl;

	(void)err;
	tp_list_init(&self->waiting);
	tp_list_init(&self->detectors);
	self->tell.run = standalone_tell;
	return 0;
}

static void standalone_fini(void *impl)
{
	struct standalone *self = impl;

	tp_loop_undefer(self->instance.loop, &self->tell);
}

static void standalone_status(void *impl, struct tp_strbuf *out)
{
	struct standalone *self = impl;

	tp_strbuf_printf(out, "leading: %s\n", self->leader != NULL ? "yes" : "no");
}

static const struct tp_election_ops standalone_ops = {
	.contend = standalone_contend,
	.withdraw = standalone_withdraw,
	.detect = standalone_detect,
	.ignore = standalone_ignore,
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "election-standalone",
	.version = "1.0",
	.summary = "The only master leads",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("election", TP_ELECTION_ABI, standalone_ops), { 0 } },
	.instance_size = sizeof(struct standalone),
	.init = standalone_init,
	.fini = standalone_fini,
	.status = standalone_status,
};
