/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A manifest from any text, and its entries' config filled into a struct with a member of each
 * kind: whatever is refused is refused with a place and a reason, and nothing is left behind.
 */
#include "core/kernel/config.h"
#include "core/kernel/manifest.h"
#include "tepui/arena.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct toy {
	bool flag;
	int32_t small;
	uint64_t huge;
	double ratio;
	int64_t cpus, interval_ns, limit_bytes;
	const char *text;
	struct tp_bytes bytes;
	const char **names;
	size_t n_names;
	struct toy_leaf *leaf;
};

struct toy_leaf {
	const char *name;
	struct toy_leaf *child;
};

static const struct tp_desc leaf_desc;
static const struct tp_field leaf_fields[] = {
	TP_CONFIG_REQUIRED("name", TP_STRING, struct toy_leaf, name, NULL),
	{ .name = "child",
		.type = TP_RECORD,
		.offset = offsetof(struct toy_leaf, child),
		.sub = &leaf_desc },
};
static const struct tp_desc leaf_desc = { .name = "Leaf",
	.size = sizeof(struct toy_leaf),
	.fields = leaf_fields,
	.n_fields = 2,
	.field_size = sizeof(struct tp_field) };

static const struct tp_field toy_fields[] = {
	TP_CONFIG("flag", TP_BOOL, struct toy, flag, "true", NULL),
	TP_CONFIG("small", TP_INT32, struct toy, small, "-5", NULL),
	TP_CONFIG("huge", TP_UINT64, struct toy, huge, NULL, NULL),
	TP_CONFIG("ratio", TP_DOUBLE, struct toy, ratio, NULL, NULL),
	TP_CONFIG("cpus", TP_MILLI, struct toy, cpus, NULL, NULL),
	TP_CONFIG("interval", TP_DURATION, struct toy, interval_ns, "1s", NULL),
	TP_CONFIG("limit", TP_SIZE, struct toy, limit_bytes, "64MB", NULL),
	TP_CONFIG("text", TP_STRING, struct toy, text, NULL, NULL),
	TP_CONFIG("bytes", TP_BYTES, struct toy, bytes, NULL, NULL),
	TP_CONFIG_LIST("names", struct toy, names, NULL),
	{ .name = "leaf",
		.type = TP_RECORD,
		.offset = offsetof(struct toy, leaf),
		.sub = &leaf_desc },
	{ 0 },
};
static const struct config_table toy_table = { toy_fields, sizeof(struct tp_field),
	SIZE_MAX };

static void fill(const struct manifest *manifest, struct issues *issues)
{
	struct tp_arena *arena = tp_arena_create(4096);

	for (size_t i = 0; i < manifest->n_entries; i++) {
		const struct manifest_entry *entry = manifest->entries[i];
		struct toy toy = { 0 };

		config_fill(&toy_table, entry->name, &entry->mark, entry->config, arena,
			&toy, issues);
	}
	tp_arena_destroy(arena);
}

/* The same text as the value of a setting. */
static void set(const uint8_t *data, size_t size)
{
	static const char base[] = "modules: [{ module: a }]";
	struct manifest manifest;
	struct issues issues = { 0 };
	char *setting = tp_alloc(size + 8);

	memcpy(setting, "a.text=", 7);
	memcpy(setting + 7, data, size);
	manifest_init(&manifest);
	manifest_parse(&manifest, "fuzz.yaml", base, strlen(base), &issues);
	manifest_set(&manifest, setting, &issues);
	if (issues.n == 0)
		fill(&manifest, &issues);
	issues_fini(&issues);
	manifest_fini(&manifest);
	tp_free(setting);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest;
	struct issues issues = { 0 };
	struct tp_error err = { 0 };

	set(data, size);
	manifest_init(&manifest);
	manifest_parse(&manifest, "fuzz.yaml", (const char *)data, size, &issues);
	if (issues.n == 0)
		fill(&manifest, &issues);
	if (issues_error(&issues, &err) < 0)
		tp_assert(err.text[0] != '\0');
	else
		tp_assert(issues.n == 0);
	issues_fini(&issues);
	manifest_fini(&manifest);
	return 0;
}
