/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See master_fixture.h. Records are written and read as JSON, so that a test shows what goes
 * over the wire and nothing else.
 */
#include "tests/unit/master_fixture.h"

#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/kind/daemon.h"
#include "tepui/kind/election.h"
#include "tepui/kind/registry.h"
#include "tepui/metrics.h"
#include "tepui/record.h"
#include "tepui/resources.h"

#define MASTER_URL "tcp://127.0.0.1:5060"

extern const struct tp_module tp_module; /* the master's */

struct fake {
	struct tp_instance instance;
	struct master_fixture *fixture;
	struct tp_defer defer;
	struct tp_candidate *candidate;
	struct tp_detector *detector;
	struct tp_registry_request *request;
	int status;
};

/* --- the registry ---------------------------------------------------------------------- */

static int registry_open(void *impl, const char *work_dir, struct tp_error *err)
{
	(void)impl, (void)work_dir, (void)err;
	return 0;
}

static void answer_fetch(struct tp_defer *defer)
{
	struct fake *self = tp_container_of(defer, struct fake, defer);
	struct master_fixture *f = self->fixture;
	struct tp_registry_entry entries[VARIABLES_MAX];

	for (size_t i = 0; i < f->n_variables; i++)
		entries[i] = (struct tp_registry_entry){ f->variables[i].name,
			f->variables[i].data, f->variables[i].len };
	self->request->version = (uint64_t)f->stores;
	self->request->entries = entries;
	self->request->n_entries = f->n_variables;
	self->request->done(self->request, 0);
}

static void registry_fetch(void *impl, struct tp_registry_request *request)
{
	struct fake *self = impl;

	self->fixture->fetches++;
	self->request = request;
	self->defer.run = answer_fetch;
	tp_loop_defer(self->instance.loop, &self->defer);
}

static void apply(struct master_fixture *f, const struct tp_registry_entry *change)
{
	size_t i = 0;

	while (i < f->n_variables && strcmp(f->variables[i].name, change->name) != 0)
		i++;
	if (change->data == NULL) {
		if (i < f->n_variables)
			f->variables[i] = f->variables[--f->n_variables];
		return;
	}
	/* A random agent may be more than fits: the master cannot tell. */
	if (i == VARIABLES_MAX || change->len > sizeof f->variables[i].data)
		return;
	if (i == f->n_variables)
		f->n_variables++;
	snprintf(f->variables[i].name, sizeof f->variables[i].name, "%s", change->name);
	memcpy(f->variables[i].data, change->data, change->len);
	f->variables[i].len = change->len;
}

static void answer_store(struct tp_defer *defer)
{
	struct fake *self = tp_container_of(defer, struct fake, defer);
	struct tp_registry_request *request = self->request;

	self->request = NULL;
	if (self->status < 0)
		tp_fail(&request->err, -self->status, "the fake says no");
	request->version = (uint64_t)self->fixture->stores;
	request->done(request, self->status);
}

static void registry_store(void *impl, struct tp_registry_request *request,
	const struct tp_registry_entry *changes, size_t n)
{
	struct fake *self = impl;
	struct master_fixture *f = self->fixture;

	ck_assert_uint_eq(request->version, (uint64_t)f->stores);
	self->status = f->store_status;
	if (self->status >= 0)
		f->stores++;
	for (size_t i = 0; self->status >= 0 && i < n; i++)
		apply(f, &changes[i]);
	self->request = request;
	self->defer.run = answer_store;
	if (!f->store_held)
		tp_loop_defer(self->instance.loop, &self->defer);
}

static const struct tp_registry_ops registry_ops = {
	.open = registry_open,
	.fetch = registry_fetch,
	.store = registry_store,
};

void fixture_answer_store(struct master_fixture *f)
{
	struct fake *self = tp_kernel_instance(f->kernel, "fake-registry");

	tp_loop_defer(f->loop, &self->defer);
	fixture_settle(f);
}

void fixture_release_store(struct master_fixture *f)
{
	f->store_held = false;
	fixture_answer_store(f);
}

bool fixture_has_variable(const struct master_fixture *f, const char *prefix)
{
	for (size_t i = 0; i < f->n_variables; i++) {
		if (strncmp(f->variables[i].name, prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

/* --- the election ---------------------------------------------------------------------- */

static void elect(struct tp_defer *defer)
{
	struct fake *self = tp_container_of(defer, struct fake, defer);

	self->candidate->elected(self->candidate);
}

static void election_contend(void *impl, struct tp_candidate *candidate)
{
	struct fake *self = impl;

	self->candidate = candidate;
	self->defer.run = elect;
	if (!self->fixture->standby)
		tp_loop_defer(self->instance.loop, &self->defer);
}

static void election_withdraw(void *impl, struct tp_candidate *candidate)
{
	struct fake *self = impl;

	(void)candidate;
	tp_loop_undefer(self->instance.loop, &self->defer);
}

static void election_detect(void *impl, struct tp_detector *detector)
{
	((struct fake *)impl)->detector = detector;
}

static void election_ignore(void *impl, struct tp_detector *detector)
{
	(void)detector;
	((struct fake *)impl)->detector = NULL;
}

static const struct tp_election_ops election_ops = {
	.contend = election_contend,
	.withdraw = election_withdraw,
	.detect = election_detect,
	.ignore = election_ignore,
};

void fixture_elect(struct master_fixture *f)
{
	struct fake *self = tp_kernel_instance(f->kernel, "fake-election");

	tp_loop_defer(f->loop, &self->defer);
	fixture_settle(f);
}

void fixture_depose(struct master_fixture *f, const char *why)
{
	struct fake *self = tp_kernel_instance(f->kernel, "fake-election");

	self->candidate->lost(self->candidate, why);
	fixture_settle(f);
}

void fixture_lead(struct master_fixture *f, const struct tp_master_info *leader)
{
	struct fake *self = tp_kernel_instance(f->kernel, "fake-election");

	self->detector->changed(self->detector, leader);
}

#define FAKE(kind, fake_abi, table) \
	{ \
		TP_MODULE_HEADER, \
			.name = "fake-" kind, .version = "1", \
			.summary = "What the test says", \
			.provides = \
				(const struct tp_provide[]){ \
					TP_PROVIDE(kind, fake_abi, table), { 0 } \
				}, \
			.instance_size = sizeof(struct fake) \
	}

static const struct tp_module fake_registry =
	FAKE("registry", TP_REGISTRY_ABI, registry_ops);
static const struct tp_module fake_election =
	FAKE("election", TP_ELECTION_ABI, election_ops);

/* --- life ------------------------------------------------------------------------------ */

static void asked_to_exit(void *user, int status)
{
	((struct master_fixture *)user)->exit_status = status;
}

static void bind_fake(struct master_fixture *f, const char *name)
{
	((struct fake *)tp_kernel_instance(f->kernel, name))->fixture = f;
}

static void start(struct master_fixture *f, const char *config)
{
	const struct tp_module *const modules[] = { &tp_module, f->allocator_module,
		&fake_registry, &fake_election };
	const struct tp_kernel_options options = {
		.loop = f->loop,
		.services = f->services,
		.n_services = TP_COUNT(f->services),
		.modules = modules,
		.n_modules = TP_COUNT(modules),
		.exit = asked_to_exit,
		.user = f,
	};
	tp_cleanup(ptr) char *text = tp_asprintf(
		"modules:\n  - module: fake-allocator\n  - module: fake-registry\n"
		"  - module: fake-election\n  - module: master\n    config:\n"
		"      work_dir: %s/daemon\n%s",
		f->dir.path, config == NULL ? "" : config);
	struct tp_error err = { 0 };
	int r;

	f->exit_status = -1;
	f->kernel = tp_kernel_create(&options);
	r = tp_kernel_load_text(f->kernel, "test.yaml", text, NULL, 0, &err);
	ck_assert_msg(r >= 0, "%s", err.text);
	fixture_allocator_bind(f);
	bind_fake(f, "fake-registry");
	bind_fake(f, "fake-election");
	ck_assert_msg(tp_kernel_start(f->kernel, &err) >= 0, "%s", err.text);
	fixture_settle(f);
}

void fixture_init(struct master_fixture *f, const char *config)
{
	fixture_init_with(f, &fixture_allocator, config);
}

void fixture_init_with(
	struct master_fixture *f, const struct tp_module *allocator, const char *config)
{
	struct tp_disk_service disk;
	struct tp_work_service work;

	memset(f, 0, sizeof *f);
	f->allocator_module = allocator;
	test_tmpdir_init(&f->dir);
	test_clock_init(&f->clock);
	f->loop = tp_loop_create(&f->clock.clock, NULL);
	f->transport = fake_transport_create(f->loop);
	f->work = work_inline_create(f->loop, 0);
	f->disk = disk_create(f->loop, (struct tp_work_service){ 0 });
	disk = disk_service(f->disk);
	work = work_inline_service(f->work);
	f->services[0] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("work", TP_WORK_ABI, work);
	f->services[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, disk);
	f->services[2] = (struct tp_kernel_service)TP_KERNEL_SERVICE(
		"transport", TP_TRANSPORT_ABI, *fake_transport_get(f->transport));
	start(f, config);
}

static void stopped(struct tp_done *done, int status)
{
	(void)done, (void)status;
}

static void stop(struct master_fixture *f)
{
	struct tp_done done = { stopped };

	tp_kernel_stop(f->kernel, &done);
	fixture_advance(f, 3 * TP_SEC);
	tp_kernel_destroy(f->kernel);
	f->kernel = NULL;
}

void fixture_restart(struct master_fixture *f, const char *config)
{
	stop(f);
	fixture_forget(f);
	start(f, config);
	fixture_advance(f, 2 * TP_SEC); /* the links come back */
}

void fixture_fini(struct master_fixture *f)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		client_down(&f->clients[i]);
	stop(f);
	tp_strbuf_fini(&f->log);
	work_inline_destroy(f->work);
	disk_destroy(f->disk);
	fake_transport_destroy(f->transport);
	tp_loop_destroy(f->loop);
	test_tmpdir_fini(&f->dir);
}

struct wanted {
	const char *name;
	double value;
	bool found;
};

static void take_metric(void *arg, const char *name, double value)
{
	struct wanted *wanted = arg;

	if (strcmp(name, wanted->name) != 0)
		return;
	wanted->value = value;
	wanted->found = true;
}

double fixture_metric(struct master_fixture *f, const char *name)
{
	const struct tp_instance *instance = tp_kernel_instance(f->kernel, "master");
	struct wanted wanted = { .name = name };

	tp_metrics_each(instance->metrics, take_metric, &wanted);
	ck_assert_msg(wanted.found, "there is no metric %s", name);
	return wanted.value;
}

void fixture_settle(struct master_fixture *f)
{
	test_clock_settle(&f->clock, f->loop);
	test_clock_advance(&f->clock, f->loop, 0);
}

void fixture_advance(struct master_fixture *f, int64_t ns)
{
	test_clock_advance(&f->clock, f->loop, ns);
}

const char *fixture_master_id(struct master_fixture *f)
{
	const struct tp_daemon_ops *ops = tp_module.provides[0].ops;

	return ops->id(tp_kernel_instance(f->kernel, "master"));
}

/* --- clients --------------------------------------------------------------------------- */

static void hear(
	struct client *c, uint16_t type, const struct tp_desc *desc, const void *body)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	tp_strbuf_printf(&out, "%u ", type);
	if (body != NULL)
		tp_json_encode(desc, body, TP_JSON_NATIVE | TP_JSON_BARE, &out);
	ck_assert_uint_lt(c->n_heard, HEARD_MAX);
	c->heard[c->n_heard++] = tp_strbuf_steal(&out);
}

static const struct heard_type {
	uint16_t type;
	const struct tp_desc *desc;
} heard_types[HEARD_TYPES] = {
	{ TP_MESSAGE_SCHEDULER_EVENT, &tp_scheduler_event_desc },
	{ TP_MESSAGE_AGENT_REGISTERED, &tp_agent_registered_desc },
	{ TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc },
	{ TP_MESSAGE_AGENT_SHUTDOWN, &tp_agent_shutdown_desc },
	{ TP_MESSAGE_RUN_TASK, &tp_run_task_desc },
	{ TP_MESSAGE_KILL_TASK, &tp_kill_task_desc },
	{ TP_MESSAGE_STATUS_UPDATE_ACK, &tp_status_update_ack_desc },
	{ TP_MESSAGE_FRAMEWORK_TO_EXECUTOR, &tp_framework_to_executor_desc },
	{ TP_MESSAGE_SHUTDOWN_FRAMEWORK, &tp_shutdown_framework_desc },
	{ TP_MESSAGE_SHUTDOWN_EXECUTOR, &tp_shutdown_executor_desc },
	{ TP_MESSAGE_UPDATE_FRAMEWORK, &tp_update_framework_desc },
	{ TP_MESSAGE_APPLY_OPERATION, &tp_apply_operation_desc },
	{ TP_MESSAGE_ACK_OPERATION_STATUS, &tp_ack_operation_status_desc },
};

static void on_message(void *user, struct tp_message *message)
{
	static const struct tp_agent_pong pong;
	struct client *c = user;

	if (message->type == TP_MESSAGE_AGENT_PING && !c->mute)
		tp_link_send(c->link, TP_MESSAGE_AGENT_PONG, &tp_agent_pong_desc, &pong);
	for (size_t i = 0; i < HEARD_TYPES; i++) {
		if (heard_types[i].type == message->type)
			hear(user, message->type, heard_types[i].desc, message->body);
	}
}

static void on_up(void *user, const struct tp_hello *server)
{
	(void)server;
	((struct client *)user)->up = true;
	((struct client *)user)->n_ups++;
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	(void)was_up, (void)why;
	((struct client *)user)->up = false;
}

struct client *client_dial(struct master_fixture *f, int i, const char *kind)
{
	struct client *c = &f->clients[i];
	struct tp_link_config config = {
		.instance = &c->instance,
		.transport = *fake_transport_get(f->transport),
		.self = { .kind = kind, .id = "" },
		.urls = MASTER_URL,
		.handlers = c->handlers,
		.n_handlers = HEARD_TYPES,
		.user = c,
		.up = on_up,
		.down = on_down,
	};
	struct tp_error err = { 0 };

	for (size_t k = 0; k < HEARD_TYPES; k++)
		c->handlers[k] = (struct tp_handler){ heard_types[k].type, 0,
			heard_types[k].desc, on_message };
	tp_link_destroy(c->link);
	c->link = NULL;
	c->fixture = f;
	c->mute = false;
	c->n_ups = 0;
	c->instance.topic.name = kind;
	c->instance.loop = f->loop;
	ck_assert_msg(tp_link_create(&config, &c->link, &err) >= 0, "%s", err.text);
	fixture_settle(f);
	return c;
}

struct client *client_up(struct master_fixture *f, int i, const char *kind)
{
	struct client *c = client_dial(f, i, kind);

	ck_assert(c->up);
	return c;
}

void client_down(struct client *c)
{
	if (c->link == NULL)
		return;
	tp_link_destroy(c->link);
	c->link = NULL;
	c->up = false;
	client_forget(c);
	fixture_advance(c->fixture, 2 * TP_SEC);
}

static void *parse(const struct tp_desc *desc, const char *format, va_list args,
	struct tp_arena *arena)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_error err = { 0 };
	void *record;

	tp_strbuf_vprintf(&text, format, args);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			text.data[i] = '"';
	}
	ck_assert_msg(tp_json_decode(desc, tp_strbuf_text(&text), text.len, arena,
			      &record, &err) >= 0,
		"%s in %s", err.text, tp_strbuf_text(&text));
	return record;
}

void client_send(struct client *c, uint16_t type, const struct tp_desc *desc,
	const char *json, ...)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	va_list args;
	void *body;

	va_start(args, json);
	body = parse(desc, json, args, arena);
	va_end(args);
	ck_assert_int_ge(tp_link_send(c->link, type, desc, body), 0);
	fixture_settle(c->fixture);
}

static void on_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct client *c = tp_container_of(call, struct client, call);

	if (reply->more || reply->body != NULL)
		hear(c, 0, call->reply_desc, reply->body);
	if (reply->more)
		return;
	c->answered = true;
	c->status = reply->status;
	snprintf(c->text, sizeof c->text, "%s", reply->text == NULL ? "" : reply->text);
}

static int call(struct client *c, uint16_t type, const struct tp_desc *desc,
	const struct tp_desc *reply, const char *json, va_list args)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = { 0 };
	void *body = parse(desc, json, args, arena);

	memset(&c->call, 0, sizeof c->call);
	c->call.reply_desc = reply;
	c->call.done = on_answer;
	c->answered = false;
	ck_assert_msg(
		tp_link_call(c->link, &c->call, type, desc, body, TP_HOUR, &err) >= 0,
		"%s", err.text);
	fixture_settle(c->fixture);
	return c->answered ? c->status : 1;
}

int client_call(struct client *c, uint16_t type, const struct tp_desc *desc,
	const struct tp_desc *reply, const char *json, ...)
{
	va_list args;
	int r;

	va_start(args, json);
	r = call(c, type, desc, reply, json, args);
	va_end(args);
	return r;
}

int client_scheduler(struct client *c, const char *json, ...)
{
	va_list args;
	int r;

	va_start(args, json);
	r = call(c, TP_MESSAGE_SCHEDULER_CALL, &tp_scheduler_call_desc, NULL, json, args);
	va_end(args);
	return r;
}

int client_operator(struct client *c, const char *json, ...)
{
	const struct tp_desc *reply = strstr(json, "SUBSCRIBE") != NULL
		? &tp_master_event_desc
		: &tp_master_response_desc;
	va_list args;
	int r;

	va_start(args, json);
	r = call(c, TP_MESSAGE_MASTER_CALL, &tp_master_call_desc, reply, json, args);
	va_end(args);
	return r;
}

static bool contains(const char *heard, const char *text)
{
	char wanted[512];

	snprintf(wanted, sizeof wanted, "%s", text);
	for (char *c = wanted; *c != '\0'; c++) {
		if (*c == '\'')
			*c = '"';
	}
	return strstr(heard, wanted) != NULL;
}

const char *client_heard(struct client *c, const char *text)
{
	for (size_t i = c->n_heard; i-- > 0;) {
		if (contains(c->heard[i], text))
			return c->heard[i];
	}
	return NULL;
}

size_t client_count(struct client *c, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_heard; i++)
		n += contains(c->heard[i], text);
	return n;
}

void client_forget(struct client *c)
{
	for (size_t i = 0; i < c->n_heard; i++)
		tp_free(c->heard[i]);
	c->n_heard = 0;
}

/* --- scenes ---------------------------------------------------------------------------- */

struct client *fixture_agent(struct master_fixture *f, int i)
{
	struct client *c = client_up(f, i, "agent");

	client_send(c, TP_MESSAGE_AGENT_REGISTER, &tp_agent_register_desc,
		"{'agent':{'hostname':'host%d','resources':[" CPUS(
			4) "]},"
			   "'address':'tcp://host:5061','version':'1.0'}",
		i);
	return c;
}

struct client *fixture_scheduler(struct master_fixture *f, int i, const char *extra)
{
	struct client *c = client_up(f, i, "scheduler");

	ck_assert_int_eq(client_scheduler(c,
				 "{'type':'SUBSCRIBE','subscribe':{'framework_info':"
				 "{'user':'u','name':'test'%s}}}",
				 extra),
		0);
	return c;
}

void fixture_reregister(
	struct client *c, const char *master_id, const char *task, const char *state)
{
	tp_cleanup(ptr) char *tasks = task == NULL
		? tp_strdup("")
		: tp_asprintf("'tasks':[{'name':'n','task_id':{'value':'%s'},"
			      "'framework_id':{'value':'%s-0000'},"
			      "'agent_id':{'value':'%s-S0'},'state':'%s',"
			      "'resources':[{'name':'cpus','type':'SCALAR',"
			      "'scalar':{'value':1},'allocation_info':{'role':'*'}}]}],"
			      "'frameworks':[{'user':'u','name':'test','checkpoint':true,"
			      "'failover_timeout':3600,'id':{'value':'%s-0000'}}],",
			  task, master_id, master_id, state, master_id);

	client_send(c, TP_MESSAGE_AGENT_REREGISTER, &tp_agent_reregister_desc,
		"{%s'agent':{'hostname':'host0','id':{'value':'%s-S0'},"
		"'resources':[" CPUS(4) "]},'version':'1.0'}",
		tasks, master_id);
}

void fixture_launch(struct master_fixture *f, struct client *c, unsigned framework,
	unsigned offer, const char *task)
{
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(c,
			"{'type':'ACCEPT','framework_id':{'value':'%s-%04u'},'accept':{"
			"'offer_ids':[{'value':'%s-O%u'}],'operations':[{'type':'LAUNCH',"
			"'launch':{'task_infos':[{'name':'n','task_id':{'value':'%s'},"
			"'agent_id':{'value':'%s-S0'},'resources':[" CPUS(
				1) "],"
				   "'command':{'value':'true'}}]}}]}}",
			id, framework, id, offer, task, id),
		0);
}

void fixture_update(struct master_fixture *f, struct client *agent, unsigned framework,
	const char *task, const char *state, const char *latest, char seed)
{
	const char *id = fixture_master_id(f);
	/* 16 equal bytes below 64, in base64. */
	static const char *const uuids[] = { "", "AQEBAQEBAQEBAQEBAQEBAQ==",
		"AgICAgICAgICAgICAgICAg==", "AwMDAwMDAwMDAwMDAwMDAw==" };
	tp_cleanup(ptr) char *uuid =
		seed == 0 ? tp_strdup("") : tp_asprintf(",'uuid':'%s'", uuids[(int)seed]);

	client_send(agent, TP_MESSAGE_STATUS_UPDATE, &tp_status_update_desc,
		"{'framework_id':{'value':'%s-%04u'},'agent_id':{'value':'%s-S0'},"
		"'status':{'task_id':{'value':'%s'},'state':'%s'%s,"
		"'source':'SOURCE_EXECUTOR'},'timestamp':1,'latest_state':'%s'%s}",
		id, framework, id, task, state, uuid, latest, uuid);
}

void fixture_acknowledge(struct master_fixture *f, struct client *c, unsigned framework,
	const char *task, char seed)
{
	static const char *const uuids[] = { "", "AQEBAQEBAQEBAQEBAQEBAQ==",
		"AgICAgICAgICAgICAgICAg==", "AwMDAwMDAwMDAwMDAwMDAw==" };
	const char *id = fixture_master_id(f);

	ck_assert_int_eq(
		client_scheduler(c,
			"{'type':'ACKNOWLEDGE','framework_id':{'value':'%s-%04u'},"
			"'acknowledge':{'agent_id':{'value':'%s-S0'},"
			"'task_id':{'value':'%s'},'uuid':'%s'}}",
			id, framework, id, task, uuids[(int)seed]),
		0);
}
