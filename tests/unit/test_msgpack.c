/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native encoding: every record of the schema comes back as it was, msgpack-c reads what we
 * write, and nothing hostile gets through.
 */
#include <check.h>
#include <errno.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"
#include "tests/lib/random_record.h"

#define ROUNDS 8

static struct tp_arena *arena;
static struct tp_strbuf out;
static struct tp_error err;

static void setup(void)
{
	arena = tp_arena_create(0);
	memset(&out, 0, sizeof out);
	memset(&err, 0, sizeof err);
}

static void teardown(void)
{
	tp_strbuf_fini(&out);
	tp_arena_destroy(arena);
}

static int decode(const struct tp_desc *desc, const void *data, size_t len, void *ret)
{
	return tp_msgpack_decode(desc, data, len, arena, ret, &err);
}

/* Decoding `bytes` fails, and the error says `text`. */
static void refuses(
	const struct tp_desc *desc, const char *bytes, size_t len, const char *text)
{
	void *record = &err;

	memset(&err, 0, sizeof err);
	ck_assert_int_eq(decode(desc, bytes, len, &record), -EINVAL);
	ck_assert_msg(strstr(err.text, text) != NULL, "'%s' lacks '%s'", err.text, text);
	ck_assert_ptr_eq(record, &err);
}

#define REFUSES(desc, bytes, text) refuses(&(desc), bytes, sizeof(bytes) - 1, text)

START_TEST(every_record_comes_back)
{
	const struct tp_desc *const *desc;
	void *record, *again;
	uint64_t seed;

	for (desc = tp_wire_descs; *desc != NULL; desc++) {
		for (seed = 0; seed < ROUNDS; seed++) {
			record = random_record(*desc, seed, arena);
			tp_strbuf_clear(&out);
			tp_msgpack_encode(*desc, record, &out);
			ck_assert_int_eq(tp_msgpack_scan(out.data, out.len, &err), 0);
			ck_assert_msg(decode(*desc, out.data, out.len, &again) == 0, "%s",
				err.text);
			ck_assert_msg(tp_record_equal(*desc, record, again), "%s %d",
				(*desc)->name, (int)seed);
		}
		tp_arena_reset(arena);
	}
}
END_TEST

/* msgpack-c understands it, and would have written the same bytes. */
START_TEST(msgpack_c_agrees)
{
	const struct tp_desc *const *desc;
	msgpack_sbuffer again;
	msgpack_packer packer;
	msgpack_unpacked value;
	size_t at;

	for (desc = tp_wire_descs; *desc != NULL; desc++) {
		tp_strbuf_clear(&out);
		tp_msgpack_encode(*desc, random_record(*desc, 3, arena), &out);
		msgpack_unpacked_init(&value);
		at = 0;
		ck_assert_int_eq(msgpack_unpack_next(&value, out.data, out.len, &at),
			MSGPACK_UNPACK_SUCCESS);
		ck_assert_uint_eq(at, out.len);
		msgpack_sbuffer_init(&again);
		msgpack_packer_init(&packer, &again, msgpack_sbuffer_write);
		msgpack_pack_object(&packer, value.data);
		ck_assert_uint_eq(again.size, out.len);
		ck_assert_mem_eq(again.data, out.data, out.len);
		msgpack_sbuffer_destroy(&again);
		msgpack_unpacked_destroy(&value);
		tp_arena_reset(arena);
	}
}
END_TEST

START_TEST(numbers_take_the_shortest_form)
{
	static const struct {
		int64_t value;
		const char *bytes;
		size_t len;
	} rows[] = {
		{ 0, "\x91\x00", 2 },
		{ 127, "\x91\x7f", 2 },
		{ 128, "\x91\xcc\x80", 3 },
		{ 256, "\x91\xcd\x01\x00", 4 },
		{ 65536, "\x91\xce\x00\x01\x00\x00", 6 },
		{ INT64_MAX, "\x91\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 10 },
		{ -1, "\x91\xff", 2 },
		{ -32, "\x91\xe0", 2 },
		{ -33, "\x91\xd0\xdf", 3 },
		{ -129, "\x91\xd1\xff\x7f", 4 },
		{ -32769, "\x91\xd2\xff\xff\x7f\xff", 6 },
		{ INT64_MIN, "\x91\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 10 },
	};
	struct tp_time_info time = { .has_nanoseconds = true }, *again;
	size_t i;

	for (i = 0; i < TP_COUNT(rows); i++) {
		time.nanoseconds = rows[i].value;
		tp_strbuf_clear(&out);
		tp_msgpack_encode(&tp_time_info_desc, &time, &out);
		ck_assert_uint_eq(out.len, rows[i].len);
		ck_assert_mem_eq(out.data, rows[i].bytes, out.len);
		ck_assert_int_eq(
			decode(&tp_time_info_desc, out.data, out.len, &again), 0);
		ck_assert_int_eq(again->nanoseconds, rows[i].value);
	}
}
END_TEST

START_TEST(absent_fields_are_nil_or_cut)
{
	struct tp_agent_id id = { "S1" };
	struct tp_request request = { .agent_id = &id };
	struct tp_offer offer = { .hostname = "h" }, *again;

	tp_msgpack_encode(&tp_request_desc, &request, &out);
	ck_assert_uint_eq(out.len, 5);
	ck_assert_mem_eq(out.data, "\x91\x91\xa2S1", 5);
	tp_strbuf_clear(&out);
	tp_msgpack_encode(&tp_offer_desc, &offer, &out);
	ck_assert_uint_eq(out.len, 6);
	ck_assert_mem_eq(out.data, "\x94\xc0\xc0\xc0\xa1h", 6);
	ck_assert_int_eq(decode(&tp_offer_desc, out.data, out.len, &again), 0);
	ck_assert(tp_record_equal(&tp_offer_desc, &offer, again));
}
END_TEST

/* A newer peer has fields that we do not know: behind ours, or where we have none. */
START_TEST(unknown_fields_are_skipped)
{
	static const char newer[] =
		"\x94\x91\xa1x\xc0\x82\xa1k\x93\x01\xc3\xc4\x02hi\x05\xcb"
		"\0\0\0\0\0\0\0\0\xc7\x02\x01zz";
	struct tp_request *request;

	ck_assert_msg(decode(&tp_request_desc, newer, sizeof newer - 1, &request) == 0,
		"%s", err.text);
	ck_assert_str_eq(request->agent_id->value, "x");
	ck_assert_uint_eq(request->n_resources, 0);
}
END_TEST

START_TEST(unknown_enum_numbers)
{
	struct tp_task_status *status;
	struct tp_capability_info *info;

	/* source (9) is optional: dropped; state (2) is required. */
	ck_assert_int_eq(decode(&tp_task_status_desc,
				 "\x99\xc0\x01\xc0\xc0\xc0\xc0\xc0\xc0\x63", 10, &status),
		0);
	ck_assert(status->has_state && !status->has_source);
	REFUSES(tp_task_status_desc, "\x92\xc0\x63",
		"TaskStatus.state: unknown enum number 99");
	ck_assert_int_eq(decode(&tp_capability_info_desc,
				 "\x91\x93\xcd\x03\xe8\x01\xcd\x03\xe9", 9, &info),
		0);
	ck_assert_uint_eq(info->n_capabilities, 2);
	ck_assert_int_eq(
		info->capabilities[1], TP_CAPABILITY_INFO_CAPABILITY_DAC_OVERRIDE);
}
END_TEST

START_TEST(errors_name_the_place)
{
	REFUSES(tp_task_info_desc, "\x94\xc0\xc0\xc0\x91\x93\xa1n\x00\x91\xa1x",
		"TaskInfo.resources[0].scalar.value: expected a number");
	REFUSES(tp_agent_id_desc, "\x91\x05", "AgentID.value: expected text");
	REFUSES(tp_request_desc, "\x92\xc0\x05", "expected an array");
	REFUSES(tp_request_desc, "\x91\x05", "Request.agent_id: expected a record");
	REFUSES(tp_request_desc, "\x80", "Request: expected a record");
}
END_TEST

START_TEST(values_must_fit)
{
	REFUSES(tp_tty_info_window_size_desc, "\x92\xce\xff\xff\xff\xff\xff", "columns");
	REFUSES(tp_tty_info_window_size_desc, "\x91\xcf\0\0\0\1\0\0\0\0", "32 bits");
	REFUSES(tp_address_desc, "\x93\xc0\xc0\xce\x80\x00\x00\x00", "Address.port");
	REFUSES(tp_time_info_desc, "\x91\xcf\x80\0\0\0\0\0\0\0", "64 bits");
	REFUSES(tp_time_info_desc, "\x91\xcb\0\0\0\0\0\0\0\0", "64 bits");
	REFUSES(tp_agent_id_desc, "\x91\xa2\xc0\x80", "UTF-8");
	REFUSES(tp_agent_id_desc, "\x91\xa3\xed\xa0\x80", "UTF-8");
	REFUSES(tp_agent_id_desc,
		"\x91\xa3"
		"a\0b",
		"UTF-8");
	REFUSES(tp_agent_id_desc,
		"\x91\xa9"
		"01234567\0",
		"UTF-8");
	REFUSES(tp_agent_id_desc, "\x91\xa2x\xe2", "UTF-8");
	REFUSES(tp_uuid_desc, "\x91\xa1x", "UUID.value: expected bytes");
}
END_TEST

START_TEST(lying_input)
{
	struct tp_strbuf deep = TP_STRBUF_INIT;
	int i;

	REFUSES(tp_agent_id_desc, "", "cut short");
	REFUSES(tp_agent_id_desc, "\x91\xdb\xff\xff\xff\xff", "cut short");
	REFUSES(tp_agent_id_desc, "\xdd\xff\xff\xff\xff", "more items");
	REFUSES(tp_request_desc, "\x92\xc0\xdd\x7f\xff\xff\xff\xc0", "more items");
	REFUSES(tp_request_desc, "\x94\xc0\xc0\xc0\xdf\x7f\xff\xff\xff\xc0",
		"more items");
	REFUSES(tp_agent_id_desc, "\x91\xc1", "does not use");
	REFUSES(tp_agent_id_desc, "\x91\xa1x\x00", "1 bytes follow");
	/* ContainerID.parent, again and again. */
	for (i = 0; i < 40; i++)
		tp_strbuf_add(&deep, "\x92\xa1x", 3);
	tp_strbuf_add(&deep, "\x91\xa1x", 3);
	refuses(&tp_container_id_desc, deep.data, deep.len, "deeper than 32");
	ck_assert_int_eq(tp_msgpack_scan(deep.data, deep.len, &err), -EINVAL);
	tp_strbuf_fini(&deep);
}
END_TEST

/* An empty task takes one byte here and hundreds in memory. */
START_TEST(small_messages_stay_small)
{
	size_t n = 200000;
	void *record;

	tp_strbuf_add(&out, "\x91\xdd\x00\x03\x0d\x40", 6);
	memset(tp_strbuf_reserve(&out, n), 0x90, n);
	out.len += n;
	ck_assert_int_eq(tp_msgpack_scan(out.data, out.len, &err), 0);
	ck_assert_int_eq(
		decode(&tp_task_group_info_desc, out.data, out.len, &record), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "too much memory"));
	ck_assert_uint_lt(tp_arena_bytes(arena), 65 * n);
}
END_TEST

START_TEST(scan_refuses)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = { { "", 0 }, { "\x91", 1 }, { "\xdd\xff\xff\xff\xff", 5 },
		{ "\x00\x00", 2 }, { "\xc6\xff\xff\xff\xff", 5 }, { "\xc1", 1 },
		{ "\x81\x01", 2 }, { "\xcb\x00", 2 } };
	char deep[34];
	size_t i;

	for (i = 0; i < TP_COUNT(rows); i++) {
		err.text[0] = '\0';
		ck_assert_int_eq(
			tp_msgpack_scan(rows[i].bytes, rows[i].len, &err), -EINVAL);
		ck_assert_str_ne(err.text, "");
	}
	memset(deep, 0x91, sizeof deep);
	deep[32] = 0x01;
	ck_assert_int_eq(tp_msgpack_scan(deep, 33, &err), 0);
	deep[32] = (char)0x91;
	deep[33] = 0x01;
	ck_assert_int_eq(tp_msgpack_scan(deep, 34, &err), -EINVAL);
}
END_TEST

/* Whatever is cut or changed: an answer, and every refusal says why. */
START_TEST(damaged_input)
{
	struct tp_arena *scratch = tp_arena_create(0);
	const struct tp_desc *desc = &tp_task_info_desc;
	void *ret;
	char *copy;
	size_t i;
	int bit;

	tp_msgpack_encode(desc, random_record(desc, _i, arena), &out);
	for (i = 0; i < out.len; i++) {
		copy = tp_arena_memdup(scratch, out.data, i);
		ck_assert_int_lt(
			tp_msgpack_decode(desc, copy, i, scratch, &ret, &err), 0);
		ck_assert_int_lt(tp_msgpack_scan(copy, i, &err), 0);
		for (bit = 0; bit < 8; bit++) {
			copy = tp_arena_memdup(scratch, out.data, out.len);
			copy[i] = (char)(copy[i] ^ 1 << bit);
			err.text[0] = '\0';
			if (tp_msgpack_decode(desc, copy, out.len, scratch, &ret, &err) <
				0)
				ck_assert_str_ne(err.text, "");
		}
		tp_arena_reset(scratch);
	}
	tp_arena_destroy(scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("msgpack");
	TCase *tc = tcase_create("msgpack");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_record_comes_back);
	tcase_add_test(tc, msgpack_c_agrees);
	tcase_add_test(tc, numbers_take_the_shortest_form);
	tcase_add_test(tc, absent_fields_are_nil_or_cut);
	tcase_add_test(tc, unknown_fields_are_skipped);
	tcase_add_test(tc, unknown_enum_numbers);
	tcase_add_test(tc, errors_name_the_place);
	tcase_add_test(tc, values_must_fit);
	tcase_add_test(tc, lying_input);
	tcase_add_test(tc, small_messages_stay_small);
	tcase_add_test(tc, scan_refuses);
	tcase_add_loop_test(tc, damaged_input, 1, 4);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
