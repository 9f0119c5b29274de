/* SPDX-License-Identifier: Apache-2.0 */
/* The table of variables, in the order of enum tp_registry_what. */
#include "tepui/registry_variable.h"

#include <errno.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"

static const char *agent_key(const void *record)
{
	const struct tp_registry_state_agent *agent = record;

	return agent->info->id == NULL ? "" : agent->info->id->value;
}

static const char *unreachable_key(const void *record)
{
	return ((const struct tp_registry_state_unreachable_agent *)record)->id->value;
}

static const char *gone_key(const void *record)
{
	return ((const struct tp_registry_state_gone_agent *)record)->id->value;
}

static const char *quota_key(const void *record)
{
	return ((const struct tp_quota_config *)record)->role;
}

static const char *weight_key(const void *record)
{
	const struct tp_weight_info *weight = record;

	return weight->role == NULL ? "*" : weight->role;
}

static const char *capability_key(const void *record)
{
	return ((const struct tp_registry_state_minimum_capability *)record)->capability;
}

static const struct tp_registry_variable rows[] = {
	{ TP_REGISTRY_MASTER, "master", &tp_registry_state_master_desc, NULL },
	{ TP_REGISTRY_AGENT, "agent/", &tp_registry_state_agent_desc, agent_key },
	{ TP_REGISTRY_UNREACHABLE, "unreachable/",
		&tp_registry_state_unreachable_agent_desc, unreachable_key },
	{ TP_REGISTRY_GONE, "gone/", &tp_registry_state_gone_agent_desc, gone_key },
	{ TP_REGISTRY_MACHINE, "machine/", &tp_registry_state_machine_desc, NULL },
	{ TP_REGISTRY_SCHEDULE, "schedule", &tp_maintenance_schedule_desc, NULL },
	{ TP_REGISTRY_QUOTA, "quota/", &tp_quota_config_desc, quota_key },
	{ TP_REGISTRY_WEIGHT, "weight/", &tp_weight_info_desc, weight_key },
	{ TP_REGISTRY_CAPABILITY, "capability/",
		&tp_registry_state_minimum_capability_desc, capability_key },
};

static bool is_one_of(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return prefix[len - 1] == '/'
		? strncmp(name, prefix, len) == 0 && name[len] != '\0'
		: strcmp(name, prefix) == 0;
}

const struct tp_registry_variable *tp_registry_variable_of(const char *name)
{
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		if (is_one_of(name, rows[i].prefix))
			return &rows[i];
	}
	return NULL;
}

const struct tp_registry_variable *tp_registry_variable(enum tp_registry_what what)
{
	tp_assert((size_t)what < TP_COUNT(rows) && rows[what].what == what);
	return &rows[what];
}

int tp_registry_variable_decode(const struct tp_registry_entry *entry,
	struct tp_arena *arena, const struct tp_registry_variable **ret_row,
	void **ret_record, struct tp_error *err)
{
	const struct tp_registry_variable *row = tp_registry_variable_of(entry->name);
	struct tp_error why = { 0 };
	const char *key;
	void *record;
	int r;

	if (row == NULL)
		return tp_fail(err, ENOENT,
			"registry variable '%s' is none that this version knows",
			entry->name);
	r = tp_msgpack_decode(row->desc, entry->data, entry->len, arena, &record, &why);
	if (r >= 0)
		r = tp_record_check(row->desc, record, &why);
	if (r < 0)
		return tp_fail(err, EUCLEAN, "registry variable '%s': %s", entry->name,
			why.text);
	key = row->key == NULL ? NULL : row->key(record);
	if (key != NULL && strcmp(key, entry->name + strlen(row->prefix)) != 0)
		return tp_fail(err, EUCLEAN, "registry variable '%s' is about '%s'",
			entry->name, key);
	*ret_row = row;
	*ret_record = record;
	return 0;
}
