/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every containerizer promises, with one short process: requests complete once and never
 * from inside the call, the end of a container is told once and after its launch.
 */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "tepui/kind/containerizer.h"
#include "tepui/record.h"
#include "tepui/wire.h"

struct agent {
	struct check *check;
	struct tp_container_request request;
	bool done, over;
	int n_done, n_over, status;
};

static void on_done(struct tp_container_request *request, int status)
{
	struct agent *a = tp_container_of(request, struct agent, request);

	a->done = true;
	a->n_done++;
	a->status = status;
}

static void on_terminated(
	void *user, const char *id, const struct tp_container_termination *termination)
{
	struct agent *a = user;

	expect(a->check, strcmp(id, "modcheck") == 0, "the end of '%s'", id);
	expect(a->check, termination != NULL, "an end without a record");
	expect(a->check, a->done, "terminated() before the launch was done");
	a->over = true;
	a->n_over++;
}

static bool begin(struct agent *a, struct check *c)
{
	const struct tp_containerizer_ops *ops = c->it[0].ops;
	struct tp_containerizer_user user = { a, on_terminated };
	struct tp_error err = { 0 };

	*a = (struct agent){ .check = c };
	return expect(c,
		       ops->open != NULL && ops->recover != NULL && ops->launch != NULL &&
			       ops->destroy != NULL,
		       "open, recover, launch and destroy are needed") &&
		expect(c, ops->open(c->it[0].impl, &user, c->dir, c->dir, &err) >= 0,
			"open: %s", err.text);
}

static struct tp_container_request *request(struct agent *a)
{
	a->done = false;
	a->n_done = 0;
	a->request = (struct tp_container_request){ .done = on_done };
	return &a->request;
}

static int await(struct agent *a)
{
	struct check *c = a->check;

	expect(c, a->n_done == 0, "done() came from inside the call");
	expect(c, check_wait(c, &a->done), "a request was never answered");
	expect(c, a->n_done <= 1, "a request was answered twice");
	expect(c, a->status >= 0 || a->request.err.text[0] != '\0',
		"an error (%d) without a text", a->status);
	return a->status;
}

static void recovers_nothing(struct check *c)
{
	const struct tp_containerizer_ops *ops = c->it[0].ops;
	struct agent a;

	if (!begin(&a, c))
		return;
	ops->recover(c->it[0].impl, NULL, 0, request(&a));
	expect(c, await(&a) >= 0, "recover: %s", a.request.err.text);
	ops->destroy(c->it[0].impl, "unknown", request(&a));
	await(&a);
	expect(c, !a.over, "the end of a container that never was");
	check_stop(c);
}

static void one_container(struct check *c)
{
	const struct tp_containerizer_ops *ops = c->it[0].ops;
	struct tp_command_info command = {
		.value = "exit 3", .has_shell = true, .shell = true
	};
	struct tp_container_config config = { .command_info = &command,
		.directory = c->dir };
	struct tp_environment environment = { 0 };
	const struct tp_container_spec spec = {
		.id = "modcheck", .config = &config, .environment = &environment
	};
	struct agent a;

	if (!begin(&a, c))
		return;
	ops->recover(c->it[0].impl, NULL, 0, request(&a));
	await(&a);
	ops->launch(c->it[0].impl, &spec, request(&a));
	if (await(&a) < 0) {
		if (a.status == -EPERM || a.status == -EACCES || a.status == -ENOTSUP)
			skip(c, "%s", a.request.err.text);
		else
			expect(c, false, "launch: %s", a.request.err.text);
		check_stop(c);
		return;
	}
	expect(c, check_wait(c, &a.over), "the end of the container is not told");
	for (int i = 0; i < 10; i++)
		tp_loop_turn(c->loop, 20 * TP_MSEC);
	expect(c, a.n_over == 1, "the end of the container is told %d times", a.n_over);
	check_stop(c);
}

const struct check_case containerizer_cases[] = {
	{ "recovers nothing, destroys nobody", recovers_nothing, 1 },
	{ "one container from launch to end", one_container, 1 },
	{ 0 },
};
