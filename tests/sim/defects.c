/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Defects that histories must find: the test of the test. Each is injected from outside, between
 * the modules and what they were given; nothing of the product knows of it. Messages and files are
 * chosen by their bytes: the same one always, others never, as with a case that a program forgot.
 */
#include <string.h>

#include "history.h"
#include "tepui/kind/allocator.h"

static bool is_hit(const void *data, size_t len, unsigned one_in)
{
	const uint8_t *bytes = data;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return (hash >> 8) % one_in == 0;
}

/* --- acknowledgements of some updates never reach the agent ------------------------------- */

/* A frame is the array [kind, id, type, ...]; these numbers are one byte each. */
static bool drops_acknowledgement(void *user, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	(void)user;
	return len > 4 && bytes[1] == 4 && bytes[3] == TP_MESSAGE_STATUS_UPDATE_ACK &&
		is_hit(data, len, 4);
}

static void drop_acknowledgements(struct history *h)
{
	fake_transport_set_spy(h->cluster->network, drops_acknowledgement, NULL);
}

/* --- some updates are said to be stored and are not ---------------------------------------- */

static bool forgets_update(void *user, const char *path, const void *data, size_t len)
{
	const char *name = strrchr(path, '/');

	(void)user;
	return len > 0 && name != NULL && strcmp(name, "/task.updates") == 0 &&
		is_hit(data, len, 4);
}

static void forget_checkpoints(struct history *h)
{
	const struct sim_disk_spy spy = { .forgets = forgets_update };

	for (unsigned i = 0; i < h->plan->n_agents; i++)
		sim_disk_set_spy(h->agents[i]->sim_disk, &spy);
}

/* --- some resources come back twice --------------------------------------------------------- */

static struct tp_allocator_ops generous;
static const struct tp_allocator_ops *honest;
static unsigned n_recovered;

static void recover_twice(void *impl, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources, const struct tp_allocator_filter *filter)
{
	honest->recover_resources(impl, framework, agent, resources, filter);
	if (++n_recovered % 5 == 0)
		honest->recover_resources(impl, framework, agent, resources, NULL);
}

static void make_generous(struct machine *m)
{
	struct tp_instance *master = tp_kernel_instance(m->kernel, "master");
	const struct tp_require *row;
	struct tp_allocator *slot;

	if (master == NULL)
		return;
	for (row = master->module->requires; strcmp(row->kind, "allocator") != 0;)
		row++;
	slot = (struct tp_allocator *)((char *)master + row->slot);
	honest = slot->ops;
	generous = *honest;
	generous.recover_resources = recover_twice;
	slot->ops = &generous;
}

/* The masters run already: those that start from now on, and one of them does. */
static void release_twice(struct history *h)
{
	h->cluster->tamper = make_generous;
	for (unsigned i = 0; i < h->plan->n_masters; i++)
		make_generous(h->masters[i]);
}

static const struct defect defects[] = {
	{ "drop-acknowledgement", "acknowledgements of some updates are lost",
		drop_acknowledgements },
	{ "forget-checkpoint", "some updates are not written", forget_checkpoints },
	{ "double-release", "some resources come back twice", release_twice },
};

const struct defect *defect_all(size_t *ret_n)
{
	*ret_n = TP_COUNT(defects);
	return defects;
}

const struct defect *defect_find(const char *name)
{
	for (size_t i = 0; i < TP_COUNT(defects); i++) {
		if (strcmp(defects[i].name, name) == 0)
			return &defects[i];
	}
	return NULL;
}
