/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames made by hand, as strangers send them: the golden ones, strange ones, those at the very edge
 * of each limit and one beyond it, and peers that are silent or do not read.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/net/envelope.h"
#include "core/net/frame.h"
#include "tepui/codec.h"
#include "tests/unit/session_fixture.h"

static struct fixture fixture;
static struct fixture *const f = &fixture;

static void teardown(void)
{
	fixture_stop(f);
}

#define PIECE_BYTES 16384 /* a socket takes that much at once */

struct raw {
	int fd;
	struct frame_splitter in;
};

static struct raw raw_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct raw raw = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
		.in = { .marked = true } };

	ck_assert_uint_lt(strlen(f->url + 7), sizeof address.sun_path);
	strcpy(address.sun_path, f->url + 7);
	ck_assert_int_eq(connect(raw.fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(write(raw.fd, frame_hello, 8), 8);
	return raw;
}

static void raw_send(struct raw *raw, const void *data, size_t len)
{
	uint8_t header[FRAME_HEADER_MAX];
	size_t n = frame_header(header, true, len);

	ck_assert_int_eq(write(raw->fd, header, n), n);
	for (size_t sent = 0; sent < len || len == 0; sent += n) {
		n = len - sent < PIECE_BYTES ? len - sent : PIECE_BYTES;
		ck_assert_int_eq(write(raw->fd, (const uint8_t *)data + sent, n), n);
		fixture_settle(f);
		if (len == 0)
			break;
	}
}

/* The next frame; false at the end of the connection. */
static bool raw_read(struct raw *raw, struct envelope *ret, char *text, size_t size)
{
	static uint8_t buf[4096], frame_copy[4096];
	const uint8_t *at, *frame;
	size_t len, frame_len;
	ssize_t n;
	struct cursor c;
	const char *words;
	int r;

	fixture_settle(f);
	while ((n = recv(raw->fd, buf, 1, 0)) == 1) {
		at = buf;
		len = 1;
		r = frame_next(&raw->in, &at, &len, 4096, &frame, &frame_len, NULL);
		ck_assert_int_ge(r, 0);
		if (r != FRAME_DATA)
			continue;
		memcpy(frame_copy, frame, frame_len);
		ck_assert_int_eq(tp_msgpack_scan(frame_copy, frame_len, NULL), 0);
		ck_assert_int_eq(envelope_parse(frame_copy, frame_len, ret, NULL), 0);
		c = (struct cursor){ ret->body, ret->body + ret->body_len };
		*text = '\0';
		if (ret->body != NULL && cursor_text(&c, &words, &len))
			snprintf(text, size, "%.*s", (int)len, words);
		return true;
	}
	return false;
}

static void raw_close(struct raw *raw)
{
	close(raw->fd);
	frame_splitter_fini(&raw->in);
	fixture_settle(f);
}

/* [1, 1, 1, ["agent", "a1", 2]] */
static const uint8_t hello[] = { 0x94, 1, 1, 1, 0x93, 0xa5, 'a', 'g', 'e', 'n', 't', 0xa2,
	'a', '1', 2 };

START_TEST(golden_frames_of_version_1)
{
	static const uint8_t message[] = { 0x94, 4, 0, NOTE_MESSAGE, 0x92, 0xa2, 'h', 'i',
		7 };
	static const uint8_t call_frame[] = { 0x95, 5, 0xcd, 0x01, 0x02, NOTE_CALL, 0x92,
		0xa2, 'h', 'i', 7, 0xcd, 0x03, 0xe8 };
	static const uint8_t ready[] = { 0x94, 3, 1, 0, 0x94, 0xa6, 'm', 'a', 's', 't',
		'e', 'r', 0xa2, 'm', '1', 7, 0xc0 };
	static const uint8_t reply[] = { 0x94, 6, 0xcd, 0x01, 0x02, 0, 0x92, 0xa2, 'h',
		'i', 8 };
	uint8_t buf[256];
	struct raw raw;

	fixture_start(f, NULL);
	raw = raw_connect();
	raw_send(&raw, hello, sizeof hello);
	ck_assert_int_eq(recv(raw.fd, buf, sizeof buf, 0), 8 + 9 + sizeof ready);
	ck_assert_mem_eq(buf, frame_hello, 8);
	ck_assert_mem_eq(buf + 17, ready, sizeof ready);
	raw_send(&raw, message, sizeof message);
	ck_assert_str_eq(f->last, "hi");
	raw_send(&raw, call_frame, sizeof call_frame);
	ck_assert_int_eq(f->deadline_ns, f->clock.now_ns + TP_SEC);
	ck_assert_int_eq(recv(raw.fd, buf, sizeof buf, 0), 9 + sizeof reply);
	ck_assert_mem_eq(buf + 9, reply, sizeof reply);
	raw_close(&raw);
	ck_assert_int_eq(f->closed, 1);
}
END_TEST

static const struct {
	const char *name;
	bool greeted; /* after a good HELLO */
	const char *bytes;
	size_t len;
	int code;
	const char *says;
} strange[] = {
	{ "a newer protocol", false, "\x94\x01\x09\x08\x93\xa1x\xa1x\x01", 10,
		EPROTONOSUPPORT, "versions 8 to 9" },
	{ "an older one", false, "\x94\x01\x00\x00\x93\xa1x\xa1x\x01", 10,
		EPROTONOSUPPORT, "versions 0 to 0" },
	{ "no id", false, "\x94\x01\x01\x01\x91\xa1x", 7, EPROTO, "kind, id, epoch" },
	{ "control characters", false, "\x94\x01\x01\x01\x93\xa1x\xa1\n\x01", 10, EPROTO,
		"kind, id, epoch" },
	{ "a call first", false, "\x94\x05\x01\x02\xc0", 5, EPROTO, "greeting" },
	{ "a ready first", false, "\x94\x03\x01\x00\xc0", 5, EPROTO, "greeting" },
	{ "no msgpack", false, "\xc1", 1, EPROTO, "msgpack" },
	{ "an empty frame", false, "", 0, EPROTO, "cut" },
	{ "a map", false, "\x80", 1, EPROTO, "envelope" },
	{ "a bomb", true, "\x94\x04\x00\x01\xdd\xff\xff\xff\xff", 9, EPROTO, "items" },
	{ "two values", true, "\x91\x0a\x91\x0a", 4, EPROTO, "after its value" },
	{ "hello again", true, "\x94\x01\x01\x01\x93\xa1x\xa1x\x01", 10, EPROTO,
		"greeting" },
	{ "an unknown kind", true, "\x91\x63", 2, EPROTO, "unknown kind" },
	{ "a body of the wrong shape", true, "\x94\x04\x00\x01\x92\x05\x05", 7, EBADMSG,
		"Note" },
};

START_TEST(strange_frames_end_the_session_with_a_reason)
{
	struct envelope e;
	struct raw raw;
	char text[256];

	fixture_start(f, NULL);
	raw = raw_connect();
	if (strange[_i].greeted) {
		raw_send(&raw, hello, sizeof hello);
		ck_assert(raw_read(&raw, &e, text, sizeof text));
		ck_assert_uint_eq(e.kind, ENVELOPE_READY);
	}
	raw_send(&raw, strange[_i].bytes, strange[_i].len);
	ck_assert_msg(raw_read(&raw, &e, text, sizeof text), "%s", strange[_i].name);
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	ck_assert_msg(e.type == (uint64_t)strange[_i].code, "%s: %llu %s",
		strange[_i].name, (unsigned long long)e.type, text);
	ck_assert_msg(
		strstr(text, strange[_i].says) != NULL, "%s: %s", strange[_i].name, text);
	ck_assert(!raw_read(&raw, &e, text, sizeof text));
	ck_assert_int_eq(f->closed, strange[_i].greeted);
	ck_assert_int_eq(f->messages, 0);
	raw_close(&raw);
}
END_TEST

START_TEST(odd_frames_are_survived)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\x94\x06\x63\x00\xc0", 5 },             /* a reply to no call */
		{ "\x94\x08\x63\x05\xa0", 5 },             /* an error to no call */
		{ "\x94\x09\x63\x00\xc0", 5 },             /* cancels no call */
		{ "\x94\x04\x00\x63\x90", 5 },             /* an unknown message */
		{ "\x94\x04\x00\x05\x91\xa1x", 7 },        /* not allowed */
		{ "\x91\x0b", 2 },                         /* a pong unasked */
		{ "\x97\x0a\x00\x00\xc0\xc0\x01\x02", 8 }, /* elements of the future */
	};
	static const uint8_t ping[] = { 0x91, 10 };
	struct envelope e;
	struct raw raw;
	char text[256];

	fixture_start(f, NULL);
	raw = raw_connect();
	raw_send(&raw, hello, sizeof hello);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	for (size_t i = 0; i < TP_COUNT(rows); i++)
		raw_send(&raw, rows[i].bytes, rows[i].len);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_PONG); /* to the last row */
	raw_send(&raw, ping, sizeof ping);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_PONG);
	ck_assert_int_eq(f->closed, 0);
	raw_close(&raw);
}
END_TEST

START_TEST(a_frame_longer_than_64k_before_ready_is_refused)
{
	uint8_t header[FRAME_HEADER_MAX];
	struct envelope e;
	struct raw raw;
	char text[256];

	fixture_start(f, NULL);
	raw = raw_connect();
	ck_assert_int_eq(write(raw.fd, header, frame_header(header, true, 65537)), 9);
	ck_assert(!raw_read(&raw, &e, text, sizeof text));
	raw_close(&raw);
}
END_TEST

START_TEST(a_silent_peer_is_pinged_then_closed)
{
	struct envelope e;
	struct raw raw;
	char text[256];

	fixture_start(f, NULL);
	raw = raw_connect();
	raw_send(&raw, hello, sizeof hello);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	fixture_advance(f, 20 * TP_SEC);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_PING);
	ck_assert_int_eq(f->closed, 0);
	fixture_advance(f, 54 * TP_SEC);
	ck_assert_int_eq(f->closed, 0);
	fixture_advance(f, 5 * TP_SEC);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_int_eq(f->why.code, ETIMEDOUT);
	raw_close(&raw);
}
END_TEST

/* The process stands still while time goes on. */
static void oversleep(int64_t ns)
{
	f->clock.now_ns += ns;
	fixture_settle(f);
}

START_TEST(nobody_is_blamed_for_a_sleep_of_ours)
{
	struct envelope e;
	struct raw raw, late;
	char text[256];

	fixture_start(f, NULL);
	raw = raw_connect();
	raw_send(&raw, hello, sizeof hello);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	late = raw_connect();
	fixture_settle(f);
	oversleep(TP_HOUR);
	ck_assert_int_eq(f->closed, 0);
	/* From here on the time runs for it, and for who has not greeted. */
	fixture_advance(f, 14 * TP_SEC);
	ck_assert_int_eq(f->closed, 0);
	fixture_advance(f, 58 * TP_SEC);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_PING);
	ck_assert_int_eq(f->closed, 0);
	fixture_advance(f, 8 * TP_SEC);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_int_eq(f->why.code, ETIMEDOUT);
	ck_assert(raw_read(&late, &e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	raw_close(&late);
	raw_close(&raw);
}
END_TEST

START_TEST(who_does_not_greet_is_closed)
{
	struct envelope e;
	struct raw raw;
	char text[256];

	fixture_start(f, NULL);
	raw = raw_connect();
	fixture_settle(f);
	fixture_advance(f, 20 * TP_SEC);
	ck_assert(raw_read(&raw, &e, text, sizeof text));
	ck_assert_uint_eq(e.kind, ENVELOPE_BYE);
	ck_assert(!raw_read(&raw, &e, text, sizeof text));
	ck_assert_int_eq(f->opened + f->closed, 0);
	raw_close(&raw);
}
END_TEST

START_TEST(who_does_not_read_is_disconnected)
{
	struct tp_net_limits limits = { .out_soft_bytes = 100000,
		.out_hard_bytes = 1000000 };
	static char text[10001];
	struct note note = { .text = text, .has_n = true, .n = 1 };
	struct raw raw;
	bool was_busy = false;
	int r = 0;

	fixture_start(f, &limits);
	memset(text, 'x', 10000);
	raw = raw_connect();
	raw_send(&raw, hello, sizeof hello);
	for (int i = 0; i < 1000 && r == 0; i++) {
		was_busy = was_busy || tp_server_busy(f->server, f->peers[0]);
		r = tp_server_send(
			f->server, f->peers[0], NOTE_MESSAGE, &note_desc, &note);
		if (i % 4 == 0)
			fixture_settle(f);
	}
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert(was_busy);
	fixture_advance(f, 2 * TP_SEC);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_int_eq(f->why.code, ENOBUFS);
	raw_close(&raw);
}
END_TEST

/* --- edges ----------------------------------------------------------------------------- */

/* A frame of exactly `len` bytes: `head`, an array of six, filled up with its last element. */
static uint8_t *filled(const char *head, size_t head_len, size_t len)
{
	uint8_t *frame = calloc(1, len);
	size_t left = len - head_len - 5;

	memcpy(frame, head, head_len);
	frame[head_len] = 0xc6; /* bin of 32 bits */
	for (int i = 0; i < 4; i++)
		frame[head_len + 1 + i] = (uint8_t)(left >> (24 - 8 * i));
	return frame;
}

#define HELLO_OF_SIX "\x96\x01\x01\x01\x93\xa1x\xa0\x00\x00"
#define PING_OF_SIX "\x96\x0a\x00\x00\xc0\x00"

/* Sends it; what the answer is, 0 when the connection ended without one. */
static unsigned answer_to(struct raw *raw, const void *data, size_t len)
{
	struct envelope e;
	char text[256];

	raw_send(raw, data, len);
	return raw_read(raw, &e, text, sizeof text) ? e.kind : 0;
}

static struct raw raw_greeted(void)
{
	struct raw raw = raw_connect();

	ck_assert_uint_eq(answer_to(&raw, hello, sizeof hello), ENVELOPE_READY);
	return raw;
}

START_TEST(a_greeting_of_64k_is_the_longest)
{
	tp_cleanup(ptr) uint8_t *frame =
		filled(HELLO_OF_SIX, sizeof HELLO_OF_SIX - 1, 65536);
	struct raw raw;

	fixture_start(f, NULL);
	raw = raw_connect();
	ck_assert_uint_eq(answer_to(&raw, frame, 65536), ENVELOPE_READY);
	raw_close(&raw);
	ck_assert_int_eq(f->closed, 1);
}
END_TEST

/* After READY the limit is the configured one, to the byte. */
START_TEST(a_frame_of_the_limit_is_taken_and_one_byte_more_is_not)
{
	struct tp_net_limits limits = { .frame_max_bytes = 100000 };
	tp_cleanup(ptr) uint8_t *frame =
		filled(PING_OF_SIX, sizeof PING_OF_SIX - 1, 100000);
	uint8_t header[FRAME_HEADER_MAX];
	struct raw raw;

	fixture_start(f, &limits);
	raw = raw_greeted();
	ck_assert_uint_eq(answer_to(&raw, frame, 100000), ENVELOPE_PONG);
	ck_assert_int_eq(f->closed, 0);
	ck_assert_int_eq(write(raw.fd, header, frame_header(header, true, 100001)), 9);
	fixture_settle(f);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_msg(strstr(f->why.text, "100001") != NULL, "%s", f->why.text);
	raw_close(&raw);
}
END_TEST

/* A session that may have frames of less than 64 KiB has them so before READY too. */
START_TEST(a_small_limit_holds_before_ready)
{
	struct tp_net_limits limits = { .frame_max_bytes = 1000 };
	tp_cleanup(ptr) uint8_t *frame =
		filled(HELLO_OF_SIX, sizeof HELLO_OF_SIX - 1, 1001);
	struct raw raw;

	fixture_start(f, &limits);
	raw = raw_connect();
	ck_assert_uint_eq(answer_to(&raw, frame, 1001), 0);
	ck_assert_int_eq(f->opened, 0);
	raw_close(&raw);
}
END_TEST

/* The envelope is level 1: its sixth element may be 31 levels deep. */
START_TEST(thirty_two_levels_are_the_deepest)
{
	char ping[64] = PING_OF_SIX;
	size_t n = sizeof PING_OF_SIX - 1;
	struct raw raw;

	fixture_start(f, NULL);
	raw = raw_greeted();
	memset(ping + n, 0x91, 32);
	ping[n + 30] = (char)0x90;
	ck_assert_uint_eq(answer_to(&raw, ping, n + 31), ENVELOPE_PONG);
	ping[n + 30] = (char)0x91;
	ping[n + 31] = (char)0x90;
	ck_assert_uint_eq(answer_to(&raw, ping, n + 32), ENVELOPE_BYE);
	ck_assert_int_eq(f->closed, 1);
	ck_assert_int_eq(f->why.code, EPROTO);
	raw_close(&raw);
}
END_TEST

/* An id of 255 bytes is the longest. */
START_TEST(names_have_their_length)
{
	char frame[300] = "\x94\x01\x01\x01\x93\xa1x\xd9";
	struct raw raw;

	fixture_start(f, NULL);
	memset(frame + 9, 'a', 256);
	frame[8] = (char)255;
	frame[9 + 255] = 0; /* the epoch */
	raw = raw_connect();
	ck_assert_uint_eq(answer_to(&raw, frame, 9 + 255 + 1), ENVELOPE_READY);
	raw_close(&raw);
	memmove(frame + 10, frame + 9, 255);
	frame[7] = (char)0xda; /* a text with 16 bits of length */
	frame[8] = 1;
	frame[9] = 0;
	frame[10 + 255] = 'a';
	frame[10 + 256] = 0;
	raw = raw_connect();
	ck_assert_uint_eq(answer_to(&raw, frame, 10 + 256 + 1), ENVELOPE_BYE);
	ck_assert_int_eq(f->opened, 1);
	raw_close(&raw);
}
END_TEST

/* An array that says it has one element more than there are bytes left for. */
START_TEST(counts_are_held_to_the_bytes_left)
{
	static const char honest[] =
		"\x96\x0a\x00\x00\xc0\x00\xdd\x00\x00\x00\x02\x01\x02";
	static const char lie[] = "\x96\x0a\x00\x00\xc0\x00\xdd\x00\x00\x00\x03\x01\x02";
	struct raw raw;

	fixture_start(f, NULL);
	raw = raw_greeted();
	ck_assert_uint_eq(answer_to(&raw, honest, sizeof honest - 1), ENVELOPE_PONG);
	ck_assert_uint_eq(answer_to(&raw, lie, sizeof lie - 1), ENVELOPE_BYE);
	ck_assert_int_eq(f->why.code, EPROTO);
	raw_close(&raw);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session frames");
	TCase *tc = tcase_create("session frames");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, golden_frames_of_version_1);
	tcase_add_test(tc, odd_frames_are_survived);
	tcase_add_test(tc, a_frame_longer_than_64k_before_ready_is_refused);
	tcase_add_test(tc, a_silent_peer_is_pinged_then_closed);
	tcase_add_test(tc, nobody_is_blamed_for_a_sleep_of_ours);
	tcase_add_test(tc, who_does_not_greet_is_closed);
	tcase_add_test(tc, who_does_not_read_is_disconnected);
	tcase_add_loop_test(tc, strange_frames_end_the_session_with_a_reason, 0,
		(int)TP_COUNT(strange));
	tcase_add_test(tc, a_greeting_of_64k_is_the_longest);
	tcase_add_test(tc, a_frame_of_the_limit_is_taken_and_one_byte_more_is_not);
	tcase_add_test(tc, a_small_limit_holds_before_ready);
	tcase_add_test(tc, thirty_two_levels_are_the_deepest);
	tcase_add_test(tc, names_have_their_length);
	tcase_add_test(tc, counts_are_held_to_the_bytes_left);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
