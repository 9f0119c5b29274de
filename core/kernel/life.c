/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of instances: init, start and recover in the order of the graph, stop and fini in
 * reverse. Starting is synchronous; stopping is one instance at a time with a time limit, driven
 * from the loop so that no module is on the stack when it ends. Everything stops before
 * anything is finished: completions still find their owners alive.
 *
 * An instance whose init() was called gets fini(); one whose start() was fine gets stop(). One
 * that may fail (on-failure: ignore) and does is finished at once, unless somebody needs it.
 */
#include <errno.h>
#include <inttypes.h>

#include "core/kernel/kernel_private.h"

static int fail_at(
	const struct instance *instance, const char *phase, int r, struct tp_error *err)
{
	return tp_wrap(err, r, "%s: %s: %s", mark_text(&instance->entry->mark).text,
		instance->name, phase);
}

/* One phase of every instance, in order. */
static int run_init(struct instance *instance, struct tp_error *err)
{
	instance->begun = true;
	return instance->module->init != NULL
		? instance->module->init(instance->self, err)
		: 0;
}

static int run_start(struct instance *instance, struct tp_error *err)
{
	int r = 0;

	if (instance->module->start != NULL)
		r = instance->module->start(instance->self, err);
	instance->started = r >= 0;
	return r;
}

static int run_recover(struct instance *instance, struct tp_error *err)
{
	if (instance->module->recover == NULL)
		return 0;
	return instance->module->recover(instance->self, err);
}

/* true when the daemon can do without what just failed. */
static bool ignore(struct tp_kernel *kernel, struct instance *instance, const char *phase,
	struct tp_error *err)
{
	const struct instance *needer;

	if (!instance->entry->may_fail)
		return false;
	needer = graph_drop(&kernel->graph, instance);
	if (needer != NULL) {
		tp_wrap(err, -EINVAL, "it may not fail: '%s' needs it", needer->name);
		return false;
	}
	tp_warn(instance->self, "failed, going on without it", "phase=%s error=%s", phase,
		err->text);
	if (instance->module->fini != NULL)
		instance->module->fini(instance->self);
	instance->begun = false;
	instance->left_out = true;
	return true;
}

static void tell_left_out(const struct tp_kernel *kernel)
{
	for (size_t i = 0; i < kernel->n_left_out; i++) {
		const struct left_out *left_out = kernel->left_out[i];
		const struct tp_topic topic = { left_out->entry->name };

		if (left_out->why == NULL)
			tp_info(&topic, "left out: there is no such module", "module=%s",
				left_out->entry->module);
		else
			tp_warn(&topic, "cannot be opened, going on without it",
				"error=%s", left_out->why);
	}
	for (size_t i = 0; i < kernel->n_old_keys; i++) {
		const struct old_key *old = kernel->old_keys[i];

		tp_warn(old->instance->self, "an old name of a key, taken for now",
			"key=%s help=%s", old->field->name,
			old->field->doc != NULL ? old->field->doc : "");
	}
}

int tp_kernel_start(struct tp_kernel *kernel, struct tp_error *err)
{
	static const struct {
		const char *name;
		bool may_fail;
		int (*run)(struct instance *instance, struct tp_error *err);
	} phases[] = {
		{ "init", true, run_init },
		{ "start", true, run_start },
		{ "recover", false, run_recover },
	};

	tell_left_out(kernel);
	for (size_t p = 0; p < TP_COUNT(phases); p++) {
		for (size_t i = 0; i < kernel->graph.n_order; i++) {
			struct instance *instance = kernel->graph.order[i];
			int r = 0;

			if (instance->entry != NULL && !instance->left_out)
				r = phases[p].run(instance, err);
			if (r < 0 &&
				!(phases[p].may_fail &&
					ignore(kernel, instance, phases[p].name, err)))
				return fail_at(instance, phases[p].name, r, err);
		}
	}
	return 0;
}

static void run_fini(struct instance *instance)
{
	if (instance->begun && instance->module->fini != NULL)
		instance->module->fini(instance->self);
	instance->begun = false;
}

int life_begin(struct instance *instance, struct tp_error *err)
{
	int r = run_init(instance, err);

	if (r >= 0)
		r = run_start(instance, err);
	return r < 0 ? r : run_recover(instance, err);
}

static void on_ended(struct tp_done *done, int status)
{
	struct instance *instance = tp_container_of(done, struct instance, done);

	(void)status;
	run_fini(instance);
	tp_free(instance->self);
	tp_arena_destroy(instance->arena);
}

void life_end(struct instance *instance)
{
	instance->done.call = on_ended;
	if (instance->started && instance->module->stop != NULL)
		instance->module->stop(instance->self, &instance->done);
	else
		on_ended(&instance->done, 0);
}

static void finish(struct tp_kernel *kernel)
{
	for (size_t i = kernel->graph.n_order; i > 0; i--)
		run_fini(kernel->graph.order[i - 1]);
	tp_done(kernel->stop_done, 0);
}

/* The one awaited instance is done with, one way or the other. */
static void next_instance(struct tp_kernel *kernel)
{
	kernel->stopping = NULL;
	tp_timer_disarm(kernel->options.loop, &kernel->stop_timer);
	tp_loop_defer(kernel->options.loop, &kernel->stop_step);
}

static void on_stopped(struct tp_done *done, int status)
{
	struct instance *instance = tp_container_of(done, struct instance, done);

	/* A word after the time was up changes nothing any more. */
	if (instance->kernel->stopping != instance)
		return;
	if (status < 0)
		tp_warn(instance->self, "could not stop cleanly, ending it all the same",
			"status=%d", status);
	next_instance(instance->kernel);
}

static void on_timeout(struct tp_timer *timer)
{
	struct tp_kernel *kernel = tp_container_of(timer, struct tp_kernel, stop_timer);

	tp_warn(kernel->stopping->self, "did not stop in time, ending it all the same",
		"timeout_ms=%" PRId64, kernel->options.stop_timeout_ns / TP_MSEC);
	next_instance(kernel);
}

/* Stops the next instance, or finishes all of them when there is none left. */
static void stop_step(struct tp_defer *defer)
{
	struct tp_kernel *kernel = tp_container_of(defer, struct tp_kernel, stop_step);

	while (kernel->n_to_stop > 0) {
		struct instance *instance = kernel->graph.order[--kernel->n_to_stop];

		if (!instance->started || instance->module->stop == NULL)
			continue;
		instance->started = false;
		instance->done.call = on_stopped;
		kernel->stopping = instance;
		tp_timer_arm(kernel->options.loop, &kernel->stop_timer,
			kernel->options.stop_timeout_ns);
		instance->module->stop(instance->self, &instance->done);
		return;
	}
	finish(kernel);
}

void tp_kernel_stop(struct tp_kernel *kernel, struct tp_done *done)
{
	tp_assert(kernel->stop_done == NULL);
	kernel->stop_done = done;
	kernel->n_to_stop = kernel->graph.n_order;
	kernel->stop_step.run = stop_step;
	kernel->stop_timer.fire = on_timeout;
	tp_loop_defer(kernel->options.loop, &kernel->stop_step);
}
