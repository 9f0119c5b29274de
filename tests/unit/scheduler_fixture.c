/* SPDX-License-Identifier: Apache-2.0 */
/* See scheduler_fixture.h. */
#include "tests/unit/scheduler_fixture.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"

static const void *parse(
	const struct tp_desc *desc, const char *json, struct tp_arena *arena)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_error err = { 0 };
	void *record;

	tp_strbuf_puts(&text, json);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\'')
			text.data[i] = '"';
	}
	ck_assert_msg(tp_json_decode(desc, tp_strbuf_text(&text), text.len, arena,
			      &record, &err) >= 0,
		"%s in %s", err.text, json);
	return record;
}

static void print(struct tp_strbuf *to, const struct tp_desc *desc, const void *record)
{
	size_t from = to->len;

	tp_json_encode(desc, record, TP_JSON_BARE | TP_JSON_NATIVE, to);
	for (size_t i = from; i < to->len; i++) {
		if (to->data[i] == '"')
			to->data[i] = '\'';
	}
}

/* --- the framework --------------------------------------------------------------------- */

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *framework_id, const struct tp_master_info *master)
{
	struct scheduler_fixture *f = user;

	ck_assert_ptr_eq(driver, f->driver);
	tp_strbuf_printf(&f->told, "registered(%s %s %s:%u) ", framework_id->value,
		master->id, master->hostname, master->port);
}

static void on_reregistered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_master_info *master)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "reregistered(%s) ", master->id);
}

static void on_disconnected(struct tp_scheduler_driver *driver, void *user)
{
	struct scheduler_fixture *f = user;

	tp_strbuf_puts(&f->told, "disconnected() ");
	if (f->stops_on_disconnected)
		ck_assert_int_eq(
			tp_scheduler_driver_stop(driver, false), TP_DRIVER_STOPPED);
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	struct scheduler_fixture *f = user;

	for (size_t i = 0; i < n_offers; i++)
		tp_strbuf_printf(&f->told, "offer(%s %s %s) ", offers[i]->id->value,
			offers[i]->agent_id->value, offers[i]->hostname);
	if (f->declines_on_offers)
		ck_assert_int_eq(
			tp_scheduler_driver_decline_offer(driver, offers[0]->id, NULL),
			TP_DRIVER_RUNNING);
	if (f->aborts_on_offers)
		ck_assert_int_eq(tp_scheduler_driver_abort(driver), TP_DRIVER_ABORTED);
}

static void on_offer_rescinded(struct tp_scheduler_driver *driver, void *user,
	const struct tp_offer_id *offer_id)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "rescinded(%s) ", offer_id->value);
}

static void on_inverse_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_inverse_offer *const *offers, size_t n_offers)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	for (size_t i = 0; i < n_offers; i++)
		tp_strbuf_printf(&f->told, "inverse_offer(%s) ", offers[i]->id->value);
}

static void on_inverse_offer_rescinded(struct tp_scheduler_driver *driver, void *user,
	const struct tp_offer_id *offer_id)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "inverse_rescinded(%s) ", offer_id->value);
}

static void on_status_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct scheduler_fixture *f = user;

	tp_strbuf_printf(&f->told, "update(%s %s source=%s reason=%s uuid=%zu '%s') ",
		status->task_id->value, tp_enum_name(&tp_task_state_enum, status->state),
		status->has_source
			? tp_enum_name(&tp_task_status_source_enum, status->source)
			: "-",
		status->has_reason
			? tp_enum_name(&tp_task_status_reason_enum, status->reason)
			: "-",
		status->uuid.len, status->message == NULL ? "" : status->message);
	if (f->acknowledges)
		ck_assert_int_eq(tp_scheduler_driver_acknowledge(driver, status),
			TP_DRIVER_RUNNING);
}

static void on_operation_status_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_operation_status *status)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "operation(%d) ", status->state);
}

static void on_framework_message(struct tp_scheduler_driver *driver, void *user,
	const struct tp_executor_id *executor_id, const struct tp_agent_id *agent_id,
	const void *data, size_t len)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "message(%s %s '%.*s') ", executor_id->value,
		agent_id->value, (int)len, (const char *)data);
}

static void on_agent_lost(struct tp_scheduler_driver *driver, void *user,
	const struct tp_agent_id *agent_id)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "agent_lost(%s) ", agent_id->value);
}

static void on_executor_lost(struct tp_scheduler_driver *driver, void *user,
	const struct tp_executor_id *executor_id, const struct tp_agent_id *agent_id,
	int wait_status)
{
	struct scheduler_fixture *f = user;

	(void)driver;
	tp_strbuf_printf(&f->told, "executor_lost(%s %s %d) ", executor_id->value,
		agent_id->value, wait_status);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	struct scheduler_fixture *f = user;

	/* Aborted before it is called: every call says so. */
	ck_assert_int_eq(
		tp_scheduler_driver_revive_offers(driver, NULL, 0), TP_DRIVER_ABORTED);
	ck_assert_int_eq(tp_scheduler_driver_join(driver), TP_DRIVER_ABORTED);
	tp_strbuf_printf(&f->told, "error(%s) ", message);
}

static const struct tp_scheduler callbacks = {
	.registered = on_registered,
	.reregistered = on_reregistered,
	.disconnected = on_disconnected,
	.resource_offers = on_offers,
	.offer_rescinded = on_offer_rescinded,
	.inverse_offers = on_inverse_offers,
	.inverse_offer_rescinded = on_inverse_offer_rescinded,
	.status_update = on_status_update,
	.operation_status_update = on_operation_status_update,
	.framework_message = on_framework_message,
	.agent_lost = on_agent_lost,
	.executor_lost = on_executor_lost,
	.error = on_error,
};

/* --- masters --------------------------------------------------------------------------- */

static void subscribed(struct fake_master *m, const struct tp_message *message)
{
	tp_cleanup(ptr) char *event = NULL;

	m->peer = message->peer;
	m->n_subscribes++;
	if (m->silent)
		return;
	if (m->refuses_code != 0) {
		tp_server_reply_error(m->server, message->peer, message->call,
			m->refuses_code, m->refuses_text);
		return;
	}
	tp_server_reply(m->server, message->peer, message->call, NULL, NULL, false);
	event = tp_asprintf("{'type':'SUBSCRIBED','subscribed':{"
			    "'framework_id':{'value':'f1'},'master_info':{'id':'%s',"
			    "'ip':1,'port':5060,'hostname':'h'}}}",
		m->id);
	fake_master_say(m, event);
}

static void on_call(void *user, struct tp_message *message)
{
	struct fake_master *m = user;
	const struct tp_scheduler_call *call = message->body;
	struct tp_scheduler_call bare = *call;

	/* Said once, by the name of the call. */
	bare.has_type = false;
	if (call->type != TP_SCHEDULER_CALL_SUBSCRIBE) {
		ck_assert_str_eq(call->framework_id->value, "f1");
		bare.framework_id = NULL;
	}
	tp_strbuf_puts(&m->heard, tp_enum_name(&tp_scheduler_call_type_enum, call->type));
	print(&m->heard, &tp_scheduler_call_desc, &bare);
	tp_strbuf_puts(&m->heard, " ");
	if (call->type == TP_SCHEDULER_CALL_SUBSCRIBE)
		subscribed(m, message);
	else if (call->type == TP_SCHEDULER_CALL_UPDATE_FRAMEWORK && m->refuses_update)
		tp_server_reply_error(m->server, message->peer, message->call, EINVAL,
			"the user cannot change");
	else if (message->call != 0 && !m->silent)
		tp_server_reply(
			m->server, message->peer, message->call, NULL, NULL, false);
}

static int on_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	(void)user;
	(void)err;
	ck_assert_str_eq(info->hello.kind, "scheduler");
	/* Or a second scheduler of a framework would evict the first before it is told. */
	ck_assert_str_eq(info->hello.id, "");
	return 0;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	struct fake_master *m = user;

	(void)why;
	if (peer == m->peer)
		m->peer = 0;
}

static void master_start(struct scheduler_fixture *f, struct fake_master *m, int number)
{
	static const struct tp_handler handlers[] = { { TP_MESSAGE_SCHEDULER_CALL, 0,
		&tp_scheduler_call_desc, on_call } };
	struct tp_error err = { 0 };

	m->fixture = f;
	m->instance.topic.name = "master";
	m->instance.loop = f->loop;
	snprintf(m->id, sizeof m->id, "m%d", number);
	snprintf(m->url, sizeof m->url, "tcp://10.0.0.%d:5060", number);
	const struct tp_server_config config = {
		.instance = &m->instance,
		.transport = *fake_transport_get(f->transport),
		.self = { "master", m->id, 0 },
		.handlers = handlers,
		.n_handlers = 1,
		.user = m,
		.admit = on_admit,
		.closed = on_closed,
	};
	ck_assert_int_eq(tp_server_create(&config, &m->server, &err), 0);
	ck_assert_msg(tp_server_listen(m->server, m->url, 0, &err) >= 0, "%s", err.text);
}

void fake_master_say(struct fake_master *m, const char *event)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);

	ck_assert_int_eq(tp_server_send(m->server, m->peer, TP_MESSAGE_SCHEDULER_EVENT,
				 &tp_scheduler_event_desc,
				 parse(&tp_scheduler_event_desc, event, arena)),
		0);
}

void fake_master_hang_up(struct fake_master *m)
{
	tp_server_kick(m->server, m->peer, "go away");
	scheduler_fixture_advance(m->fixture, 0);
}

/* --- the election ---------------------------------------------------------------------- */

static void detect(void *impl, struct tp_detector *detector)
{
	struct scheduler_fixture *f = impl;

	ck_assert_ptr_null(f->detector);
	f->detector = detector;
}

static void ignore(void *impl, struct tp_detector *detector)
{
	struct scheduler_fixture *f = impl;

	ck_assert_ptr_eq(f->detector, detector);
	f->detector = NULL;
}

static const struct tp_election_ops election_ops = {
	.detect = detect,
	.ignore = ignore,
};

void scheduler_fixture_elect(struct scheduler_fixture *f, struct fake_master *leader)
{
	struct tp_address address = { .has_port = true, .port = 5060 };
	struct tp_master_info info = { .has_ip = true, .address = &address };
	char ip[32];

	ck_assert_ptr_nonnull(f->detector);
	if (leader != NULL) {
		snprintf(ip, sizeof ip, "10.0.0.%d", atoi(leader->id + 1));
		info.id = leader->id;
		address.ip = ip;
	}
	f->detector->changed(f->detector, leader == NULL ? NULL : &info);
	scheduler_fixture_advance(f, 0);
}

/* --- all of it ------------------------------------------------------------------------- */

void scheduler_fixture_start(struct scheduler_fixture *f)
{
	memset(f, 0, sizeof *f);
	test_clock_init(&f->clock);
	f->loop = tp_loop_create(&f->clock.clock, NULL);
	f->transport = fake_transport_create(f->loop);
	for (int i = 0; i < MASTERS_MAX; i++)
		master_start(f, &f->masters[i], i + 1);
}

void scheduler_fixture_stop(struct scheduler_fixture *f)
{
	tp_scheduler_driver_destroy(f->driver);
	ck_assert_ptr_null(f->detector);
	for (int i = 0; i < MASTERS_MAX; i++) {
		tp_server_destroy(f->masters[i].server);
		tp_strbuf_fini(&f->masters[i].heard);
	}
	fake_transport_destroy(f->transport);
	tp_loop_destroy(f->loop);
	tp_strbuf_fini(&f->told);
}

void scheduler_fixture_create(struct scheduler_fixture *f, const char *framework,
	bool explicit_acknowledgements, bool by_election)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_scheduler_place place = {
		.loop = f->loop,
		.transport = *fake_transport_get(f->transport),
		.election = { by_election ? &election_ops : NULL, f },
	};
	const struct tp_scheduler_options options = {
		.scheduler = &callbacks,
		.user = f,
		.framework = parse(&tp_framework_info_desc, framework, arena),
		.master = by_election ? NULL : f->masters[0].url,
		.explicit_acknowledgements = explicit_acknowledgements,
	};
	struct tp_error err = { 0 };

	ck_assert_msg(
		tp_scheduler_driver_create_at(&options, &place, &f->driver, &err) >= 0,
		"%s", err.text);
}

void scheduler_fixture_subscribe(struct scheduler_fixture *f, const char *framework,
	bool explicit_acknowledgements, bool by_election)
{
	scheduler_fixture_create(f, framework, explicit_acknowledgements, by_election);
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_RUNNING);
	ck_assert_str_eq(tp_strbuf_text(&f->told), "");
	scheduler_fixture_advance(f, 0);
	if (by_election)
		scheduler_fixture_elect(f, &f->masters[0]);
	expect_told(f, "registered(f1 m1 h:5060) ");
	tp_strbuf_clear(&f->masters[0].heard);
}

void scheduler_fixture_advance(struct scheduler_fixture *f, int64_t ns)
{
	test_clock_advance(&f->clock, f->loop, ns);
}

void expect_told(struct scheduler_fixture *f, const char *text)
{
	ck_assert_str_eq(tp_strbuf_text(&f->told), text);
	tp_strbuf_clear(&f->told);
}

void expect_heard(struct fake_master *m, const char *text)
{
	ck_assert_str_eq(tp_strbuf_text(&m->heard), text);
	tp_strbuf_clear(&m->heard);
}

void expect_heard_parts(struct fake_master *m, const char *parts)
{
	tp_cleanup(ptr) char *copy = tp_strdup(parts);
	char *rest = copy, *part;

	while ((part = strsep(&rest, "|")) != NULL)
		ck_assert_msg(strstr(tp_strbuf_text(&m->heard), part) != NULL,
			"'%s' is not in '%s'", part, tp_strbuf_text(&m->heard));
	tp_strbuf_clear(&m->heard);
}

enum tp_status scheduler_fixture_launch(struct scheduler_fixture *f, bool group)
{
	static const char *const launches[] = {
		"{'type':'LAUNCH','launch':{'task_infos':[{'name':'n',"
		"'task_id':{'value':'t1'},'agent_id':{'value':'a1'}}]}}",
		"{'type':'LAUNCH_GROUP','launch_group':{"
		"'executor':{'executor_id':{'value':'e1'}},'task_group':{'tasks':["
		"{'name':'n','task_id':{'value':'t2'},'agent_id':{'value':'a1'}},"
		"{'name':'n','task_id':{'value':'t3'},'agent_id':{'value':'a1'}}]}}}",
	};
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_offer_id id = { .value = "o1" }, *ids[] = { &id };
	struct tp_offer_operation *operations[2] = {
		(struct tp_offer_operation *)parse(
			&tp_offer_operation_desc, launches[0], arena),
		(struct tp_offer_operation *)parse(
			&tp_offer_operation_desc, launches[1], arena),
	};

	return tp_scheduler_driver_accept_offers(
		f->driver, ids, 1, operations, group ? 2 : 1, NULL);
}
