/* SPDX-License-Identifier: Apache-2.0 */
/* Each becomes the record of an UPDATE_QUOTA; what that one refuses is refused here, too. */
#include "quota_request.h"

#include <errno.h>
#include <string.h>

#include "quota.h"
#include "settings.h"

#include "tepui/record.h"

static int check_guarantee(const struct tp_quota_request *request,
	const struct tp_resource *resource, struct tp_error *err)
{
	if (!resource->has_type || resource->type != TP_VALUE_SCALAR ||
		resource->scalar == NULL)
		return tp_fail(err, EINVAL,
			"Quota of role '%s': resource '%s' is not a scalar",
			request->role, resource->name);
	if (resource->n_reservations > 0 || resource->reservation != NULL ||
		resource->disk != NULL || resource->revocable != NULL ||
		resource->shared != NULL)
		return tp_fail(err, EINVAL,
			"Quota of role '%s': resource '%s' must be a plain amount, "
			"without "
			"reservation, disk, revocable or shared",
			request->role, resource->name);
	return 0;
}

static int check(const struct master *m, const struct tp_quota_request *request,
	struct tp_error *err)
{
	int r = 0;

	if (request->role == NULL)
		return tp_fail(err, EINVAL, "Expecting 'role' to be present");
	if (request->n_guarantee == 0)
		return tp_fail(err, EINVAL, "Quota of role '%s': there is no guarantee",
			request->role);
	if (request->n_guarantee > QUOTA_KINDS_MAX)
		return tp_fail(err, EINVAL,
			"Quota of role '%s' is of more than %d kinds of resources",
			request->role, QUOTA_KINDS_MAX);
	if (quota_of(m, request->role) != NULL)
		return tp_fail(err, EINVAL,
			"Quota of role '%s' is set already: remove it first, or use "
			"UPDATE_QUOTA",
			request->role);
	for (size_t i = 0; r >= 0 && i < request->n_guarantee; i++)
		r = check_guarantee(request, request->guarantee[i], err);
	for (size_t i = 1; r >= 0 && i < request->n_guarantee; i++) {
		for (size_t k = 0; r >= 0 && k < i; k++) {
			if (strcmp(request->guarantee[i]->name,
				    request->guarantee[k]->name) == 0)
				r = tp_fail(err, EINVAL,
					"Quota of role '%s': resource '%s' is there "
					"twice",
					request->role, request->guarantee[i]->name);
		}
	}
	return r;
}

static struct tp_quota_config *add_config(struct tp_master_call_update_quota *wanted,
	const char *role, struct tp_arena *arena)
{
	struct tp_quota_config *config = tp_record_new(&tp_quota_config_desc, arena);

	config->role = role;
	tp_arena_push(arena, &wanted->quota_configs, &wanted->n_quota_configs, config);
	return config;
}

static void fill(struct tp_quota_config *config, const struct tp_quota_request *request,
	struct tp_arena *arena)
{
	for (size_t i = 0; i < request->n_guarantee; i++) {
		const struct tp_resource *resource = request->guarantee[i];
		struct tp_quota_config_guarantees_entry *guarantee =
			tp_record_new(&tp_quota_config_guarantees_entry_desc, arena);
		struct tp_quota_config_limits_entry *limit =
			tp_record_new(&tp_quota_config_limits_entry_desc, arena);

		guarantee->key = limit->key = resource->name;
		guarantee->value = limit->value = resource->scalar;
		tp_arena_push(
			arena, &config->guarantees, &config->n_guarantees, guarantee);
		tp_arena_push(arena, &config->limits, &config->n_limits, limit);
	}
}

void quota_request_set(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	const struct tp_quota_request *request = call->set_quota->quota_request;
	struct settings_change *change = settings_create(m, submission);
	struct tp_master_call_update_quota *wanted =
		tp_record_new(&tp_master_call_update_quota_desc, change->arena);
	struct tp_error err = { 0 };
	int r = check(m, request, &err);

	if (r >= 0) {
		fill(add_config(wanted, request->role, change->arena), request,
			change->arena);
		wanted->has_force = request->has_force;
		wanted->force = request->force;
		r = quota_check(m, wanted, &err);
	}
	quota_apply(change, wanted, r, &err);
}

void quota_request_remove(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	const char *role = call->remove_quota->role;
	struct settings_change *change = settings_create(m, submission);
	struct tp_master_call_update_quota *wanted =
		tp_record_new(&tp_master_call_update_quota_desc, change->arena);
	struct tp_error err = { 0 };
	int r = 0;

	if (quota_of(m, role) == NULL)
		r = tp_fail(&err, EINVAL, "Role '%s' has no quota", role);
	add_config(wanted, role, change->arena);
	if (r >= 0)
		r = quota_check(m, wanted, &err);
	quota_apply(change, wanted, r, &err);
}
