/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See agent_fixture.h. Everything the agent sends is copied into one arena of the fixture, so
 * that tests look at it when they like.
 */
#include "tests/unit/agent_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tepui/kind/calls.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tests/lib/fake_container.h"

#define MASTER_URL "tcp://127.0.0.1:5060"
#define AGENT_ID "M-S0"

extern const struct tp_module tp_module; /* the agent's */

/* --- the containerizer ----------------------------------------------------------------- */

struct fake_containerizer {
	struct tp_instance instance;
	struct agent_fixture *fixture;
	struct tp_containerizer_user user;
};

struct fake_answer {
	struct tp_defer defer;
	struct tp_container_request *request;
	int status;
	struct fake_answer *next; /* while it is held */
};

static struct fake_answer *held;

static void answer_run(struct tp_defer *defer)
{
	struct fake_answer *answer = tp_container_of(defer, struct fake_answer, defer);

	answer->request->done(answer->request, answer->status);
	tp_free(answer);
}

static void answer_later(struct fake_containerizer *self,
	struct tp_container_request *request, int status, bool hold)
{
	struct fake_answer *answer = tp_alloc(sizeof *answer);

	answer->defer.run = answer_run;
	answer->request = request;
	answer->status = status;
	if (status < 0)
		tp_fail(&request->err, -status, "the fake says no");
	if (hold) {
		answer->next = held;
		held = answer;
	} else {
		tp_loop_defer(self->instance.loop, &answer->defer);
	}
}

static struct container *container_find(struct agent_fixture *f, const char *id)
{
	for (size_t i = f->n_containers; i-- > 0;) {
		if (strcmp(f->containers[i].id, id) == 0)
			return &f->containers[i];
	}
	return NULL;
}

static int fake_open(void *impl, const struct tp_containerizer_user *user,
	const char *work_dir, const char *runtime_dir, struct tp_error *err)
{
	struct fake_containerizer *self = impl;

	(void)work_dir, (void)runtime_dir, (void)err;
	self->user = *user;
	return 0;
}

static void fake_recover(void *impl, struct tp_container_state *const *states, size_t n,
	struct tp_container_request *request)
{
	struct fake_containerizer *self = impl;

	for (size_t i = 0; i < n; i++)
		ck_assert_ptr_nonnull(
			container_find(self->fixture, states[i]->container_id->value));
	self->fixture->n_recovered = n;
	answer_later(self, request, 0, false);
}

static int64_t cpus_of(struct tp_resource *const *items, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i]->name, "cpus") == 0)
			sum += items[i]->scalar->value_milli;
	}
	return sum;
}

static void note_variable(struct container *c, const struct tp_environment_variable *v)
{
	size_t len = strlen(c->environment);

	snprintf(c->environment + len, sizeof c->environment - len, "%s=%s\n", v->name,
		v->value);
}

static void fake_launch(void *impl, const struct tp_container_spec *spec,
	struct tp_container_request *request)
{
	struct fake_containerizer *self = impl;
	struct agent_fixture *f = self->fixture;
	struct container *c = &f->containers[f->n_containers++];

	ck_assert_uint_le(f->n_containers, CONTAINERS_MAX);
	snprintf(c->id, sizeof c->id, "%s", spec->id);
	snprintf(c->directory, sizeof c->directory, "%s", spec->config->directory);
	snprintf(c->executor_id, sizeof c->executor_id, "%s",
		spec->config->executor_info->executor_id->value);
	c->command_executor = spec->command_executor;
	c->cpus_milli = cpus_of(spec->config->resources, spec->config->n_resources);
	for (size_t i = 0; i < spec->environment->n_variables; i++) {
		const struct tp_environment_variable *v = spec->environment->variables[i];

		if (strcmp(v->name, "TEPUI_AGENT_ADDRESS") == 0)
			snprintf(c->address, sizeof c->address, "%s", v->value);
		if (strncmp(v->name, "MESOS_", 6) == 0 ||
			strncmp(v->name, "TEPUI_", 6) == 0)
			note_variable(c, v);
		if (strncmp(v->name, "HOOK_", 5) == 0)
			snprintf(c->hooked, sizeof c->hooked, "%s=%s", v->name, v->value);
	}
	answer_later(self, request, f->launch_status, f->launch_held);
}

static void fake_update(void *impl, const char *id, const struct tp_resources *resources,
	struct tp_container_request *request)
{
	struct fake_containerizer *self = impl;
	struct container *c = container_find(self->fixture, id);

	c->updates++;
	c->cpus_milli = tp_resources_milli(resources, "cpus");
	answer_later(self, request, 0, false);
}

static void fake_destroy(void *impl, const char *id, struct tp_container_request *request)
{
	struct fake_containerizer *self = impl;

	container_find(self->fixture, id)->destroys++;
	answer_later(self, request, 0, false);
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

static const struct tp_module fake_module = {
	TP_MODULE_HEADER,
	.name = "fake-containerizer",
	.version = "1",
	.summary = "Containers that only a test starts and ends",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("containerizer",
							 TP_CONTAINERIZER_ABI, fake_ops,
							 "MESOS"),
		{ 0 } },
	.instance_size = sizeof(struct fake_containerizer),
};

static struct fake_containerizer *fake_of(struct agent_fixture *f)
{
	return tp_kernel_instance(f->kernel, "fake-containerizer");
}

struct container *agent_fixture_container(struct agent_fixture *f)
{
	ck_assert_uint_gt(f->n_containers, 0);
	return &f->containers[f->n_containers - 1];
}

void agent_fixture_terminate(
	struct agent_fixture *f, struct container *container, int wait_status)
{
	struct fake_containerizer *self = fake_of(f);

	container->gone = true;
	self->user.terminated(self->user.user, container->id,
		&(struct tp_container_termination){
			.has_status = true,
			.status = wait_status,
		});
	agent_fixture_settle(f);
}

void agent_fixture_complete(struct agent_fixture *f)
{
	while (held != NULL) {
		struct fake_answer *answer = held;

		held = answer->next;
		tp_loop_defer(f->loop, &answer->defer);
	}
	agent_fixture_settle(f);
}

/* --- the master ------------------------------------------------------------------------ */

static void record(struct agent_fixture *f, uint16_t type, const struct tp_desc *desc,
	const void *body)
{
	ck_assert_uint_lt(f->n_received, RECORDS_MAX);
	f->received[f->n_received++] = (struct received){
		.type = type,
		.body = tp_record_copy(desc, body, f->arena),
	};
}

static void answer_registration(struct agent_fixture *f)
{
	struct tp_agent_id id = { .value = AGENT_ID };
	const struct tp_agent_registered registered = {
		.agent_id = &id,
		.has_total_ping_timeout_ns = true,
		.total_ping_timeout_ns = 1000 * TP_HOUR,
	};

	if (f->auto_register)
		agent_fixture_send(f, TP_MESSAGE_AGENT_REGISTERED,
			&tp_agent_registered_desc, &registered);
}

static void on_register(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_agent_register_desc, message->body);
	answer_registration(user);
}

static void on_reregister(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_agent_reregister_desc, message->body);
	answer_registration(user);
}

static void on_unregister(void *user, struct tp_message *message)
{
	struct agent_fixture *f = user;

	record(f, message->type, &tp_agent_unregister_desc, message->body);
	tp_server_reply(f->master, message->peer, message->call, NULL, NULL, false);
}

static void on_status_update(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_status_update_desc, message->body);
}

static void on_exited(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_exited_executor_desc, message->body);
}

static void on_to_framework(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_executor_to_framework_desc, message->body);
}

static void on_pong(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_agent_pong_desc, message->body);
}

static void on_operation(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_update_operation_status_desc, message->body);
}

static void on_update_agent(void *user, struct tp_message *message)
{
	record(user, message->type, &tp_update_agent_desc, message->body);
}

static const struct tp_handler master_rows[] = {
	{ TP_MESSAGE_AGENT_REGISTER, 0, &tp_agent_register_desc, on_register },
	{ TP_MESSAGE_AGENT_REREGISTER, 0, &tp_agent_reregister_desc, on_reregister },
	{ TP_MESSAGE_AGENT_UNREGISTER, 0, &tp_agent_unregister_desc, on_unregister },
	{ TP_MESSAGE_STATUS_UPDATE, 0, &tp_status_update_desc, on_status_update },
	{ TP_MESSAGE_EXITED_EXECUTOR, 0, &tp_exited_executor_desc, on_exited },
	{ TP_MESSAGE_EXECUTOR_TO_FRAMEWORK, 0, &tp_executor_to_framework_desc,
		on_to_framework },
	{ TP_MESSAGE_AGENT_PONG, 0, &tp_agent_pong_desc, on_pong },
	{ TP_MESSAGE_UPDATE_OPERATION_STATUS, 0, &tp_update_operation_status_desc,
		on_operation },
	{ TP_MESSAGE_UPDATE_AGENT, 0, &tp_update_agent_desc, on_update_agent },
};

static int master_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	(void)user, (void)info, (void)err;
	return 0;
}

static void master_opened(void *user, uint64_t peer)
{
	((struct agent_fixture *)user)->agent_peer = peer;
}

static void master_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	struct agent_fixture *f = user;

	(void)why;
	if (f->agent_peer == peer)
		f->agent_peer = 0;
}

void agent_fixture_master_up(struct agent_fixture *f)
{
	const struct tp_server_config config = {
		.instance = &f->master_instance,
		.transport = *fake_transport_get(f->transport),
		.self = { .kind = "master", .id = "M" },
		.handlers = master_rows,
		.n_handlers = TP_COUNT(master_rows),
		.user = f,
		.admit = master_admit,
		.opened = master_opened,
		.closed = master_closed,
	};
	struct tp_error err = { 0 };

	f->master_instance.topic.name = "test-master";
	f->master_instance.loop = f->loop;
	ck_assert_msg(tp_server_create(&config, &f->master, &err) >= 0, "%s", err.text);
	ck_assert_msg(
		tp_server_listen(f->master, MASTER_URL, 0, &err) >= 0, "%s", err.text);
}

static void stopped(struct tp_done *done, int status)
{
	(void)done, (void)status;
}

void agent_fixture_master_down(struct agent_fixture *f)
{
	struct tp_done done = { stopped };

	if (f->master == NULL)
		return;
	tp_server_stop(f->master, &done);
	agent_fixture_advance(f, 2 * TP_SEC);
	tp_server_destroy(f->master);
	f->master = NULL;
	f->agent_peer = 0;
}

void agent_fixture_send(struct agent_fixture *f, uint16_t type,
	const struct tp_desc *desc, const void *body)
{
	ck_assert_uint_ne(f->agent_peer, 0);
	ck_assert_int_ge(tp_server_send(f->master, f->agent_peer, type, desc, body), 0);
}

const void *agent_fixture_last(struct agent_fixture *f, uint16_t type)
{
	for (size_t i = f->n_received; i-- > 0;) {
		if (f->received[i].type == type)
			return f->received[i].body;
	}
	return NULL;
}

size_t agent_fixture_count(struct agent_fixture *f, uint16_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_received; i++)
		n += f->received[i].type == type;
	return n;
}

void agent_fixture_forget(struct agent_fixture *f)
{
	f->n_received = 0;
}

/* --- life ------------------------------------------------------------------------------ */

static void asked_to_exit(void *user, int status)
{
	((struct agent_fixture *)user)->exit_status = status;
}

void agent_fixture_init(struct agent_fixture *f)
{
	struct tp_disk_service disk;
	struct tp_work_service work;

	memset(f, 0, sizeof *f);
	test_tmpdir_init(&f->dir);
	test_clock_init(&f->clock);
	f->loop = tp_loop_create(&f->clock.clock, NULL);
	f->transport = fake_transport_create(f->loop);
	f->work = work_inline_create(f->loop, 0);
	f->disk = disk_create(f->loop, (struct tp_work_service){ 0 });
	f->arena = tp_arena_create(0);
	f->auto_register = true;
	f->exit_status = -1;
	disk = disk_service(f->disk);
	work = work_inline_service(f->work);
	f->services[0] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("work", TP_WORK_ABI, work);
	f->services[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, disk);
	f->services[2] = (struct tp_kernel_service)TP_KERNEL_SERVICE(
		"transport", TP_TRANSPORT_ABI, *fake_transport_get(f->transport));
	agent_fixture_master_up(f);
}

int agent_fixture_try_start(
	struct agent_fixture *f, const char *config, struct tp_error *err)
{
	const struct tp_kernel_options options = {
		.loop = f->loop,
		.services = f->services,
		.n_services = TP_COUNT(f->services),
		.modules = f->modules,
		.n_modules = TP_COUNT(f->modules) - (f->module == NULL),
		.exit = asked_to_exit,
		.user = f,
	};
	tp_cleanup(ptr) char *text = tp_asprintf(
		"modules:\n  - module: fake-containerizer\n%s  - module: agent\n"
		"    config:\n%s      listen: tcp://127.0.0.1:0\n      work_dir: "
		"%s/daemon\n"
		"      runtime_dir: %s/run\n      hostname: test\n"
		"      resources: \"%s;disk:1000;ports:[]\"\n%s",
		f->party == NULL ? "" : "  - module: sim-election\n",
		f->party == NULL ? "      master: 127.0.0.1:5060\n" : "", f->dir.path,
		f->dir.path, f->resources == NULL ? "cpus:4;mem:4096" : f->resources,
		config);
	int r;

	f->modules[0] = &tp_module;
	f->modules[1] = &fake_module;
	f->modules[2] = &sim_election_module;
	f->modules[3] = f->module;
	f->kernel = tp_kernel_create(&options);
	r = tp_kernel_load_text(f->kernel, "test.yaml", text, NULL, 0, err);
	if (r < 0)
		return r;
	fake_of(f)->fixture = f;
	if (f->party != NULL)
		sim_party_bind(f->party, tp_kernel_instance(f->kernel, "sim-election"));
	return tp_kernel_start(f->kernel, err);
}

void agent_fixture_start(struct agent_fixture *f, const char *config)
{
	struct tp_error err = { 0 };

	ck_assert_msg(agent_fixture_try_start(f, config, &err) >= 0, "%s", err.text);
	agent_fixture_settle(f);
}

void agent_fixture_stop(struct agent_fixture *f)
{
	struct tp_done done = { stopped };

	if (f->kernel == NULL)
		return;
	tp_kernel_stop(f->kernel, &done);
	agent_fixture_advance(f, 3 * TP_SEC);
	if (f->party != NULL)
		sim_party_bind(f->party, NULL);
	tp_kernel_destroy(f->kernel);
	f->kernel = NULL;
}

void agent_fixture_fini(struct agent_fixture *f)
{
	agent_fixture_complete(f);
	for (int i = 0; i < EXECUTORS_MAX; i++)
		agent_fixture_executor_gone(&f->peers[i]);
	agent_fixture_stop(f);
	agent_fixture_master_down(f);
	work_inline_destroy(f->work);
	disk_destroy(f->disk);
	fake_transport_destroy(f->transport);
	tp_loop_destroy(f->loop);
	tp_arena_destroy(f->arena);
	test_tmpdir_fini(&f->dir);
}

void agent_fixture_settle(struct agent_fixture *f)
{
	test_clock_settle(&f->clock, f->loop);
	/* Timers that are due now, as a first registration. */
	test_clock_advance(&f->clock, f->loop, 0);
}

void agent_fixture_advance(struct agent_fixture *f, int64_t ns)
{
	test_clock_advance(&f->clock, f->loop, ns);
}

/* --- tasks ----------------------------------------------------------------------------- */

static struct tp_framework_id framework_id = { .value = "F" };

static void run(struct agent_fixture *f, const char *task_id, const char *executor_id,
	bool checkpoint)
{
	struct tp_task_id id = { .value = task_id };
	struct tp_agent_id agent_id = { .value = AGENT_ID };
	struct tp_executor_id e = { .value = executor_id };
	struct tp_command_info command = { .value = "true" };
	struct tp_value_scalar one = { .has_value_milli = true, .value_milli = 1000 };
	struct tp_resource_revocable_info revocable = { 0 };
	struct tp_resource cpus = { .name = "cpus",
		.has_type = true,
		.type = TP_VALUE_SCALAR,
		.scalar = &one,
		.revocable = f->revocable ? &revocable : NULL };
	struct tp_resource *resources[] = { &cpus };
	struct tp_executor_info executor = { .executor_id = &e, .command = &command };
	struct tp_framework_info_capability aware = { .has_type = true,
		.type = TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE };
	struct tp_framework_info_capability *capabilities[] = { &aware };
	struct tp_framework_info framework = { .user = "root",
		.name = "test",
		.id = &framework_id,
		.has_checkpoint = true,
		.checkpoint = checkpoint,
		.capabilities = capabilities,
		.n_capabilities = 1 };
	struct tp_task_info task = { .name = "task",
		.task_id = &id,
		.agent_id = &agent_id,
		.resources = resources,
		.n_resources = 1,
		.executor = executor_id == NULL ? NULL : &executor,
		.command = executor_id == NULL ? &command : NULL };

	agent_fixture_send(f, TP_MESSAGE_RUN_TASK, &tp_run_task_desc,
		&(struct tp_run_task){ .framework = &framework,
			.task = &task,
			.has_launch_executor = true,
			.launch_executor = true });
	agent_fixture_settle(f);
}

void agent_fixture_run(struct agent_fixture *f, const char *task_id, bool checkpoint)
{
	run(f, task_id, NULL, checkpoint);
}

void agent_fixture_run_in(struct agent_fixture *f, const char *task_id,
	const char *executor_id, bool checkpoint)
{
	run(f, task_id, executor_id, checkpoint);
}

void agent_fixture_kill(struct agent_fixture *f, const char *task_id)
{
	struct tp_task_id id = { .value = task_id };

	agent_fixture_send(f, TP_MESSAGE_KILL_TASK, &tp_kill_task_desc,
		&(struct tp_kill_task){ .framework_id = &framework_id, .task_id = &id });
	agent_fixture_settle(f);
}

void agent_fixture_acknowledge(struct agent_fixture *f)
{
	const struct tp_status_update *update =
		agent_fixture_last(f, TP_MESSAGE_STATUS_UPDATE);

	ck_assert_ptr_nonnull(update);
	agent_fixture_send(f, TP_MESSAGE_STATUS_UPDATE_ACK, &tp_status_update_ack_desc,
		&(struct tp_status_update_ack){ .agent_id = update->agent_id,
			.framework_id = update->framework_id,
			.task_id = update->status->task_id,
			.uuid = update->uuid });
	agent_fixture_settle(f);
}

const struct tp_task_status *agent_fixture_last_status(struct agent_fixture *f)
{
	const struct tp_status_update *update =
		agent_fixture_last(f, TP_MESSAGE_STATUS_UPDATE);

	return update == NULL ? NULL : update->status;
}

int agent_fixture_last_state(struct agent_fixture *f)
{
	const struct tp_task_status *status = agent_fixture_last_status(f);

	return status == NULL ? -1 : status->state;
}

/* --- executors ------------------------------------------------------------------------- */

static void peer_up(void *user, const struct tp_hello *server)
{
	(void)server;
	((struct peer *)user)->ups++;
}

static void peer_down(void *user, bool was_up, const struct tp_error *why)
{
	struct peer *peer = user;

	(void)was_up;
	peer->downs++;
	peer->why = *why;
}

static void peer_event(void *user, struct tp_message *message)
{
	struct peer *peer = user;

	ck_assert_uint_lt(peer->n_events, RECORDS_MAX);
	peer->events[peer->n_events++] = tp_record_copy(
		&tp_executor_event_desc, message->body, peer->fixture->arena);
}

static const struct tp_handler peer_rows[] = {
	{ TP_MESSAGE_EXECUTOR_EVENT, 0, &tp_executor_event_desc, peer_event },
};

static void peer_answered(struct tp_call *call, const struct tp_reply *reply)
{
	struct peer *peer = tp_container_of(call, struct peer, call);

	peer->call_status = reply->status;
	snprintf(peer->call_text, sizeof peer->call_text, "%s",
		reply->text == NULL ? "" : reply->text);
}

void agent_fixture_executor_call(struct peer *peer, const struct tp_executor_call *call)
{
	struct tp_error err = { 0 };

	memset(&peer->call, 0, sizeof peer->call);
	peer->call.done = peer_answered;
	peer->call_status = 1;
	ck_assert_msg(tp_link_call(peer->link, &peer->call, TP_MESSAGE_EXECUTOR_CALL,
			      &tp_executor_call_desc, call, TP_MIN, &err) >= 0,
		"%s", err.text);
	agent_fixture_settle(peer->fixture);
	ck_assert_int_ne(peer->call_status, 1);
}

struct peer *agent_fixture_executor(
	struct agent_fixture *f, int i, const char *executor_id, bool subscribe)
{
	struct peer *peer = &f->peers[i];
	struct tp_executor_id e = { .value = executor_id };
	tp_cleanup(ptr) char *id = tp_asprintf("F/%s", executor_id);
	const struct tp_link_config config = {
		.instance = &f->master_instance,
		.transport = *fake_transport_get(f->transport),
		.self = { .kind = "executor", .id = id },
		.urls = agent_fixture_container(f)->address,
		.handlers = peer_rows,
		.n_handlers = TP_COUNT(peer_rows),
		.user = peer,
		.up = peer_up,
		.down = peer_down,
	};
	struct tp_error err = { 0 };

	agent_fixture_executor_gone(peer);
	memset(peer, 0, sizeof *peer);
	peer->fixture = f;
	ck_assert_msg(tp_link_create(&config, &peer->link, &err) >= 0, "%s", err.text);
	agent_fixture_settle(f);
	if (!subscribe)
		return peer;
	ck_assert_int_eq(peer->ups, 1);
	agent_fixture_executor_call(peer,
		&(struct tp_executor_call){ .executor_id = &e,
			.framework_id = &framework_id,
			.has_type = true,
			.type = TP_EXECUTOR_CALL_SUBSCRIBE });
	ck_assert_int_eq(peer->call_status, 0);
	return peer;
}

void agent_fixture_executor_gone(struct peer *peer)
{
	if (peer->link == NULL)
		return;
	tp_link_destroy(peer->link);
	peer->link = NULL;
	agent_fixture_settle(peer->fixture);
}

void agent_fixture_update(struct peer *peer, const char *executor_id, const char *task_id,
	int state, uint32_t seed)
{
	uint8_t uuid[16];
	struct tp_executor_id e = { .value = executor_id };
	struct tp_task_id t = { .value = task_id };
	struct tp_task_status status = { .task_id = &t,
		.has_state = true,
		.state = state,
		.has_source = true,
		.source = TP_SOURCE_EXECUTOR,
		.uuid = { uuid, sizeof uuid } };
	struct tp_executor_call_update update = { .status = &status };

	memset(uuid, (int)(seed & 0xff), sizeof uuid);
	if (seed > 0xff)
		memcpy(uuid, &seed, sizeof seed);
	agent_fixture_executor_call(peer,
		&(struct tp_executor_call){ .executor_id = &e,
			.framework_id = &framework_id,
			.has_type = true,
			.type = TP_EXECUTOR_CALL_UPDATE,
			.update = &update });
}

const struct tp_executor_event *agent_fixture_event(struct peer *peer)
{
	return peer->n_events == 0 ? NULL : peer->events[peer->n_events - 1];
}

size_t agent_fixture_events(struct peer *peer, int type)
{
	size_t n = 0;

	for (size_t i = 0; i < peer->n_events; i++)
		n += peer->events[i]->type == type;
	return n;
}

/* --- operators ------------------------------------------------------------------------- */

struct question {
	struct tp_submission submission;
	struct agent_fixture *fixture;
	int status;
	const void *response;
};

static void question_done(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	struct question *q = tp_container_of(submission, struct question, submission);

	(void)error;
	q->status = status;
	if (body != NULL)
		q->response = tp_record_copy(desc, body, q->fixture->arena);
}

const struct tp_agent_response *agent_fixture_ask(
	struct agent_fixture *f, const struct tp_agent_call *call, int *ret_status)
{
	struct question q = { .fixture = f };

	q.submission = (struct tp_submission){
		.api = TP_API_OPERATOR,
		.call = call,
		.done = question_done,
	};
	for (size_t i = 0; tp_module.provides[i].kind != NULL; i++) {
		const struct tp_calls_ops *ops = tp_module.provides[i].ops;

		if (strcmp(tp_module.provides[i].kind, "calls") == 0)
			ops->submit(
				tp_kernel_instance(f->kernel, "agent"), &q.submission);
	}
	agent_fixture_settle(f);
	ck_assert_int_ne(q.status, 0);
	*ret_status = q.status;
	return q.response;
}
