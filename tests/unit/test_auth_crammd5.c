/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may in: the module as authenticator and authenticatee, libtepui's half, the frames between
 * HELLO and READY from honest and dishonest peers, and mechanisms that do not answer.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/kernel/kernel.h"
#include "core/net/authentication.h"
#include "core/net/frame.h"
#include "tepui/codec.h"
#include "tepui/crammd5.h"
#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"
#include "tests/unit/session_fixture.h"

extern const struct tp_module tp_module;

static struct fixture fixture;
static struct fixture *const f = &fixture;
static char dir[] = "/tmp/test_auth.XXXXXX";
static char credentials_file[64], credential_file[64];

/* --- an instance of the module --------------------------------------------------------- */

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static void *instance_start(const char *key, const char *file, int expect)
{
	struct tp_instance *self = tp_alloc(tp_module.instance_size);
	struct tp_error err = { 0 };
	int r;

	self->topic.name = "auth";
	self->loop = f->loop;
	self->module = &tp_module;
	for (const struct tp_field *row = tp_module.config; row->name != NULL; row++) {
		if (strcmp(row->name, key) == 0)
			*(const char **)(void *)((char *)self + row->offset) = file;
	}
	ck_assert_int_eq(tp_module.init(self, &err), 0);
	r = tp_module.start(self, &err);
	ck_assert_msg(r == expect, "%d %s", r, err.text);
	return self;
}

static void instance_stop(void *self)
{
	if (self != NULL)
		tp_module.fini(self);
	tp_free(self);
}

/* --- both ends ------------------------------------------------------------------------- */

static void *server_side;
static struct tp_service_item server_item, client_item;
static struct tp_services client_services;
static struct tp_crammd5_client client;
static struct tp_credential own;

static void setup(void)
{
	struct tp_net_limits limits = { .handshake_ns = 4 * TP_SEC };

	strcpy(dir, "/tmp/test_auth.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(credentials_file, sizeof credentials_file, "%s/credentials", dir);
	snprintf(credential_file, sizeof credential_file, "%s/credential", dir);
	write_file(credentials_file, "alice wonderland\nbob builder\n", 0600);
	fixture_start(f, &limits);
	server_side = instance_start("credentials", credentials_file, 0);
	server_item =
		(struct tp_service_item){ { tp_module.provides[0].ops, server_side },
			"CRAM-MD5", "auth" };
	f->authenticators = (struct tp_services){ &server_item, 1 };
	f->ask = true;
	client.loop = f->loop;
	client.credential = &own;
	client_item = (struct tp_service_item){ { &tp_crammd5_client_ops, &client },
		"CRAM-MD5", "" };
	client_services = (struct tp_services){ &client_item, 1 };
	f->authenticatees = &client_services;
}

static void teardown(void)
{
	for (size_t i = 0; i < TP_COUNT(f->clients); i++) {
		tp_link_destroy(f->clients[i].link);
		f->clients[i].link = NULL;
	}
	tp_server_destroy(f->server);
	f->server = NULL;
	instance_stop(server_side);
	fixture_stop(f);
	unlink(credentials_file);
	unlink(credential_file);
	rmdir(dir);
}

static struct client *dial_as(
	int i, const char *principal, const char *secret, const char *id, uint64_t epoch)
{
	own = (struct tp_credential){ principal, secret };
	struct client *c = fixture_client(f, i, "agent", id, epoch, NULL);

	fixture_settle(f);
	return c;
}

static struct client *dial(int i, const char *principal, const char *secret)
{
	return dial_as(i, principal, secret, "", 1);
}

START_TEST(the_digest_is_that_of_the_rfc)
{
	static const char challenge[] = "<1896.697170952@postoffice.reston.mci.net>";
	char digest[TP_CRAMMD5_DIGEST_SIZE];

	tp_crammd5_digest("tanstaaftanstaaf", challenge, sizeof challenge - 1, digest);
	ck_assert_str_eq(digest, "b913a602c7eda7a495b4e6e7334d3890");
}
END_TEST

START_TEST(the_right_secret_opens)
{
	struct client *c = dial(0, "alice", "wonderland");

	ck_assert_msg(c->ups == 1, "%s", c->why.text);
	ck_assert_str_eq(f->principal, "alice");
	ck_assert_str_eq(tp_server_peer(f->server, f->peers[0])->principal, "alice");
	c = dial(1, "bob", "builder");
	ck_assert_int_eq(c->ups, 1);
	ck_assert_str_eq(f->principal, "bob");
}
END_TEST

START_TEST(a_wrong_secret_is_final)
{
	struct client *c = dial(0, "alice", "looking-glass");

	ck_assert_int_eq(c->ups, 0);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_int_eq(c->why.code, EACCES);
	ck_assert_msg(
		strstr(c->why.text, "authentication failed") != NULL, "%s", c->why.text);
	fixture_advance(f, 5 * TP_MIN);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_int_eq(f->opened, 0);
}
END_TEST

START_TEST(strangers_are_told_what_wrong_secrets_are_told)
{
	struct client *c = dial(0, "alice", "x");
	struct client *d = dial(1, "mallory", "x");

	ck_assert_int_eq(d->why.code, EACCES);
	ck_assert_str_eq(c->why.text, d->why.text);
}
END_TEST

START_TEST(without_a_credential_there_is_a_clear_end)
{
	struct client *c;

	f->authenticatees = NULL;
	c = fixture_client(f, 0, "agent", "", 1, NULL);
	fixture_settle(f);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_int_eq(c->why.code, EACCES);
	ck_assert_msg(strstr(c->why.text, "CRAM-MD5") != NULL, "%s", c->why.text);
	fixture_advance(f, 5 * TP_MIN);
	ck_assert_int_eq(c->downs, 1);
}
END_TEST

START_TEST(mechanisms_that_do_not_match_are_named)
{
	struct client *c;

	server_item.key = "SCRAM-SHA-256";
	c = dial(0, "alice", "wonderland");
	ck_assert_int_eq(c->why.code, EACCES);
	ck_assert_msg(strstr(c->why.text, "SCRAM-SHA-256") != NULL, "%s", c->why.text);
}
END_TEST

START_TEST(who_need_not_may_all_the_same)
{
	f->ask = false;
	ck_assert_int_eq(dial(0, "alice", "wonderland")->ups, 1);
	ck_assert_str_eq(f->principal, "alice");
	ck_assert_int_eq(dial(1, "alice", "x")->why.code, EACCES);
	f->authenticatees = NULL;
	ck_assert_int_eq(dial(2, NULL, NULL)->ups, 1);
	ck_assert_str_eq(f->principal, "");
}
END_TEST

START_TEST(a_server_that_cannot_ask_refuses)
{
	struct client *c;

	f->authenticators.n = 0;
	c = dial(0, "alice", "wonderland");
	ck_assert_int_eq(c->why.code, EACCES);
	ck_assert_msg(strstr(c->why.text, "no authenticator") != NULL, "%s", c->why.text);
	f->ask = false;
	ck_assert_int_eq(dial(1, "alice", "wonderland")->ups, 1);
	ck_assert_str_eq(f->principal, "");
}
END_TEST

START_TEST(the_module_proves_too)
{
	void *self;

	write_file(credential_file, "{\"principal\": \"bob\", \"secret\": \"builder\"}",
		0644);
	self = instance_start("credential", credential_file, 0);
	client_item.service = (struct tp_service){ tp_module.provides[1].ops, self };
	ck_assert_int_eq(dial(0, NULL, NULL)->ups, 1);
	ck_assert_str_eq(f->principal, "bob");
	tp_link_destroy(f->clients[0].link);
	f->clients[0].link = NULL;
	instance_stop(self);
}
END_TEST

START_TEST(a_config_with_neither_file_is_wrong)
{
	static const struct tp_module *const modules[] = { &tp_module };
	const struct tp_kernel_options options = { .modules = modules, .n_modules = 1 };
	struct tp_kernel *kernel = tp_kernel_create(&options);

	ck_assert_int_eq(tp_kernel_load_text(kernel, "m.yaml",
				 "modules: [{ module: auth-crammd5 }]", NULL, 0, NULL),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(tp_kernel_issues(kernel),
		"m.yaml:1:21: auth-crammd5: credentials: set it to a file"));
	tp_kernel_destroy(kernel);
}
END_TEST

START_TEST(files_that_are_wrong_stop_the_start)
{
	instance_stop(instance_start("credentials", "/nonexistent", -ENOENT));
	write_file(credential_file, "a b\nc d\n", 0600);
	instance_stop(instance_start("credential", credential_file, -EINVAL));
}
END_TEST

START_TEST(sighup_reads_the_files_again)
{
	struct client *c;

	write_file(credentials_file, "broken\n", 0600);
	kill(getpid(), SIGHUP);
	fixture_settle(f);
	ck_assert_int_eq(dial(0, "alice", "wonderland")->ups, 1);
	write_file(credentials_file, "alice rabbit\n", 0600);
	kill(getpid(), SIGHUP);
	fixture_settle(f);
	ck_assert(tp_link_is_up(f->clients[0].link));
	c = dial(1, "alice", "wonderland");
	ck_assert_int_eq(c->why.code, EACCES);
	ck_assert_int_eq(dial(2, "alice", "rabbit")->ups, 1);
}
END_TEST

START_TEST(a_principal_is_evicted_by_itself_only)
{
	struct client *alice = dial_as(0, "alice", "wonderland", "a1", 1), *c;

	c = dial_as(1, "bob", "builder", "a1", UINT64_MAX);
	ck_assert_int_eq(c->ups, 0);
	ck_assert_int_eq(c->why.code, EBUSY);
	ck_assert(tp_link_is_up(alice->link));
	/* Whoever shows no credential is another one, too. */
	f->ask = false;
	f->authenticatees = NULL;
	ck_assert_int_eq(dial_as(2, NULL, NULL, "a1", UINT64_MAX)->why.code, EBUSY);
	f->authenticatees = &client_services;
	ck_assert(tp_link_is_up(alice->link));
	ck_assert_int_eq(dial_as(3, "alice", "wonderland", "a1", 2)->ups, 1);
	ck_assert_int_eq(alice->why.code, ESTALE);
}
END_TEST

START_TEST(whoever_waits_has_the_place_when_it_is_free)
{
	struct client *alice = dial_as(0, "alice", "wonderland", "a1", 1);
	struct client *bob = dial_as(1, "bob", "builder", "a1", 1);

	ck_assert_int_eq(bob->why.code, EBUSY);
	tp_link_destroy(alice->link);
	alice->link = NULL;
	fixture_advance(f, TP_SEC);
	ck_assert_int_eq(bob->ups, 1);
	ck_assert_str_eq(f->principal, "bob");
}
END_TEST

/* --- mechanisms that hang -------------------------------------------------------------- */

static int started, finished;

static bool sleepy_usable(void *impl)
{
	(void)impl;
	return true;
}
static void sleepy_start(void *impl, struct tp_authentication *x)
{
	(void)impl;
	(void)x;
	started++;
}
static void sleepy_step(
	void *impl, struct tp_authentication *x, const void *data, size_t len)
{
	(void)impl;
	(void)x;
	(void)data;
	(void)len;
	ck_abort_msg("no step was due");
}
static void sleepy_finish(void *impl, struct tp_authentication *x)
{
	(void)impl;
	(void)x;
	finished++;
}
static const struct tp_authenticatee_ops sleepy_ops = { sleepy_usable, sleepy_start,
	sleepy_step, sleepy_finish };

START_TEST(what_takes_too_long_is_tried_again)
{
	struct client *c;

	client_item.service.ops = &sleepy_ops;
	c = dial(0, NULL, NULL);
	ck_assert_int_eq(started, 1);
	ck_assert_int_eq(c->downs, 0);
	/* The server's four seconds are over before ours. */
	fixture_advance(f, 6 * TP_SEC);
	ck_assert_int_eq(c->downs, 1);
	ck_assert_int_eq(c->why.code, ETIMEDOUT);
	ck_assert_int_eq(finished, 1);
	fixture_advance(f, TP_MIN);
	ck_assert_int_gt(started, 3);
	ck_assert_int_ge(started, finished);
	ck_assert_int_le(started, finished + 1);
	tp_link_destroy(c->link);
	c->link = NULL;
	ck_assert_int_eq(started, finished);
}
END_TEST

/* --- dishonest peers ------------------------------------------------------------------- */

static struct {
	int fd;
	struct frame_splitter in;
} raw;

static void raw_send(const void *data, size_t len)
{
	uint8_t header[FRAME_HEADER_MAX];
	size_t n = frame_header(header, true, len);

	ck_assert_int_eq(send(raw.fd, header, n, MSG_NOSIGNAL), (ssize_t)n);
	ck_assert_int_eq(send(raw.fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
	fixture_settle(f);
}

/* The next frame: its kind, and its text or bytes. */
static bool raw_read(struct envelope *ret, char *text, size_t size)
{
	static uint8_t frame_copy[4096];
	const uint8_t *at, *frame;
	size_t len, frame_len;
	struct cursor c;
	const char *words;
	uint8_t byte;
	int r;

	fixture_settle(f);
	while (recv(raw.fd, &byte, 1, 0) == 1) {
		at = &byte;
		len = 1;
		r = frame_next(
			&raw.in, &at, &len, sizeof frame_copy, &frame, &frame_len, NULL);
		ck_assert_int_ge(r, 0);
		if (r != FRAME_DATA)
			continue;
		memcpy(frame_copy, frame, frame_len);
		ck_assert_int_eq(envelope_parse(frame_copy, frame_len, ret, NULL), 0);
		c = (struct cursor){ ret->body, ret->body + ret->body_len };
		*text = '\0';
		if (ret->body != NULL && cursor_text(&c, &words, &len))
			snprintf(text, size, "%.*s", (int)len, words);
		return true;
	}
	return false;
}

static void raw_open(void)
{
	static const uint8_t hello[] = { 0x94, 1, 1, 1, 0x93, 0xa1, 'x', 0xa1, 'y', 1 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(&raw, 0, sizeof raw);
	raw.in.marked = true;
	raw.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, f->url + 7);
	ck_assert_int_eq(connect(raw.fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(write(raw.fd, frame_hello, 8), 8);
	raw_send(hello, sizeof hello);
}

static void raw_close(void)
{
	close(raw.fd);
	frame_splitter_fini(&raw.in);
	fixture_settle(f);
}

#define LIST \
	"\x94\x02\x00\x00\x91\xa8" \
	"CRAM-MD5"
#define START_FRAME \
	"\x94\x02\x00\x01\x91\xa8" \
	"CRAM-MD5"
#define STEP(len) "\x94\x02\x00\x02\xc4" len
#define HEX32 "0123456789abcdef0123456789abcdef"
#define B(text) text, sizeof text - 1

static const struct {
	const char *name;
	const char *first; /* NULL = none */
	size_t first_len;
	const char *second;
	size_t second_len;
	int code;
} strange[] = {
	{ "a message", NULL, 0, B("\x94\x04\x00\x01\x91\xa1x"), EPROTO },
	{ "hello again", NULL, 0, B("\x94\x01\x01\x01\x93\xa1x\xa1y\x01"), EPROTO },
	{ "ready", NULL, 0, B("\x94\x03\x01\x00\xc0"), EPROTO },
	{ "a list", NULL, 0, B(LIST), EPROTO },
	{ "a step first", NULL, 0, B(STEP("\x01x")), EPROTO },
	{ "no body", NULL, 0, B("\x94\x02\x00\x01\xc0"), EPROTO },
	{ "no array", NULL, 0, B("\x94\x02\x00\x01\xa1x"), EPROTO },
	{ "no name", NULL, 0, B("\x94\x02\x00\x01\x91\x05"), EPROTO },
	{ "data of another kind", NULL, 0,
		B("\x94\x02\x00\x01\x92\xa8"
		  "CRAM-MD5\x90"),
		EPROTO },
	{ "data that nobody asked for", NULL, 0,
		B("\x94\x02\x00\x01\x92\xa8"
		  "CRAM-MD5\xc4\x01x"),
		EPROTO },
	{ "another mechanism", NULL, 0,
		B("\x94\x02\x00\x01\x91\xa5"
		  "PLAIN"),
		EACCES },
	{ "an unknown step", NULL, 0,
		B("\x94\x02\x00\x07\x91\xa5"
		  "PLAIN"),
		EPROTO },
	{ "started twice", B(START_FRAME), B(START_FRAME), EPROTO },
	{ "an empty answer", B(START_FRAME), B("\x94\x02\x00\x02\xc0"), EPROTO },
	{ "an answer of another kind", B(START_FRAME), B("\x94\x02\x00\x02\x05"),
		EPROTO },
	{ "no principal", B(START_FRAME), B(STEP("\x21") " " HEX32), EPROTO },
	{ "no blank", B(START_FRAME), B(STEP("\x26") "alice-" HEX32), EPROTO },
	{ "a NUL", B(START_FRAME), B(STEP("\x26") "al\0ce " HEX32), EPROTO },
	{ "a control character", B(START_FRAME),
		B(STEP("\x26") "al\x1f"
			       "ce " HEX32),
		EPROTO },
	{ "a short digest", B(START_FRAME), B(STEP("\x07") "alice x"), EPROTO },
	{ "a wrong digest", B(START_FRAME), B(STEP("\x26") "alice " HEX32), EACCES },
	{ "a stranger", B(START_FRAME), B(STEP("\x26") "carol " HEX32), EACCES },
};

START_TEST(strange_steps_are_refused)
{
	struct envelope e;
	char text[256];

	raw_open();
	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_AUTH);
	ck_assert_uint_eq(e.type, AUTH_LIST);
	if (strange[_i].first != NULL) {
		raw_send(strange[_i].first, strange[_i].first_len);
		ck_assert(raw_read(&e, text, sizeof text));
		ck_assert_uint_eq(e.type, AUTH_STEP);
		ck_assert_msg(*text == '<' && strchr(text, '@') != NULL, "%s", text);
	}
	raw_send(strange[_i].second, strange[_i].second_len);
	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	ck_assert_msg(e.type == (uint64_t)strange[_i].code, "%s: %d %s", strange[_i].name,
		(int)e.type, text);
	ck_assert(!raw_read(&e, text, sizeof text));
	ck_assert_int_eq(f->opened, 0);
	raw_close();
}
END_TEST

/* Starts, takes the challenge and answers with `frame`, or with the right thing. */
static size_t raw_prove(uint8_t *frame, size_t len)
{
	static const char start[] = START_FRAME;
	char challenge[256], digest[TP_CRAMMD5_DIGEST_SIZE];
	struct envelope e;

	raw_open();
	ck_assert(raw_read(&e, challenge, sizeof challenge));
	raw_send(start, sizeof start - 1);
	ck_assert(raw_read(&e, challenge, sizeof challenge));
	if (len == 0) {
		tp_crammd5_digest("wonderland", challenge, strlen(challenge), digest);
		memcpy(frame, STEP("\x26") "alice ", 12);
		memcpy(frame + 12, digest, 32);
		len = 44;
	}
	raw_send(frame, len);
	return len;
}

START_TEST(a_flood_of_failures_is_a_few_lines)
{
	static char log[65536];
	int ends[2], n_lines = 0;
	struct envelope e;
	char text[256];
	ssize_t n;

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	tp_log_set_quiet(true);
	ck_assert_int_eq(tp_log_add_fd(ends[1]), 0);
	for (int i = 0; i < 100; i++) {
		raw_prove((uint8_t[]){ STEP("\x26") "carol " HEX32 }, 44);
		ck_assert(raw_read(&e, text, sizeof text));
		ck_assert_uint_eq(e.type, EACCES);
		raw_close();
	}
	fixture_advance(f, 10 * TP_SEC);
	n = read(ends[0], log, sizeof log - 1);
	ck_assert_int_gt(n, 0);
	log[n] = '\0';
	for (char *at = log; (at = strstr(at, "principal=carol")) != NULL; at++)
		n_lines++;
	ck_assert_int_eq(n_lines, 20);
	ck_assert_ptr_nonnull(strstr(log, "count=80"));
	tp_log_remove_fd(ends[1]);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(an_answer_serves_once)
{
	uint8_t frame[64];
	struct envelope e;
	char text[256];
	size_t len = raw_prove(frame, 0);

	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_msg(e.kind == ENVELOPE_READY, "%s", text);
	ck_assert_str_eq(f->principal, "alice");
	/* The same again in this session ... */
	raw_send(frame, len);
	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	ck_assert_uint_eq(e.type, EPROTO);
	raw_close();
	/* ... and to another challenge. */
	raw_prove(frame, len);
	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	ck_assert_uint_eq(e.type, EACCES);
	raw_close();
}
END_TEST

START_TEST(who_does_not_answer_is_closed)
{
	struct envelope e;
	char text[256];

	raw_open();
	ck_assert(raw_read(&e, text, sizeof text));
	raw_send(B(START_FRAME));
	ck_assert(raw_read(&e, text, sizeof text));
	fixture_advance(f, 6 * TP_SEC);
	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	ck_assert_uint_eq(e.type, ETIMEDOUT);
	ck_assert_msg(strstr(text, "authentication") != NULL, "%s", text);
	raw_close();
	/* One that leaves in the middle. */
	raw_open();
	raw_send(B(START_FRAME));
	raw_close();
	ck_assert_int_eq(f->opened, 0);
}
END_TEST

START_TEST(a_long_frame_before_ready_ends_it)
{
	uint8_t header[FRAME_HEADER_MAX];
	struct envelope e;
	char text[256];

	raw_open();
	ck_assert(raw_read(&e, text, sizeof text));
	ck_assert_int_eq(write(raw.fd, header, frame_header(header, true, 65537)), 9);
	ck_assert(!raw_read(&e, text, sizeof text));
	raw_close();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("auth-crammd5");
	TCase *tc = tcase_create("auth-crammd5");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_digest_is_that_of_the_rfc);
	tcase_add_test(tc, the_right_secret_opens);
	tcase_add_test(tc, a_wrong_secret_is_final);
	tcase_add_test(tc, strangers_are_told_what_wrong_secrets_are_told);
	tcase_add_test(tc, without_a_credential_there_is_a_clear_end);
	tcase_add_test(tc, mechanisms_that_do_not_match_are_named);
	tcase_add_test(tc, who_need_not_may_all_the_same);
	tcase_add_test(tc, a_server_that_cannot_ask_refuses);
	tcase_add_test(tc, the_module_proves_too);
	tcase_add_test(tc, a_config_with_neither_file_is_wrong);
	tcase_add_test(tc, files_that_are_wrong_stop_the_start);
	tcase_add_test(tc, sighup_reads_the_files_again);
	tcase_add_test(tc, a_principal_is_evicted_by_itself_only);
	tcase_add_test(tc, whoever_waits_has_the_place_when_it_is_free);
	tcase_add_test(tc, what_takes_too_long_is_tried_again);
	tcase_add_loop_test(tc, strange_steps_are_refused, 0, (int)TP_COUNT(strange));
	tcase_add_test(tc, a_flood_of_failures_is_a_few_lines);
	tcase_add_test(tc, an_answer_serves_once);
	tcase_add_test(tc, who_does_not_answer_is_closed);
	tcase_add_test(tc, a_long_frame_before_ready_ends_it);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
