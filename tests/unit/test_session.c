/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions from both ends: handshake and refusal, messages, calls and all the ways they end,
 * rights, eviction. What strangers send by hand is in test_session_frames.c.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/net/frame.h"
#include "tests/unit/session_fixture.h"

static struct fixture fixture;
static struct fixture *const f = &fixture;

struct answer {
	struct tp_call call;
	int n, status;
	bool more, has_body;
	char text[128];
	int64_t value;
	struct tp_link *destroy;
};

static void on_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct answer *a = tp_container_of(call, struct answer, call);
	const struct note *note = reply->body;

	a->n++;
	a->status = reply->status;
	a->more = reply->more;
	a->has_body = note != NULL;
	if (note != NULL) {
		a->value = note->n;
		snprintf(a->text, sizeof a->text, "%s", note->text);
	} else if (reply->text != NULL) {
		snprintf(a->text, sizeof a->text, "%s", reply->text);
	}
	if (a->destroy != NULL)
		tp_link_destroy(a->destroy);
}

static struct note note_of(const char *text, int64_t n)
{
	return (struct note){ .text = text, .has_n = true, .n = n };
}

static int call(struct client *c, struct answer *a, uint16_t type, int64_t timeout_ns)
{
	struct note note = note_of("question", 41);

	memset(a, 0, sizeof *a);
	a->call.reply_desc = &note_desc;
	a->call.done = on_answer;
	return tp_link_call(c->link, &a->call, type, &note_desc, &note, timeout_ns, NULL);
}

static struct client *connected(int i, const char *id, uint64_t epoch)
{
	struct client *c = fixture_client(f, i, "agent", id, epoch, NULL);

	fixture_settle(f);
	ck_assert_int_eq(c->ups, 1);
	return c;
}

static void teardown(void)
{
	fixture_stop(f);
}

START_TEST(both_ends_know_each_other)
{
	const struct tp_peer_info *info;
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 3);
	ck_assert_int_eq(f->opened, 1);
	ck_assert_uint_eq(tp_server_peers(f->server), 1);
	info = tp_server_peer(f->server, f->peers[0]);
	ck_assert_str_eq(info->hello.kind, "agent");
	ck_assert_str_eq(info->hello.id, "a1");
	ck_assert_uint_eq(info->hello.epoch, 3);
	ck_assert_uint_eq(info->version, TP_NET_VERSION);
	ck_assert_ptr_null(info->principal);
	ck_assert_uint_eq(info->wire.uid, getuid());
	tp_link_destroy(c->link);
	c->link = NULL;
	fixture_settle(f);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_uint_eq(tp_server_peers(f->server), 0);
	ck_assert_ptr_null(tp_server_peer(f->server, f->peers[0]));
}
END_TEST

START_TEST(messages_go_both_ways)
{
	struct note note = note_of("hello", 1);
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(tp_link_send(c->link, NOTE_MESSAGE, &note_desc, &note), 0);
	note.text = "world";
	ck_assert_int_eq(
		tp_server_send(f->server, f->peers[0], NOTE_MESSAGE, &note_desc, &note),
		0);
	ck_assert_int_eq(f->messages, 0);
	fixture_settle(f);
	ck_assert_str_eq(f->last, "hello");
	ck_assert_uint_eq(f->last_peer, f->peers[0]);
	ck_assert_uint_eq(f->last_call, 0);
	ck_assert_int_eq(f->deadline_ns, INT64_MAX);
	ck_assert_str_eq(c->last, "world");
	ck_assert_int_eq(
		tp_server_send(f->server, 0, NOTE_MESSAGE, &note_desc, &note), -ENOTCONN);
}
END_TEST

START_TEST(calls_are_answered_both_ways)
{
	struct note question = note_of("who", 1), reply = note_of("me", 9);
	static struct answer a,
		b = { .call = { .reply_desc = &note_desc, .done = on_answer } };
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_CALL, 5 * TP_SEC), 0);
	ck_assert_int_eq(a.n, 0);
	fixture_settle(f);
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.status, 0);
	ck_assert_int_eq(a.value, 42);
	ck_assert_str_eq(a.text, "question");
	ck_assert_int_eq(f->deadline_ns, f->clock.now_ns + 5 * TP_SEC);
	ck_assert_int_eq(tp_server_call(f->server, f->peers[0], &b.call, NOTE_CALL,
				 &note_desc, &question, TP_SEC, NULL),
		0);
	fixture_settle(f);
	ck_assert_str_eq(c->last, "who");
	ck_assert_int_eq(tp_link_reply(c->link, c->call, &note_desc, &reply, false), 0);
	ck_assert_int_eq(
		tp_link_reply(c->link, c->call, &note_desc, &reply, false), -ECANCELED);
	fixture_settle(f);
	ck_assert_int_eq(b.value, 9);
	/* The struct is free again after the answer. */
	ck_assert_int_eq(call(c, &a, NOTE_CALL, INT64_MAX), 0);
	fixture_settle(f);
	ck_assert_int_eq(a.n, 1);
	fixture_advance(f, TP_MIN);
	ck_assert_int_eq(a.n, 1);
}
END_TEST

START_TEST(calls_that_cannot_be_handled_say_why)
{
	static struct answer a;
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_UNKNOWN, TP_SEC), 0);
	fixture_settle(f);
	ck_assert_int_eq(a.status, -ENOSYS);
	ck_assert_int_eq(call(c, &a, NOTE_ADMIN, TP_SEC), 0);
	fixture_settle(f);
	ck_assert_int_eq(a.status, -EPERM);
	/* No body: the required field is missing. */
	memset(&a, 0, sizeof a);
	a.call.done = on_answer;
	ck_assert_int_eq(
		tp_link_call(c->link, &a.call, NOTE_CALL, NULL, NULL, TP_SEC, NULL), 0);
	fixture_settle(f);
	ck_assert_int_eq(a.status, -EINVAL);
	ck_assert_msg(strstr(a.text, "text") != NULL, "%s", a.text);
	ck_assert_int_eq(f->messages, 0);
	ck_assert_int_eq(f->closed, 0);
	f->rights = 0;
}
END_TEST

START_TEST(rights_are_what_admit_granted)
{
	static struct answer a;

	fixture_start(f, NULL);
	f->rights = 3;
	call(connected(0, "root", 1), &a, NOTE_ADMIN, TP_SEC);
	fixture_settle(f);
	ck_assert_int_eq(f->messages, 1);
}
END_TEST

START_TEST(an_unanswered_call_times_out)
{
	struct note late = note_of("late", 1);
	static struct answer a;
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_SILENT, 5 * TP_SEC), 0);
	fixture_advance(f, 5 * TP_SEC - 1);
	ck_assert_int_eq(a.n, 0);
	fixture_advance(f, 1);
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.status, -ETIMEDOUT);
	/* The other side heard of it; nobody is waiting. */
	ck_assert_int_eq(tp_server_reply(f->server, f->last_peer, f->last_call,
				 &note_desc, &late, false),
		-ECANCELED);
	fixture_settle(f);
	ck_assert_int_eq(a.n, 1);
}
END_TEST

START_TEST(a_cancelled_call_ends_once_and_later)
{
	static struct answer a;
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_SILENT, 5 * TP_SEC), 0);
	fixture_settle(f);
	tp_call_cancel(&a.call);
	tp_call_cancel(&a.call);
	ck_assert_int_eq(a.n, 0);
	fixture_settle(f);
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.status, -ECANCELED);
	ck_assert_int_eq(
		tp_server_reply(f->server, f->last_peer, f->last_call, NULL, NULL, false),
		-ECANCELED);
	tp_call_cancel(&a.call);
	fixture_advance(f, 10 * TP_SEC);
	ck_assert_int_eq(a.n, 1);
	/* Cancelled although the answer is on its way. */
	ck_assert_int_eq(call(c, &a, NOTE_CALL, 5 * TP_SEC), 0);
	tp_call_cancel(&a.call);
	fixture_settle(f);
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.status, -ECANCELED);
}
END_TEST

START_TEST(streams_bring_parts_until_the_last)
{
	struct note part = note_of("part", 0);
	static struct answer a;
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_STREAM, INT64_MAX), 0);
	fixture_settle(f);
	for (int i = 0; i < 5; i++) {
		part.n = i;
		ck_assert_int_eq(tp_server_reply(f->server, f->last_peer, f->last_call,
					 &note_desc, &part, true),
			0);
		fixture_settle(f);
		ck_assert_int_eq(a.n, i + 1);
		ck_assert(a.more);
		ck_assert_int_eq(a.value, i);
	}
	ck_assert_int_eq(
		tp_server_reply(f->server, f->last_peer, f->last_call, NULL, NULL, false),
		0);
	fixture_settle(f);
	ck_assert_int_eq(a.n, 6);
	ck_assert(!a.more && !a.has_body);
}
END_TEST

START_TEST(the_end_of_a_session_ends_its_calls)
{
	static struct answer a, b = { .call.done = on_answer };
	struct note question = note_of("who", 1);
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_SILENT, INT64_MAX), 0);
	ck_assert_int_eq(tp_server_call(f->server, f->peers[0], &b.call, NOTE_CALL,
				 &note_desc, &question, TP_MIN, NULL),
		0);
	fixture_settle(f);
	tp_server_kick(f->server, f->peers[0], "for the test");
	ck_assert_int_eq(f->closed, 0);
	ck_assert_int_eq(tp_server_send(f->server, f->peers[0], NOTE_MESSAGE, &note_desc,
				 &question),
		-ENOTCONN);
	fixture_settle(f);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_str_eq(f->why.text, "for the test");
	ck_assert_int_eq(b.status, -ENOTCONN);
	ck_assert_int_eq(a.status, -ENOTCONN);
	ck_assert_int_eq(a.n + b.n, 2);
	ck_assert(c->was_up);
	ck_assert_msg(strstr(c->why.text, "for the test") != NULL, "%s", c->why.text);
	ck_assert_int_eq(
		tp_link_send(c->link, NOTE_MESSAGE, &note_desc, &question), -ENOTCONN);
}
END_TEST

START_TEST(destroying_a_link_ends_its_calls)
{
	static struct answer a;
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	ck_assert_int_eq(call(c, &a, NOTE_SILENT, INT64_MAX), 0);
	tp_link_destroy(c->link);
	c->link = NULL;
	ck_assert_int_eq(a.status, -ECANCELED);
	fixture_settle(f);
	ck_assert_int_eq(f->messages, 1); /* the call had been sent: flushed */
	ck_assert_int_eq(f->closed, 1);
}
END_TEST

START_TEST(a_link_may_be_destroyed_in_its_callbacks)
{
	struct note note = note_of("die", 1);
	static struct answer a;
	struct client *c, *d;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	c->destroy = true;
	tp_server_send(f->server, f->peers[0], NOTE_MESSAGE, &note_desc, &note);
	tp_server_send(f->server, f->peers[0], NOTE_MESSAGE, &note_desc, &note);
	d = connected(1, "a2", 1);
	ck_assert_int_eq(call(d, &a, NOTE_CALL, TP_SEC), 0);
	a.destroy = d->link;
	d->link = NULL;
	fixture_settle(f);
	ck_assert_int_eq(c->messages, 1);
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(f->closed, 2);
}
END_TEST

START_TEST(the_refused_hear_why)
{
	struct client *c;

	fixture_start(f, NULL);
	f->refuse = EACCES;
	c = fixture_client(f, 0, "agent", "a1", 1, NULL);
	fixture_advance(f, TP_MIN);
	ck_assert_int_eq(c->ups, 0);
	ck_assert_int_eq(c->downs, 1); /* for good */
	ck_assert_int_eq(c->why.code, EACCES);
	ck_assert_msg(
		strstr(c->why.text, "a1 is not welcome") != NULL, "%s", c->why.text);
	ck_assert_int_eq(f->opened, 0);
	ck_assert_int_eq(f->closed, 0);
	f->refuse = 0;
	tp_link_reconnect(c->link);
	fixture_settle(f);
	ck_assert_int_eq(c->ups, 1);
}
END_TEST

START_TEST(a_newer_epoch_evicts)
{
	struct client *old, *new, *stale, *other;

	fixture_start(f, NULL);
	old = connected(0, "a1", 5);
	other = connected(1, "a2", 1);
	new = connected(2, "a1", 6);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_int_eq(f->opened, 3);
	ck_assert(!tp_link_is_up(old->link));
	ck_assert(tp_link_is_up(new->link) && tp_link_is_up(other->link));
	ck_assert_int_eq(old->why.code, ESTALE);
	tp_link_destroy(old->link);
	old->link = NULL;
	stale = fixture_client(f, 3, "agent", "a1", 4, NULL);
	fixture_settle(f);
	ck_assert_int_eq(stale->ups, 0);
	ck_assert_int_eq(stale->why.code, ESTALE);
	ck_assert(tp_link_is_up(new->link));
	ck_assert_uint_eq(tp_server_peers(f->server), 2);
}
END_TEST

/* Every second one greets, and says no more. */
static int stranger(int i)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(address.sun_path, f->url + strlen("unix://"));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	if (i % 2 == 0)
		ck_assert_int_eq(write(fd, frame_hello, 8), 8);
	fixture_settle(f);
	return fd;
}

START_TEST(strangers_cannot_take_all_descriptors)
{
	struct rlimit limit = { 128, 128 };
	struct client *before, *after;
	int fds[60], own[8];

	fixture_start(f, NULL);
	before = connected(0, "a1", 1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	/* Their ends are in this process, too: they cannot all be let in. */
	for (int i = 0; i < (int)TP_COUNT(fds); i++)
		fds[i] = stranger(i);
	for (size_t i = 0; i < TP_COUNT(own); i++)
		ck_assert_int_ge(own[i] = dup(STDERR_FILENO), 0);
	for (size_t i = 0; i < TP_COUNT(own); i++)
		close(own[i]);
	after = connected(1, "a2", 1);
	ck_assert(tp_link_is_up(before->link) && tp_link_is_up(after->link));
	for (size_t i = 0; i < TP_COUNT(fds); i++)
		close(fds[i]);
}
END_TEST

START_TEST(silence_is_noticed_on_both_sides)
{
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	/* An hour without messages: pings keep it alive. */
	fixture_advance(f, TP_HOUR);
	ck_assert(tp_link_is_up(c->link));
	ck_assert_int_eq(f->closed, 0);
	ck_assert_int_eq(c->downs, 0);
}
END_TEST

START_TEST(both_ends_wake_up_together)
{
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	f->clock.now_ns += TP_HOUR; /* as when their machine was suspended */
	fixture_settle(f);
	fixture_advance(f, TP_HOUR);
	ck_assert(tp_link_is_up(c->link));
	ck_assert_int_eq(c->ups, 1);
	ck_assert_int_eq(f->closed, 0);
}
END_TEST

START_TEST(unanswered_calls_are_bounded)
{
	struct tp_net_limits limits = { .calls_max = 10 };
	static struct answer a[12]; /* some outlive this function */
	struct client *c;

	fixture_start(f, &limits);
	c = connected(0, "a1", 1);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(call(c, &a[i], NOTE_SILENT, TP_MIN), 0);
	fixture_settle(f);
	ck_assert_int_eq(f->messages, 10);
	ck_assert_int_eq(a[9].n, 0);
	ck_assert_int_eq(a[10].status, -EBUSY);
	ck_assert_int_eq(a[11].status, -EBUSY);
	tp_call_cancel(&a[0].call);
	fixture_settle(f);
	ck_assert_int_eq(call(c, &a[0], NOTE_SILENT, TP_MIN), 0);
	fixture_settle(f);
	ck_assert_int_eq(f->messages, 11);
}
END_TEST

START_TEST(frames_over_the_limit_are_not_sent)
{
	struct tp_net_limits limits = { .frame_max_bytes = 100000 };
	tp_cleanup(ptr) char *text = malloc(100001);
	struct note note = note_of(text, 1);
	struct client *c;

	fixture_start(f, &limits);
	c = fixture_client(f, 0, "agent", "a1", 1, &limits);
	fixture_settle(f);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	ck_assert_int_eq(
		tp_link_send(c->link, NOTE_MESSAGE, &note_desc, &note), -EMSGSIZE);
	text[99000] = '\0'; /* longer than what is allowed before READY */
	ck_assert_int_eq(tp_link_send(c->link, NOTE_MESSAGE, &note_desc, &note), 0);
	fixture_settle(f);
	ck_assert_int_eq(f->messages, 1);
	ck_assert(tp_link_is_up(c->link));
}
END_TEST

static void stop_done(struct tp_done *done, int status)
{
	(void)done;
	ck_assert_int_eq(status, 0);
	f->messages = 1000;
}

START_TEST(a_stopped_server_says_good_bye)
{
	struct tp_done done = { stop_done };
	struct client *c;

	fixture_start(f, NULL);
	c = connected(0, "a1", 1);
	tp_server_stop(f->server, &done);
	ck_assert_int_eq(f->messages, 0);
	fixture_advance(f, 2 * TP_SEC);
	ck_assert_int_eq(f->messages, 1000);
	ck_assert_int_eq(f->closed, 0);
	ck_assert(!tp_link_is_up(c->link));
	ck_assert_int_ge(c->downs, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, both_ends_know_each_other);
	tcase_add_test(tc, messages_go_both_ways);
	tcase_add_test(tc, calls_are_answered_both_ways);
	tcase_add_test(tc, calls_that_cannot_be_handled_say_why);
	tcase_add_test(tc, rights_are_what_admit_granted);
	tcase_add_test(tc, an_unanswered_call_times_out);
	tcase_add_test(tc, a_cancelled_call_ends_once_and_later);
	tcase_add_test(tc, streams_bring_parts_until_the_last);
	tcase_add_test(tc, the_end_of_a_session_ends_its_calls);
	tcase_add_test(tc, destroying_a_link_ends_its_calls);
	tcase_add_test(tc, a_link_may_be_destroyed_in_its_callbacks);
	tcase_add_test(tc, the_refused_hear_why);
	tcase_add_test(tc, a_newer_epoch_evicts);
	tcase_add_test(tc, strangers_cannot_take_all_descriptors);
	tcase_add_test(tc, silence_is_noticed_on_both_sides);
	tcase_add_test(tc, both_ends_wake_up_together);
	tcase_add_test(tc, unanswered_calls_are_bounded);
	tcase_add_test(tc, frames_over_the_limit_are_not_sent);
	tcase_add_test(tc, a_stopped_server_says_good_bye);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
