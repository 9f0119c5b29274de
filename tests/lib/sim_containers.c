/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_containers.h. Containers that ended while there was no agent stay until the next agent
 * has recovered and was told. What happens inside of them is sim_executor.c's.
 */
#include "sim_containers.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "sim_executor.h"
#include "tepui/record.h"
#include "tests/lib/fake_container.h"

struct fake_containerizer {
	struct tp_instance instance;
	struct sim_containers *containers;
	struct tp_containerizer_user user;
	bool recovered;
};

struct sim_containers {
	struct tp_loop *loop;
	struct tp_transport transport;
	struct fake_containerizer *module; /* NULL: no agent */
	struct tp_list list;
	bool mute;
};

struct answer {
	struct tp_defer defer;
	struct tp_container_request *request;
};

static struct sim_executor *executor_of(const struct tp_list *node)
{
	return tp_container_of(
		(struct tp_list *)(uintptr_t)node, struct sim_executor, node);
}

static struct sim_executor *find(struct sim_containers *self, const char *id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		if (strcmp(executor_of(node)->id, id) == 0)
			return executor_of(node);
	}
	return NULL;
}

static void on_bury(struct tp_defer *defer)
{
	struct sim_executor *c = tp_container_of(defer, struct sim_executor, bury);
	struct fake_containerizer *module = c->world->module;
	tp_cleanup(ptr) char *id = NULL;
	const struct tp_container_termination termination = {
		.has_status = true,
		.status = c->status,
	};

	sim_executor_hang_up(c);
	if (module == NULL || !module->recovered)
		return;
	id = tp_strdup(c->id);
	sim_executor_free(c);
	module->user.terminated(module->user.user, id, &termination);
}

static struct sim_executor *add(
	struct sim_containers *self, const char *id, const struct tp_container_spec *spec)
{
	struct sim_executor *c = sim_executor_create(self->loop, id, spec);

	c->world = self;
	c->bury.run = on_bury;
	tp_list_append(&self->list, &c->node);
	return c;
}

/* --- the containerizer ------------------------------------------------------------------ */

static void on_answer(struct tp_defer *defer)
{
	struct answer *answer = tp_container_of(defer, struct answer, defer);

	answer->request->done(answer->request, 0);
	tp_free(answer);
}

static void answer(
	struct fake_containerizer *module, struct tp_container_request *request)
{
	struct answer *a = tp_alloc(sizeof *a);

	a->defer.run = on_answer;
	a->request = request;
	tp_loop_defer(module->instance.loop, &a->defer);
}

static int fake_open(void *impl, const struct tp_containerizer_user *user,
	const char *work_dir, const char *runtime_dir, struct tp_error *err)
{
	struct fake_containerizer *module = impl;

	(void)work_dir, (void)runtime_dir, (void)err;
	module->user = *user;
	return 0;
}

static bool is_listed(
	const char *id, struct tp_container_state *const *states, size_t n_states)
{
	for (size_t i = 0; i < n_states; i++) {
		if (strcmp(states[i]->container_id->value, id) == 0)
			return true;
	}
	return false;
}

/* One that is unknown here was lost with the power: it is over, and nobody knows how. */
static void fake_recover(void *impl, struct tp_container_state *const *states, size_t n,
	struct tp_container_request *request)
{
	struct fake_containerizer *module = impl;
	struct sim_containers *world = module->containers;
	struct tp_list *node, *tmp;

	answer(module, request);
	module->recovered = true;
	tp_list_foreach (node, tmp, &world->list) {
		if (!is_listed(executor_of(node)->id, states, n))
			sim_executor_free(executor_of(node));
	}
	for (size_t i = 0; i < n; i++) {
		const char *id = states[i]->container_id->value;
		struct sim_executor *c = find(world, id);

		if (c == NULL)
			c = add(world, id, NULL);
		if (c->dead)
			tp_loop_defer(world->loop, &c->bury);
	}
}

static void fake_launch(void *impl, const struct tp_container_spec *spec,
	struct tp_container_request *request)
{
	struct fake_containerizer *module = impl;
	struct sim_containers *world = module->containers;
	struct sim_executor *c = add(world, spec->id, spec);

	answer(module, request);
	if (!world->mute)
		sim_executor_start(c, &world->transport);
}

static void fake_update(void *impl, const char *id, const struct tp_resources *resources,
	struct tp_container_request *request)
{
	(void)id, (void)resources;
	answer(impl, request);
}

static void fake_destroy(void *impl, const char *id, struct tp_container_request *request)
{
	struct fake_containerizer *module = impl;
	struct sim_executor *c = find(module->containers, id);

	answer(module, request);
	if (c != NULL)
		sim_executor_die(c, SIGKILL);
}

static const struct tp_containerizer_ops fake_ops = {
	.open = fake_open,
	.recover = fake_recover,
	.launch = fake_launch,
	.update = fake_update,
	.destroy = fake_destroy,
	.usage = fake_container_usage,
	.status = fake_container_status,
	.process = fake_container_process,
};

const struct tp_module sim_containerizer = {
	TP_MODULE_HEADER,
	.name = "fake-containerizer",
	.version = "1",
	.summary = "Containers on virtual time",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("containerizer",
							 TP_CONTAINERIZER_ABI, fake_ops,
							 "MESOS"),
		{ 0 } },
	.instance_size = sizeof(struct fake_containerizer),
};

/* --- life ------------------------------------------------------------------------------- */

struct sim_containers *sim_containers_create(
	struct tp_loop *loop, const struct tp_transport *transport)
{
	struct sim_containers *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->transport = *transport;
	tp_list_init(&self->list);
	return self;
}

void sim_containers_destroy(struct sim_containers *self)
{
	if (self == NULL)
		return;
	sim_containers_power_loss(self);
	tp_free(self);
}

void sim_containers_bind(struct sim_containers *self, void *instance)
{
	self->module = instance;
	if (self->module != NULL)
		self->module->containers = self;
}

void sim_containers_mute(struct sim_containers *self, bool mute)
{
	self->mute = mute;
}

void sim_containers_power_loss(struct sim_containers *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list)
		sim_executor_free(executor_of(node));
}

/* The nth that lives, counted round; with `busy` only those that run something. */
static struct sim_executor *pick(const struct sim_containers *self, unsigned n, bool busy)
{
	struct sim_executor *found = NULL;
	unsigned n_found = 0;

	for (int round = 0; round < 2; round++) {
		unsigned left = n_found == 0 ? 0 : n % n_found;

		for (struct tp_list *node = self->list.next; node != &self->list;
			node = node->next) {
			struct sim_executor *c = executor_of(node);

			if (c->dead || (busy && sim_executor_n_tasks(c) == 0))
				continue;
			if (round == 0)
				n_found++;
			else if (left-- == 0)
				found = c;
		}
	}
	return found;
}

bool sim_containers_crash(struct sim_containers *self, unsigned n)
{
	struct sim_executor *c = pick(self, n, false);

	if (c != NULL)
		sim_executor_die(c, SIGKILL);
	return c != NULL;
}

bool sim_containers_fail_task(struct sim_containers *self, unsigned n)
{
	struct sim_executor *c = pick(self, n, true);

	if (c == NULL)
		return false;
	sim_executor_fail_task(c, n % (unsigned)sim_executor_n_tasks(c));
	return true;
}

bool sim_containers_runs(const struct sim_containers *self, const char *task_id)
{
	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next) {
		if (sim_executor_runs(executor_of(node), task_id))
			return true;
	}
	return false;
}

static int64_t sum_cpus_milli(const struct sim_containers *self, bool revocable)
{
	int64_t sum = 0;

	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next)
		sum += sim_executor_cpus_milli(executor_of(node), revocable);
	return sum;
}

int64_t sim_containers_cpus_milli(const struct sim_containers *self)
{
	return sum_cpus_milli(self, false);
}

int64_t sim_containers_lent_milli(const struct sim_containers *self)
{
	return sum_cpus_milli(self, true);
}

size_t sim_containers_tasks(const struct sim_containers *self)
{
	size_t n = 0;

	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next)
		n += sim_executor_n_tasks(executor_of(node));
	return n;
}

size_t sim_containers_alive(const struct sim_containers *self)
{
	size_t n = 0;

	for (struct tp_list *node = self->list.next; node != &self->list;
		node = node->next)
		n += !executor_of(node)->dead;
	return n;
}
