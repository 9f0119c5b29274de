/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows. An agent has at most one variable: "agent/<id>", "unreachable/<id>" or "gone/<id>";
 * whoever moves it writes the new one and removes the old one in the same batch.
 */
#include "registrar_operation.h"

#include <errno.h>
#include <string.h>

#include "idrecord.h"

#include "tepui/codec.h"

struct member {
	struct tp_map_node node;
	enum tp_registry_what place;
	uint64_t bytes; /* of its variable */
	char id[];
};

/* A variable that is no member's. */
struct setting {
	struct tp_map_node node;
	uint64_t bytes;
	char name[];
};

void registrar_members_init(struct registrar_members *members)
{
	*members = (struct registrar_members){ 0 };
	tp_map_init(&members->by_id);
	tp_map_init(&members->settings);
}

void registrar_members_fini(struct registrar_members *members)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &members->by_id)
		tp_free(tp_map_entry(node, struct member, node));
	tp_map_foreach (node, tmp, &members->settings)
		tp_free(tp_map_entry(node, struct setting, node));
	tp_map_fini(&members->by_id);
	tp_map_fini(&members->settings);
}

static struct member *find(const struct registrar_members *members, const char *id)
{
	return tp_map_get(&members->by_id, id, struct member, node);
}

/* The member has its variable in this place from now on. */
static void place(struct registrar_members *members, const char *id,
	enum tp_registry_what what, uint64_t bytes)
{
	struct member *member = find(members, id);
	size_t len = strlen(id) + 1;

	if (member == NULL) {
		member = tp_alloc(sizeof *member + len);
		memcpy(member->id, id, len);
		tp_map_add(&members->by_id, &member->node, member->id);
	}
	members->size_bytes += bytes - member->bytes;
	member->bytes = bytes;
	member->place = what;
}

static void displace(struct registrar_members *members, struct member *member)
{
	members->size_bytes -= member->bytes;
	tp_map_remove(&members->by_id, &member->node);
	tp_free(member);
}

/* Its variable has this size from now on; 0: there is none. */
static void set_size(struct registrar_members *members, const char *name, uint64_t bytes)
{
	struct setting *setting =
		tp_map_get(&members->settings, name, struct setting, node);
	size_t len = strlen(name) + 1;

	if (setting == NULL) {
		if (bytes == 0)
			return;
		setting = tp_alloc(sizeof *setting + len);
		memcpy(setting->name, name, len);
		tp_map_add(&members->settings, &setting->node, setting->name);
	}
	members->size_bytes += bytes - setting->bytes;
	setting->bytes = bytes;
	if (bytes > 0)
		return;
	tp_map_remove(&members->settings, &setting->node);
	tp_free(setting);
}

static bool has_setting(const struct registrar_members *members, const char *name)
{
	return tp_map_find(&members->settings, name) != NULL;
}

int registrar_members_load(struct registrar_members *members,
	const struct tp_registry_variable *row, const struct tp_registry_entry *entry,
	struct tp_error *err)
{
	uint64_t bytes = strlen(entry->name) + entry->len;
	const char *id = entry->name + strlen(row->prefix);
	const struct member *other;

	switch (row->what) {
	case TP_REGISTRY_AGENT:
	case TP_REGISTRY_UNREACHABLE:
	case TP_REGISTRY_GONE:
		other = find(members, id);
		if (other != NULL)
			return tp_fail(err, EEXIST,
				"registry variable '%s' contradicts '%s%s'; see `tepui "
				"registry check`",
				entry->name, tp_registry_variable(other->place)->prefix,
				id);
		place(members, id, row->what, bytes);
		return 0;
	case TP_REGISTRY_MASTER:
		members->master_bytes = bytes;
		break;
	case TP_REGISTRY_MACHINE:
	case TP_REGISTRY_SCHEDULE:
	case TP_REGISTRY_QUOTA:
	case TP_REGISTRY_WEIGHT:
		set_size(members, entry->name, bytes);
		return 0;
	default:
		break;
	}
	members->size_bytes += bytes;
	return 0;
}

/* --- the batch ------------------------------------------------------------------------- */

void registrar_batch_begin(struct registrar_batch *batch)
{
	*batch = (struct registrar_batch){ .arena = tp_arena_create(0) };
}

void registrar_batch_end(struct registrar_batch *batch)
{
	tp_arena_destroy(batch->arena);
	tp_free(batch->entries);
	*batch = (struct registrar_batch){ 0 };
}

static struct tp_registry_entry *add(
	struct registrar_batch *batch, enum tp_registry_what what, const char *key)
{
	struct tp_registry_entry *entry;

	if (batch->n == batch->size) {
		batch->size = batch->size == 0 ? 16 : 2 * batch->size;
		batch->entries =
			tp_realloc(batch->entries, batch->size * sizeof *batch->entries);
	}
	entry = &batch->entries[batch->n++];
	*entry = (struct tp_registry_entry){ .name = tp_arena_printf(batch->arena, "%s%s",
						     tp_registry_variable(what)->prefix,
						     key) };
	return entry;
}

/* Writes a variable; returns its size. */
static uint64_t put(struct registrar_batch *batch, enum tp_registry_what what,
	const char *key, const void *record)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;
	struct tp_registry_entry *entry = add(batch, what, key);

	tp_msgpack_encode(tp_registry_variable(what)->desc, record, &buf);
	entry->data = tp_arena_memdup(batch->arena, buf.data, buf.len);
	entry->len = buf.len;
	return strlen(entry->name) + buf.len;
}

static void put_agent(struct registrar_members *members, struct registrar_batch *batch,
	const struct tp_agent_info *info)
{
	const char *id = info->id->value;
	struct tp_registry_state_agent *record =
		tp_record_new(&tp_registry_state_agent_desc, batch->arena);

	record->info = record_shallow(&tp_agent_info_desc, info, batch->arena);
	place(members, id, TP_REGISTRY_AGENT, put(batch, TP_REGISTRY_AGENT, id, record));
}

/* --- the operations -------------------------------------------------------------------- */

typedef int apply_f(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err);

static int recover(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	struct tp_registry_state_master *record =
		tp_record_new(&tp_registry_state_master_desc, batch->arena);
	uint64_t bytes;

	(void)err;
	record->info =
		record_shallow(&tp_master_info_desc, arguments->master, batch->arena);
	bytes = put(batch, TP_REGISTRY_MASTER, "", record);
	members->size_bytes += bytes - members->master_bytes;
	members->master_bytes = bytes;
	return 0;
}

static int admit(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	const char *id = arguments->agent->id->value;

	if (find(members, id) != NULL)
		return tp_fail(err, EEXIST, "agent '%s' is in the registry already", id);
	put_agent(members, batch, arguments->agent);
	return 0;
}

static int update(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	const char *id = arguments->agent->id->value;
	const struct member *member = find(members, id);

	if (member == NULL || member->place != TP_REGISTRY_AGENT)
		return tp_fail(err, ENOENT, "agent '%s' is not admitted", id);
	put_agent(members, batch, arguments->agent);
	return 0;
}

static int mark_unreachable(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	const char *id = arguments->agent_id;
	const struct member *member = find(members, id);
	struct tp_registry_state_unreachable_agent *record =
		tp_record_new(&tp_registry_state_unreachable_agent_desc, batch->arena);

	if (member != NULL && member->place == TP_REGISTRY_UNREACHABLE)
		return 0;
	if (member == NULL || member->place != TP_REGISTRY_AGENT)
		return tp_fail(err, ENOENT, "agent '%s' is not admitted", id);
	record->id = agent_id_record(batch->arena, id);
	record->timestamp = time_record(batch->arena, arguments->at_ns);
	add(batch, TP_REGISTRY_AGENT, id);
	place(members, id, TP_REGISTRY_UNREACHABLE,
		put(batch, TP_REGISTRY_UNREACHABLE, id, record));
	return 0;
}

static int mark_reachable(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	const char *id = arguments->agent->id->value;
	const struct member *member = find(members, id);

	if (member != NULL && member->place == TP_REGISTRY_GONE)
		return tp_fail(err, EPERM, "agent '%s' has been marked gone", id);
	if (member != NULL && member->place == TP_REGISTRY_UNREACHABLE)
		add(batch, TP_REGISTRY_UNREACHABLE, id);
	put_agent(members, batch, arguments->agent);
	return 0;
}

static int remove_agent(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	struct member *member = find(members, arguments->agent_id);

	(void)err;
	if (member == NULL || member->place != TP_REGISTRY_AGENT)
		return 0;
	add(batch, TP_REGISTRY_AGENT, member->id);
	displace(members, member);
	return 0;
}

static int mark_gone(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	const char *id = arguments->agent_id;
	const struct member *member = find(members, id);
	struct tp_registry_state_gone_agent *record =
		tp_record_new(&tp_registry_state_gone_agent_desc, batch->arena);

	if (member == NULL)
		return tp_fail(err, ENOENT, "agent '%s' is not known", id);
	if (member->place == TP_REGISTRY_GONE)
		return 0;
	record->id = agent_id_record(batch->arena, id);
	record->timestamp = time_record(batch->arena, arguments->at_ns);
	record->has_machine_down = record->machine_down = arguments->machine_down;
	add(batch, member->place, id);
	place(members, id, TP_REGISTRY_GONE, put(batch, TP_REGISTRY_GONE, id, record));
	return 0;
}

static int prune(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	(void)err;
	for (size_t i = 0; i < arguments->n_agent_ids; i++) {
		struct member *member = find(members, arguments->agent_ids[i]);

		if (member == NULL || member->place == TP_REGISTRY_AGENT)
			continue;
		add(batch, member->place, member->id);
		displace(members, member);
	}
	return 0;
}

static int set(struct registrar_members *members,
	const struct registrar_arguments *arguments, struct registrar_batch *batch,
	struct tp_error *err)
{
	(void)err;
	for (size_t i = 0; i < arguments->n_settings; i++) {
		const struct registrar_setting *setting = &arguments->settings[i];
		const char *name = tp_arena_printf(batch->arena, "%s%s",
			tp_registry_variable(setting->what)->prefix, setting->key);

		if (setting->record != NULL)
			set_size(members, name,
				put(batch, setting->what, setting->key, setting->record));
		else if (has_setting(members, name)) {
			add(batch, setting->what, setting->key);
			set_size(members, name, 0);
		}
	}
	return 0;
}

static const struct row {
	const char *name;
	apply_f *apply;
} rows[] = {
	[REGISTRAR_RECOVER] = { "recover", recover },
	[REGISTRAR_ADMIT_AGENT] = { "admit agent", admit },
	[REGISTRAR_UPDATE_AGENT] = { "update agent", update },
	[REGISTRAR_MARK_AGENT_UNREACHABLE] = { "mark agent unreachable",
		mark_unreachable },
	[REGISTRAR_MARK_AGENT_REACHABLE] = { "mark agent reachable", mark_reachable },
	[REGISTRAR_REMOVE_AGENT] = { "remove agent", remove_agent },
	[REGISTRAR_MARK_AGENT_GONE] = { "mark agent gone", mark_gone },
	[REGISTRAR_PRUNE] = { "prune", prune },
	[REGISTRAR_SET] = { "set", set },
};

int registrar_operation_apply(struct registrar_members *members,
	const struct registrar_operation *operation, struct registrar_batch *batch,
	struct tp_error *err)
{
	return rows[operation->kind].apply(members, &operation->arguments, batch, err);
}

const char *registrar_operation_name(const struct registrar_operation *operation)
{
	return rows[operation->kind].name;
}
