/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What encoding and decoding cost: CPU time per record for a typical task and for a record of
 * 20 simple fields, beside two floors: copying the same bytes, and code written by hand for the
 * one record. Rows: name, value, unit, conditions. Bounded: each figure is the best of ROUNDS
 * rounds of a fixed time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tepui/codec.h"
#include "tepui/wire.h"

#define ROUNDS 5
#define ROUND_NS 60000000

struct subject {
	const char *name;
	const struct tp_desc *desc;
	const char *json;
	void *record;
	struct tp_arena *arena;
	struct tp_strbuf msgpack;
	struct tp_strbuf text;
	struct tp_strbuf out;
};

typedef void step_f(struct subject *s);

static const char task[] =
	"{\"name\":\"web\",\"task_id\":{\"value\":\"web.8d3c1f7e-1\"},"
	"\"agent_id\":{\"value\":\"f18d2f0b-3250-4da8-9eac-b326bcd18744-S0\"},"
	"\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5}"
	","
	"\"allocation_info\":{\"role\":\"eng/web\"}},"
	"{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":128.0},"
	"\"allocation_info\":{\"role\":\"eng/web\"}}],"
	"\"command\":{\"value\":\"./serve --port=31000\",\"environment\":{\"variables\":["
	"{\"name\":\"PORT\",\"value\":\"31000\"},{\"name\":\"ZONE\",\"value\":\"a\"}]}},"
	"\"labels\":{\"labels\":[{\"key\":\"tier\",\"value\":\"front\"},"
	"{\"key\":\"owner\",\"value\":\"web\"}]}}";

/* 20 fields of one record, numbers of every size. */
static const char counters[] =
	"{\"cycles\":1,\"stalled_cycles_frontend\":300,\"stalled_cycles_backend\":70000,"
	"\"instructions\":5000000000,\"cache_references\":5,\"cache_misses\":6,"
	"\"branches\":700,\"branch_misses\":8,\"bus_cycles\":9,\"ref_cycles\":100000,"
	"\"page_faults\":11,\"minor_faults\":12,\"major_faults\":13,"
	"\"context_switches\":1400,\"cpu_migrations\":15,\"alignment_faults\":16,"
	"\"emulation_faults\":17,\"l1_dcache_loads\":6000000000,"
	"\"l1_dcache_load_misses\":19,\"l1_dcache_stores\":20}";

static struct subject subjects[] = {
	{ .name = "task", .desc = &tp_task_info_desc, .json = task },
	{ .name = "20 fields", .desc = &tp_perf_statistics_desc, .json = counters },
};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * TP_SEC + now.tv_nsec;
}

static void msgpack_encode(struct subject *s)
{
	tp_strbuf_clear(&s->out);
	tp_msgpack_encode(s->desc, s->record, &s->out);
}

static void msgpack_decode(struct subject *s)
{
	void *record;

	tp_arena_reset(s->arena);
	if (tp_msgpack_decode(s->desc, s->msgpack.data, s->msgpack.len, s->arena, &record,
		    NULL) < 0)
		abort();
}

static void msgpack_scan(struct subject *s)
{
	if (tp_msgpack_scan(s->msgpack.data, s->msgpack.len, NULL) < 0)
		abort();
}

static void json_encode(struct subject *s)
{
	tp_strbuf_clear(&s->out);
	tp_json_encode(s->desc, s->record, TP_JSON_BARE, &s->out);
}

static void json_decode(struct subject *s)
{
	void *record;

	tp_arena_reset(s->arena);
	if (tp_json_decode(s->desc, s->text.data, s->text.len, s->arena, &record, NULL) <
		0)
		abort();
}

static void copy_bytes(struct subject *s)
{
	tp_strbuf_clear(&s->out);
	tp_strbuf_add(&s->out, s->msgpack.data, s->msgpack.len);
}

/* By hand, for the record of counters alone: its rows are all uint64_t, numbers 3 to 25. */
static void hand_encode(struct subject *s)
{
	const struct tp_perf_statistics *perf = s->record;
	const uint64_t values[] = { perf->cycles, perf->stalled_cycles_frontend,
		perf->stalled_cycles_backend, perf->instructions, perf->cache_references,
		perf->cache_misses, perf->branches, perf->branch_misses, perf->bus_cycles,
		perf->ref_cycles, perf->page_faults, perf->minor_faults,
		perf->major_faults, perf->context_switches, perf->cpu_migrations,
		perf->alignment_faults, perf->emulation_faults, perf->l1_dcache_loads,
		perf->l1_dcache_load_misses, perf->l1_dcache_stores };
	uint8_t *p;
	size_t i;
	int shift;

	tp_strbuf_clear(&s->out);
	p = tp_strbuf_reserve(&s->out, 9 * TP_COUNT(values));
	for (i = 0; i < TP_COUNT(values); i++) {
		if (values[i] < 0x80) {
			*p++ = (uint8_t)values[i];
			continue;
		}
		*p++ = 0xcf;
		for (shift = 56; shift >= 0; shift -= 8)
			*p++ = (uint8_t)(values[i] >> shift);
	}
	s->out.len = (size_t)((char *)p - s->out.data);
	s->out.data[s->out.len] = '\0';
}

static void measure(struct subject *s, const char *what, step_f *step, size_t bytes)
{
	double best = 0, ns;
	int64_t start, spent;
	int round, i;
	long n;

	for (round = 0; round < ROUNDS; round++) {
		start = cpu_ns();
		n = 0;
		do {
			for (i = 0; i < 256; i++)
				step(s);
			n += 256;
			spent = cpu_ns() - start;
		} while (spent < ROUND_NS);
		ns = (double)spent / (double)n;
		if (round == 0 || ns < best)
			best = ns;
	}
	printf("codec %s %s\t%.1f\tns\tCPU per record of %zu bytes, best of %d\n",
		s->name, what, best, bytes, ROUNDS);
	fflush(stdout);
}

static void prepare(struct subject *s)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err;

	if (tp_json_decode(s->desc, s->json, strlen(s->json), arena, &s->record, &err) <
		0) {
		fprintf(stderr, "%s: %s\n", s->name, err.text);
		exit(1);
	}
	s->arena = tp_arena_create(8192);
	tp_msgpack_encode(s->desc, s->record, &s->msgpack);
	tp_json_encode(s->desc, s->record, TP_JSON_BARE, &s->text);
}

int main(void)
{
	struct subject *s;

	for (s = subjects; s < subjects + TP_COUNT(subjects); s++) {
		prepare(s);
		measure(s, "msgpack encode", msgpack_encode, s->msgpack.len);
		measure(s, "msgpack decode", msgpack_decode, s->msgpack.len);
		measure(s, "msgpack scan", msgpack_scan, s->msgpack.len);
		measure(s, "floor: copy the msgpack", copy_bytes, s->msgpack.len);
		if (s->desc == &tp_perf_statistics_desc)
			measure(s, "floor: encode by hand", hand_encode, s->msgpack.len);
		measure(s, "JSON encode", json_encode, s->text.len);
		measure(s, "JSON decode", json_decode, s->text.len);
	}
	return 0;
}
