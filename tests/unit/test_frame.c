/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The splitter: the same frames whatever pieces a stream arrives in, limits at their edges, and
 * strangers named.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/net/frame.h"

#define LIMIT 1000

static const size_t sizes[] = { 0, 1, 7, 8, 9, 200, 1000, 3 };

/* A stream of frames whose bytes tell frame and position. */
static void build(struct tp_strbuf *out, bool marked)
{
	uint8_t header[FRAME_HEADER_MAX];

	tp_strbuf_add(out, frame_hello, sizeof frame_hello);
	for (size_t i = 0; i < TP_COUNT(sizes); i++) {
		tp_strbuf_add(out, header, frame_header(header, marked, sizes[i]));
		for (size_t j = 0; j < sizes[i]; j++)
			tp_strbuf_putc(out, (char)(i * 31 + j));
	}
}

struct reader {
	struct frame_splitter splitter;
	size_t n;
	bool greeted;
};

static void read_piece(struct reader *r, const uint8_t *data, size_t len)
{
	/* A copy of its own: a read beyond the piece is seen by the sanitizers. */
	uint8_t *piece = malloc(len);
	const uint8_t *at = piece, *frame;
	struct tp_error err = { 0 };
	size_t frame_len;
	bool same = true;
	int result;

	memcpy(piece, data, len);
	while ((result = frame_next(&r->splitter, &at, &len, LIMIT, &frame, &frame_len,
			&err)) != FRAME_MORE) {
		ck_assert_msg(result > 0, "%s", err.text);
		if (result == FRAME_HELLO) {
			ck_assert(!r->greeted);
			r->greeted = true;
			continue;
		}
		ck_assert(r->greeted);
		ck_assert_uint_eq(frame_len, sizes[r->n]);
		/* One assertion for a frame: each is a write() of check's. */
		for (size_t j = 0; j < frame_len; j++)
			same = same && frame[j] == (uint8_t)(r->n * 31 + j);
		ck_assert(same);
		r->n++;
	}
	ck_assert_uint_eq(len, 0);
	free(piece);
}

static void check_chunks(bool marked, size_t chunk, size_t first)
{
	tp_cleanup(strbuf) struct tp_strbuf stream = TP_STRBUF_INIT;
	struct reader r = { .splitter = { .marked = marked } };
	size_t at = 0, n = first;

	build(&stream, marked);
	while (at < stream.len) {
		if (n > stream.len - at)
			n = stream.len - at;
		read_piece(&r, (const uint8_t *)stream.data + at, n);
		at += n;
		n = chunk;
	}
	ck_assert(r.greeted);
	ck_assert_uint_eq(r.n, TP_COUNT(sizes));
	frame_splitter_fini(&r.splitter);
}

START_TEST(frames_survive_every_cut)
{
	for (size_t chunk = 1; chunk < 1400; chunk++) {
		check_chunks(false, chunk, chunk);
		check_chunks(true, chunk, chunk);
	}
	/* Two pieces, cut at every place. */
	for (size_t first = 1; first < 1400; first++) {
		check_chunks(false, 5000, first);
		check_chunks(true, 5000, first);
	}
}
END_TEST

static int feed(struct frame_splitter *s, const void *data, size_t len, size_t max,
	struct tp_error *err)
{
	const uint8_t *at = data, *frame;
	size_t frame_len;
	int r;

	do
		r = frame_next(s, &at, &len, max, &frame, &frame_len, err);
	while (r > 0);
	return r;
}

static int feed_length(uint64_t n, size_t max, bool marked, size_t cut)
{
	struct frame_splitter s = { .marked = marked };
	struct tp_error err = { 0 };
	uint8_t header[FRAME_HEADER_MAX];
	size_t len = frame_header(header, marked, n);
	int r = feed(&s, frame_hello, sizeof frame_hello, max, &err);

	ck_assert_int_eq(r, FRAME_MORE);
	if (cut > 0)
		r = feed(&s, header, cut, max, &err);
	ck_assert_int_eq(r, FRAME_MORE);
	r = feed(&s, header + cut, len - cut, max, &err);
	ck_assert_int_eq(r < 0, err.text[0] != '\0');
	/* A header that claims much must not cost much. */
	ck_assert_uint_lt(s.partial.size, 4096);
	frame_splitter_fini(&s);
	return r;
}

START_TEST(the_limit_is_exact)
{
	for (size_t cut = 0; cut < 8; cut++) {
		ck_assert_int_eq(feed_length(65536, 65536, false, cut), FRAME_MORE);
		ck_assert_int_eq(feed_length(65537, 65536, false, cut), -EMSGSIZE);
		ck_assert_int_eq(feed_length(65537, 65536, true, cut), -EMSGSIZE);
		ck_assert_int_eq(feed_length(1 << 30, 1u << 30, true, cut), FRAME_MORE);
		ck_assert_int_eq(
			feed_length(UINT64_MAX, SIZE_MAX - 64, false, cut), -EMSGSIZE);
		ck_assert_int_eq(feed_length(0, 0, false, cut), FRAME_MORE);
		ck_assert_int_eq(feed_length(1, 0, false, cut), -EMSGSIZE);
	}
}
END_TEST

START_TEST(a_wrong_mark_is_refused)
{
	static const uint8_t bad[] = { 0x02, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct frame_splitter s = { .marked = true };
	struct tp_error err = { 0 };

	ck_assert_int_eq(feed(&s, frame_hello, 8, LIMIT, &err), FRAME_MORE);
	ck_assert_int_eq(feed(&s, bad, sizeof bad, LIMIT, &err), -EPROTO);
	ck_assert_ptr_nonnull(strstr(err.text, "02"));
	frame_splitter_fini(&s);
}
END_TEST

START_TEST(strangers_are_named)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
		int code;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18, "HTTP", EPROTOTYPE },
		{ "POST /api/v1 HTTP/1.1", 21, "HTTP", EPROTOTYPE },
		{ "HTTP/1.1 400 Bad Request\r\n", 26, "5060", EPROTO },
		{ "\x16\x03\x01\x02\x00\x01", 6, "TLS", EPROTO },
		{ "\0SP\0\0\x30\0\0", 8, "0x0030", EPROTO },
		{ "\xff", 1, "SP header", EPROTO },
		{ "SSH-2.0-OpenSSH", 15, "SP header", EPROTO },
	};

	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		struct frame_splitter s = { .greeted = false };
		struct tp_error err = { 0 };

		ck_assert_int_eq(
			feed(&s, rows[i].bytes, rows[i].len, LIMIT, &err), -rows[i].code);
		ck_assert_msg(strstr(err.text, rows[i].says) != NULL, "%s", err.text);
		frame_splitter_fini(&s);
	}
}
END_TEST

START_TEST(memory_of_a_long_frame_is_given_back)
{
	static uint8_t body[100000];
	struct frame_splitter s = { .greeted = true };
	struct tp_error err = { 0 };
	uint8_t header[FRAME_HEADER_MAX];
	size_t n = frame_header(header, false, sizeof body);

	ck_assert_int_eq(feed(&s, header, n, sizeof body, &err), FRAME_MORE);
	ck_assert_int_eq(feed(&s, body, sizeof body, sizeof body, &err), FRAME_MORE);
	ck_assert_uint_lt(s.partial.size, 4096);
	frame_splitter_fini(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tc = tcase_create("frame");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, frames_survive_every_cut);
	tcase_add_test(tc, the_limit_is_exact);
	tcase_add_test(tc, a_wrong_mark_is_refused);
	tcase_add_test(tc, strangers_are_named);
	tcase_add_test(tc, memory_of_a_long_frame_is_given_back);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
