/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scheduler driver is told: by its options, and by the environment where they are silent.
 * Every mistake is found here, before there is a thread.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cluster/zk_address.h"
#include "core/net/url.h"
#include "core/sdk/scheduler.h"
#include "tepui/credentials.h"
#include "tepui/record.h"
#include "tepui/units.h"

#define REGISTRATION_BACKOFF_NS (300 * TP_MSEC)

/* --- the environment ------------------------------------------------------------------- */

/* TEPUI_<name>, else MESOS_<name>; empty is as good as unset. *ret_key for errors; may be NULL. */
static const char *environment_get(const char *name, char *ret_key, size_t size)
{
	static const char *const prefixes[] = { "TEPUI", "MESOS" };

	for (size_t i = 0; i < TP_COUNT(prefixes); i++) {
		char key[64];
		const char *value;

		snprintf(key, sizeof(key), "%s_%s", prefixes[i], name);
		value = getenv(key);
		if (value == NULL || value[0] == '\0')
			continue;
		if (ret_key != NULL)
			snprintf(ret_key, size, "%s", key);
		return value;
	}
	return NULL;
}

static int environment_duration(const char *name, int64_t *ret_ns, struct tp_error *err)
{
	char key[64];
	const char *text = environment_get(name, key, sizeof(key));
	int64_t ns;
	int r;

	if (text == NULL)
		return 0;
	r = tp_duration_parse(text, &ns, err);
	if (r >= 0 && ns <= 0)
		r = tp_fail(err, EINVAL, "'%s' is not longer than nothing", text);
	if (r < 0)
		return tp_wrap(err, r, "%s", key);
	*ret_ns = ns;
	return 0;
}

static int environment_times(struct tp_scheduler_driver *self, struct tp_error *err)
{
	const struct {
		const char *name;
		int64_t *ns;
	} rows[] = {
		{ "REGISTRATION_BACKOFF_FACTOR", &self->registration_backoff_ns },
		{ "AUTHENTICATION_BACKOFF_FACTOR", &self->times.backoff_factor_ns },
		{ "AUTHENTICATION_TIMEOUT", &self->times.timeout_min_ns },
		{ "AUTHENTICATION_TIMEOUT_MIN", &self->times.timeout_min_ns },
		{ "AUTHENTICATION_TIMEOUT_MAX", &self->times.timeout_max_ns },
	};

	self->registration_backoff_ns = REGISTRATION_BACKOFF_NS;
	for (size_t i = 0; i < TP_COUNT(rows); i++) {
		int r = environment_duration(rows[i].name, rows[i].ns, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The given credential, or that of the environment. */
static int take_credential(struct tp_scheduler_driver *self,
	const struct tp_scheduler_options *options, struct tp_error *err)
{
	char key[64] = "";
	const char *file = environment_get("CREDENTIAL", key, sizeof(key));
	const char *mechanism = environment_get("AUTHENTICATEE", NULL, 0);
	struct tp_credential *credential = NULL;
	int r = 0;

	if (mechanism != NULL && strcmp(mechanism, "crammd5") != 0)
		return tp_fail(err, EINVAL,
			"TEPUI_AUTHENTICATEE: there is no '%s' in this driver, only "
			"'crammd5'",
			mechanism);
	if (options->credential != NULL)
		credential = tp_record_copy(
			&tp_credential_desc, options->credential, self->arena);
	else if (file != NULL)
		r = tp_credential_read(file, self->arena, &credential, NULL, err);
	if (r < 0)
		return tp_wrap(err, r, "%s", key);
	self->tls = tp_tls_environment();
	self->crammd5.credential = credential;
	self->crammd5.loop = self->instance.loop;
	self->authenticatee.service.ops = &tp_crammd5_client_ops;
	self->authenticatee.service.impl = &self->crammd5;
	self->authenticatee.key = TP_CRAMMD5;
	self->authenticatee.instance = self->instance.topic.name;
	self->authenticatees.items = &self->authenticatee;
	self->authenticatees.n = 1;
	return 0;
}

/* --- the master ------------------------------------------------------------------------ */

/*
 * A file may come later, and is read at each attempt; all else is said now, not by a driver that
 * dials for ever.
 */
static int check_master(const char *text, struct tp_error *err)
{
	struct url_list list = { NULL, 0 };
	struct zk_address zk;
	int r;

	if (zk_address_is(text)) {
		r = zk_address_parse(text, &zk, err);
		zk_address_fini(&zk);
		return r < 0
			? r
			: tp_fail(err, ENOTSUP,
				  "zk://: there is no module for ZooKeeper yet; give "
				  "the masters as HOST:PORT,HOST:PORT or file:///PATH");
	}
	if (strstr(text, "file://") != NULL)
		return 0;
	r = url_list_parse(text, &list, err);
	url_list_fini(&list);
	return r;
}

static int take_master(struct tp_scheduler_driver *self,
	const struct tp_scheduler_options *options, struct tp_error *err)
{
	char key[64] = "";
	const char *text = options->master;
	int r;

	if (self->election.ops != NULL)
		return 0;
	if (text == NULL || text[0] == '\0')
		text = environment_get("MASTER", key, sizeof(key));
	if (text == NULL)
		return tp_fail(err, EINVAL,
			"a scheduler driver needs the master's address, like "
			"127.0.0.1:5060, in its options or in TEPUI_MASTER");
	self->master = tp_arena_strdup(self->arena, text);
	r = check_master(text, err);
	return r < 0 ? tp_wrap(err, r, "%s", key[0] != '\0' ? key : "master") : 0;
}

/* --- the framework --------------------------------------------------------------------- */

/* An empty user means the calling one. */
static const char *user_name(struct tp_arena *arena, const char *user)
{
	const struct passwd *entry;

	if (user != NULL && user[0] != '\0')
		return user;
	entry = getpwuid(geteuid());
	return entry != NULL ? tp_arena_strdup(arena, entry->pw_name)
			     : tp_arena_printf(arena, "%u", (unsigned)geteuid());
}

static const char *host_name(struct tp_arena *arena, const char *hostname)
{
	char name[256];

	if (hostname != NULL && hostname[0] != '\0')
		return hostname;
	if (gethostname(name, sizeof(name)) < 0)
		return NULL;
	name[sizeof(name) - 1] = '\0';
	return tp_arena_strdup(arena, name);
}

static void set_suppressed(struct tp_scheduler_driver *self, const char *const *roles,
	size_t n_roles, struct tp_arena *arena)
{
	self->n_suppressed_roles = n_roles;
	self->suppressed_roles = tp_arena_alloc(arena, (n_roles + 1) * sizeof(char *));
	for (size_t i = 0; i < n_roles; i++)
		self->suppressed_roles[i] = tp_arena_strdup(arena, roles[i]);
}

void scheduler_framework_set(struct tp_scheduler_driver *self,
	const struct tp_framework_info *framework, const char *const *suppressed_roles,
	size_t n_suppressed_roles)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_framework_info *copy =
		tp_record_copy(&tp_framework_info_desc, framework, arena);

	copy->user = user_name(arena, copy->user);
	copy->hostname = host_name(arena, copy->hostname);
	copy->id = NULL;
	set_suppressed(self, suppressed_roles, n_suppressed_roles, arena);
	tp_arena_destroy(self->framework_arena);
	self->framework_arena = arena;
	self->framework = copy;
}

static bool has_role(const char *const *roles, size_t n_roles, const char *role)
{
	for (size_t i = 0; i < n_roles; i++) {
		if (strcmp(roles[i], role) == 0)
			return true;
	}
	return false;
}

void scheduler_suppress(
	struct tp_scheduler_driver *self, const char *const *roles, size_t n_roles)
{
	const struct tp_framework_info *info = self->framework;
	const char *const single[] = { info->role == NULL ? "*" : info->role };
	size_t n = self->n_suppressed_roles;
	const char **all;

	if (n_roles == 0) {
		roles = info->n_roles > 0 ? info->roles : single;
		n_roles = info->n_roles > 0 ? info->n_roles : 1;
	}
	all = tp_arena_alloc(self->framework_arena, (n + n_roles) * sizeof(*all));
	if (n > 0)
		memcpy(all, self->suppressed_roles, n * sizeof(*all));
	for (size_t i = 0; i < n_roles; i++) {
		if (!has_role(all, n, roles[i]))
			all[n++] = tp_arena_strdup(self->framework_arena, roles[i]);
	}
	self->suppressed_roles = all;
	self->n_suppressed_roles = n;
}

void scheduler_revive(
	struct tp_scheduler_driver *self, const char *const *roles, size_t n_roles)
{
	size_t n = 0;

	for (size_t i = 0; n_roles > 0 && i < self->n_suppressed_roles; i++) {
		if (!has_role(roles, n_roles, self->suppressed_roles[i]))
			self->suppressed_roles[n++] = self->suppressed_roles[i];
	}
	self->n_suppressed_roles = n;
}

/* --- all of it ------------------------------------------------------------------------- */

int scheduler_options_take(struct tp_scheduler_driver *self,
	const struct tp_scheduler_options *options, struct tp_error *err)
{
	const struct tp_framework_info *framework = options->framework;
	int r;

	if (options->scheduler == NULL || framework == NULL || framework->name == NULL)
		return tp_fail(err, EINVAL,
			"a scheduler driver needs its callbacks and a framework with a "
			"name");
	self->scheduler = options->scheduler;
	self->user = options->user;
	self->explicit_acknowledgements = options->explicit_acknowledgements;
	scheduler_framework_set(
		self, framework, options->suppressed_roles, options->n_suppressed_roles);
	r = tp_record_check(&tp_framework_info_desc, self->framework, err);
	if (r < 0)
		return tp_wrap(err, r, "framework");
	if (framework->id != NULL && framework->id->value != NULL &&
		framework->id->value[0] != '\0')
		self->framework_id = tp_strdup(framework->id->value);
	r = take_master(self, options, err);
	if (r >= 0)
		r = environment_times(self, err);
	return r < 0 ? r : take_credential(self, options, err);
}
