/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a master reads from its registry at the start, whatever a crash, a bad disk or another
 * version made of it: every variable is understood, left alone or refused with its name, agents
 * never have two places, and what was understood comes back equal. Then the master goes on from
 * there: operations keep the books straight.
 *
 * Input: variables, each [length of the name] name [length of the record, two bytes] record; the
 * first byte of all says which operations follow.
 */
#include <errno.h>
#include <string.h>

#include "modules/master/registrar_operation.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

static size_t take(struct input *input, size_t n_bytes)
{
	size_t value = 0;

	for (size_t i = 0; i < n_bytes && input->left > 0; i++, input->left--)
		value = value << 8 | *input->data++;
	return value;
}

/* False at the end. The name has no NUL inside, as a registry promises. */
static bool next_entry(
	struct input *input, struct tp_arena *arena, struct tp_registry_entry *ret)
{
	size_t len = take(input, 1);

	if (input->left == 0)
		return false;
	len = len < input->left ? len : input->left;
	ret->name = tp_arena_strndup(arena, (const char *)input->data, len);
	input->data += len;
	input->left -= len;
	len = take(input, 2);
	ret->len = len < input->left ? len : input->left;
	ret->data = ret->len == 0 ? "" : tp_arena_memdup(arena, input->data, ret->len);
	input->data += ret->len;
	input->left -= ret->len;
	return true;
}

/* Written as it was understood, it is understood as the same. */
static void write_again(const struct tp_registry_variable *row,
	const struct tp_registry_entry *entry, const void *record, struct tp_arena *arena)
{
	struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_registry_entry again = { .name = entry->name };
	struct tp_error err = { 0 };
	void *second;

	tp_msgpack_encode(row->desc, record, &out);
	again.data = (const uint8_t *)tp_strbuf_text(&out);
	again.len = out.len;
	tp_assert(tp_registry_variable_decode(&again, arena, &row, &second, &err) == 0);
	tp_assert(tp_record_equal(row->desc, record, second));
	tp_strbuf_fini(&out);
}

/* The agent's id; NULL when the variable is no agent's. */
static const char *load(struct registrar_members *members,
	const struct tp_registry_entry *entry, struct tp_arena *arena)
{
	const struct tp_registry_variable *row = NULL;
	struct tp_error err = { 0 };
	void *record = NULL;
	int r = tp_registry_variable_decode(entry, arena, &row, &record, &err);

	if (r < 0) {
		tp_assert(r == -ENOENT || r == -EUCLEAN);
		tp_assert(strstr(err.text, "registry variable '") == err.text);
		return NULL;
	}
	write_again(row, entry, record, arena);
	if (registrar_members_load(members, row, entry, &err) < 0) {
		tp_assert(err.text[0] != '\0');
		return NULL;
	}
	return row->what == TP_REGISTRY_AGENT || row->what == TP_REGISTRY_UNREACHABLE ||
			row->what == TP_REGISTRY_GONE
		? entry->name + strlen(row->prefix)
		: NULL;
}

static void operate(struct registrar_members *members, const char *id, size_t choice)
{
	static const enum registrar_kind kinds[] = { REGISTRAR_MARK_AGENT_UNREACHABLE,
		REGISTRAR_REMOVE_AGENT, REGISTRAR_MARK_AGENT_GONE, REGISTRAR_PRUNE };
	const struct registrar_operation operation = {
		.kind = kinds[choice % TP_COUNT(kinds)],
		.arguments = { .agent_id = id,
			.at_ns = 1,
			.agent_ids = &id,
			.n_agent_ids = 1 },
	};
	struct registrar_batch batch;
	struct tp_error err = { 0 };
	uint64_t before = members->size_bytes;

	registrar_batch_begin(&batch);
	if (registrar_operation_apply(members, &operation, &batch, &err) < 0) {
		tp_assert(err.text[0] != '\0');
		tp_assert(batch.n == 0 && members->size_bytes == before);
	}
	registrar_batch_end(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	size_t choice = take(&input, 1);
	struct tp_arena *arena = tp_arena_create(0);
	struct registrar_members members;
	struct tp_registry_entry entry;

	registrar_members_init(&members);
	while (next_entry(&input, arena, &entry)) {
		const char *id = load(&members, &entry, arena);

		if (id != NULL)
			operate(&members, id, choice++);
	}
	registrar_members_fini(&members);
	tp_arena_destroy(arena);
	return 0;
}
