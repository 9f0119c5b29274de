/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flags that operators of Mesos know: each one that we keep has a config key of that name,
 * with that default, in the module it belongs to. The table is written from the reference, not
 * from our tables. A key whose feature is not there yet says so when it is set.
 *
 * Not here: version and help, which are options of tepuid.
 */
#include "core/kernel/config.h"

#include <check.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/module.h"
#include "tepui/units.h"

enum { LATER, NOW };

static const struct flag {
	const char *module, *name, *standard; /* NULL = none */
	int state;
} flags[] = {
	{ "master", "quiet", "false", NOW },
	{ "master", "logging_level", "INFO", NOW },
	{ "master", "log_dir", NULL, NOW },
	{ "master", "logbufsecs", "0", LATER },
	{ "master", "external_log_file", NULL, LATER },
	{ "master", "hostname", NULL, NOW },
	{ "master", "hostname_lookup", "true", NOW },
	{ "master", "ip", NULL, NOW },
	{ "master", "port", "5050", LATER },
	{ "master", "advertise_ip", NULL, NOW },
	{ "master", "advertise_port", NULL, NOW },
	{ "master", "ip_discovery_command", NULL, NOW },
	{ "master", "work_dir", NULL, NOW },
	{ "master", "registry", "replicated_log", LATER },
	{ "master", "registry_strict", "false", NOW },
	{ "master", "registry_fetch_timeout", "1mins", NOW },
	{ "master", "registry_store_timeout", "20secs", NOW },
	{ "master", "registry_gc_interval", "15mins", NOW },
	{ "master", "registry_max_agent_age", "2weeks", NOW },
	{ "master", "registry_max_agent_count", "102400", NOW },
	{ "master", "quorum", NULL, LATER },
	{ "master", "log_auto_initialize", "true", LATER },
	{ "master", "zk", NULL, LATER },
	{ "master", "zk_session_timeout", "10secs", LATER },
	{ "master", "cluster", NULL, NOW },
	{ "master", "roles", NULL, NOW },
	{ "master", "weights", NULL, NOW },
	{ "master", "root_submissions", "true", NOW },
	{ "master", "whitelist", NULL, NOW },
	{ "master", "offer_constraints_re2_max_mem", "4096B", NOW },
	{ "master", "offer_constraints_re2_max_program_size", "100", NOW },
	{ "master", "webui_dir", NULL, LATER },
	{ "allocator-drf", "allocation_interval", "1secs", NOW },
	{ "master", "offer_timeout", NULL, NOW },
	{ "master", "rate_limits", NULL, LATER },
	{ "master", "max_executors_per_agent", NULL, LATER },
	{ "master", "hooks", NULL, LATER },
	{ "master", "modules", NULL, LATER },
	{ "master", "modules_dir", NULL, LATER },
	{ "master", "authenticate_http_readonly", "false", LATER },
	{ "master", "authenticate_http_readwrite", "false", LATER },
	{ "master", "authenticate_http_frameworks", "false", LATER },
	{ "master", "authenticate_frameworks", "false", NOW },
	{ "master", "authenticate_agents", "false", NOW },
	{ "master", "authentication_v0_timeout", "15secs", NOW },
	{ "auth-crammd5", "credentials", NULL, NOW },
	{ "master", "acls", NULL, LATER },
	{ "master", "firewall_rules", NULL, LATER },
	{ "master", "agent_ping_timeout", "15secs", NOW },
	{ "master", "max_agent_ping_timeouts", "5", NOW },
	{ "master", "agent_reregister_timeout", "10mins", NOW },
	{ "master", "recovery_agent_removal_limit", "100%", NOW },
	{ "master", "agent_removal_rate_limit", NULL, NOW },
	{ "master", "require_agent_domain", "false", NOW },
	{ "master", "domain", NULL, NOW },
	{ "master", "max_operator_event_stream_subscribers", "1000", NOW },
	{ "master", "max_completed_frameworks", "50", NOW },
	{ "master", "max_completed_tasks_per_framework", "1000", NOW },
	{ "master", "max_unreachable_tasks_per_framework", "1000", NOW },
	{ "master", "publish_per_framework_metrics", "true", LATER },

	{ "agent", "quiet", "false", NOW },
	{ "agent", "logging_level", "INFO", NOW },
	{ "agent", "log_dir", NULL, NOW },
	{ "agent", "logbufsecs", "0", LATER },
	{ "agent", "external_log_file", NULL, LATER },
	{ "agent", "master", NULL, NOW },
	{ "agent", "zk_session_timeout", "10secs", LATER },
	{ "agent", "hostname", NULL, NOW },
	{ "agent", "hostname_lookup", "true", NOW },
	{ "agent", "ip", NULL, NOW },
	{ "agent", "ip6", NULL, LATER },
	{ "agent", "port", "5051", LATER },
	{ "agent", "advertise_ip", NULL, NOW },
	{ "agent", "advertise_port", NULL, NOW },
	{ "agent", "ip_discovery_command", NULL, NOW },
	{ "agent", "work_dir", NULL, NOW },
	{ "agent", "runtime_dir", NULL, NOW },
	{ "containerizer-native", "launcher_dir", NULL, NOW },
	{ "agent", "resources", NULL, NOW },
	{ "agent", "default_role", "*", NOW },
	{ "agent", "attributes", NULL, NOW },
	{ "agent", "domain", NULL, NOW },
	{ "agent", "containerizers", "mesos", LATER },
	{ "agent", "isolation", "posix/cpu,posix/mem", LATER },
	{ "agent", "launcher", NULL, LATER },
	{ "agent", "image_providers", NULL, LATER },
	{ "agent", "fetcher_cache_size", "2GB", LATER },
	{ "agent", "fetcher_cache_dir", NULL, LATER },
	{ "agent", "fetcher_stall_timeout", "1mins", LATER },
	{ "agent", "hadoop_home", NULL, LATER },
	{ "agent", "frameworks_home", NULL, LATER },
	{ "agent", "switch_user", "true", NOW },
	{ "agent", "volume_gid_range", NULL, LATER },
	{ "agent", "http_heartbeat_interval", "30secs", LATER },
	{ "agent", "registration_backoff_factor", "1secs", NOW },
	{ "auth-crammd5", "credential", NULL, NOW },
	{ "agent", "authentication_backoff_factor", "1secs", NOW },
	{ "agent", "authentication_timeout_min", "5secs", NOW },
	{ "agent", "authentication_timeout_max", "1mins", NOW },
	{ "agent", "executor_environment_variables", NULL, NOW },
	{ "agent", "executor_registration_timeout", "1mins", NOW },
	{ "agent", "executor_reregistration_timeout", "2secs", NOW },
	{ "agent", "executor_shutdown_grace_period", "5secs", NOW },
	{ "agent", "jwt_secret_key", NULL, LATER },
	{ "agent", "authenticate_http_executors", "false", LATER },
	{ "agent", "http_command_executor", "false", LATER },
	{ "agent", "http_executor_domain_sockets", "false", LATER },
	{ "agent", "domain_socket_location", NULL, LATER },
	{ "agent", "gc_delay", "1weeks", NOW },
	{ "agent", "gc_disk_headroom", "0.1", NOW },
	{ "agent", "gc_non_executor_container_sandboxes", "false", LATER },
	{ "agent", "disk_watch_interval", "1mins", NOW },
	{ "agent", "max_completed_executors_per_framework", "150", NOW },
	{ "agent", "recover", "reconnect", NOW },
	{ "agent", "recovery_timeout", "15mins", NOW },
	{ "agent", "reconfiguration_policy", "equal", NOW },
	{ "agent", "strict", "true", NOW },
	{ "agent", "cgroups_hierarchy", "/sys/fs/cgroup", LATER },
	{ "agent", "cgroups_root", "mesos", LATER },
	{ "agent", "cgroups_destroy_timeout", "1mins", LATER },
	{ "agent", "agent_subsystems", NULL, LATER },
	{ "agent", "systemd_enable_support", "true", LATER },
	{ "agent", "systemd_runtime_directory", "/run/systemd/system", LATER },
	{ "agent", "firewall_rules", NULL, LATER },
	{ "agent", "acls", NULL, LATER },
	{ "agent", "authenticate_http_readonly", "false", LATER },
	{ "agent", "authenticate_http_readwrite", "false", LATER },
	{ "agent", "http_credentials", NULL, LATER },
	{ "agent", "docker_stop_timeout", "0ns", LATER },
	{ "agent", "sandbox_directory", "/mnt/mesos/sandbox", LATER },
	{ "agent", "default_container_dns", NULL, LATER },
	{ "agent", "default_container_info", NULL, LATER },
	{ "agent", "resource_estimator", NULL, LATER },
	{ "agent", "qos_controller", NULL, LATER },
	{ "agent", "qos_correction_interval_min", "0ns", NOW },
	{ "agent", "oversubscribed_resources_interval", "15secs", NOW },
	{ "agent", "hooks", NULL, LATER },
	{ "agent", "modules", NULL, LATER },
	{ "agent", "modules_dir", NULL, LATER },
};

/* Old names, which mean the key of today. */
static const struct flag aliases[] = {
	{ "master", "authenticate", "authenticate_frameworks", NOW },
	{ "master", "authenticate_slaves", "authenticate_agents", NOW },
	{ "master", "slave_ping_timeout", "agent_ping_timeout", NOW },
	{ "master", "max_slave_ping_timeouts", "max_agent_ping_timeouts", NOW },
	{ "master", "slave_reregister_timeout", "agent_reregister_timeout", NOW },
	{ "master", "recovery_slave_removal_limit", "recovery_agent_removal_limit", NOW },
	{ "master", "slave_removal_rate_limit", "agent_removal_rate_limit", NOW },
	{ "agent", "authentication_timeout", "authentication_timeout_min", NOW },
	{ "allocator-drf", "user_sorter", "role_sorter", NOW },

	{ "master", "log_storage", NULL, LATER },
	{ "master", "authenticate_http", NULL, LATER },
	{ "master", "max_executors_per_slave", NULL, LATER },
	{ "agent", "executor_secret_key", NULL, LATER },
	{ "agent", "slave_subsystems", NULL, LATER },
	{ "agent", "provisioners", NULL, LATER },
};

static const struct tp_module *open_module(const char *name)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/%s.so", getenv("TEPUI_MODULE_DIR"), name);
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct tp_module *module;

	ck_assert_msg(object != NULL, "%s", dlerror());
	module = dlsym(object, "tp_module");
	ck_assert_ptr_nonnull(module);
	return module;
}

static const struct tp_field *find(const struct tp_module *module, const char *name)
{
	for (const struct tp_field *field = module->config; field->name != NULL;
		field++) {
		if (strcmp(field->name, name) == 0)
			return field;
	}
	ck_abort_msg("%s has no key '%s'", module->name, name);
}

static bool same_default(const struct tp_field *field, const char *want)
{
	const char *have = field->default_text;
	int64_t a = -1, b = -2;

	if (want == NULL)
		return have == NULL || *have == '\0';
	if (have == NULL)
		return false;
	if (field->type == TP_DURATION)
		return tp_duration_parse(have, &a, NULL) == 0 &&
			tp_duration_parse(want, &b, NULL) == 0 && a == b;
	return strcmp(have, want) == 0;
}

START_TEST(every_flag_has_its_key)
{
	const struct flag *flag = &flags[_i];
	const struct tp_field *field = find(open_module(flag->module), flag->name);
	bool later = field->flags & TP_FIELD_UNSUPPORTED;

	ck_assert_msg(same_default(field, flag->standard), "%s: default '%s', not '%s'",
		flag->name, field->default_text, flag->standard);
	ck_assert_msg(later == (flag->state == LATER), "%s: %s", flag->name,
		later ? "not supported" : "supported");
	ck_assert_msg(field->doc != NULL && *field->doc != '\0', "%s", flag->name);
}
END_TEST

START_TEST(what_is_not_there_yet_is_refused)
{
	const struct flag *flag = &flags[_i];
	const struct tp_module *module = open_module(flag->module);
	const struct config_table table = { find(module, flag->name),
		sizeof(struct tp_field), 1 };
	struct tp_arena *arena = tp_arena_create(0);
	struct issues issues = { 0 };
	struct mark mark = { .file = "m.yaml", .line = 1, .column = 1 };
	tp_cleanup(ptr) char *text = tp_asprintf("%s: 1", flag->name);
	tp_cleanup(ptr) char *want = tp_asprintf(
		"m.yaml:1:%zu: x: %s: not supported yet\n", strlen(text), flag->name);
	const struct node *node =
		node_parse(arena, "m.yaml", text, strlen(text), &issues);
	void *object = tp_alloc(module->instance_size);

	/* Its default alone is no reason to refuse. */
	config_fill(&table, "x", &mark, NULL, arena, object, &issues);
	if (flag->state == LATER) {
		ck_assert_uint_eq(issues.n, 0);
		config_fill(&table, "x", &mark, node, arena, object, &issues);
		ck_assert_str_eq(tp_strbuf_text(&issues.text), want);
	}
	issues_fini(&issues);
	tp_arena_destroy(arena);
	tp_free(object);
}
END_TEST

START_TEST(old_names_mean_the_same)
{
	const struct flag *alias = &aliases[_i];
	const struct tp_module *module = open_module(alias->module);
	const struct tp_field *old = find(module, alias->name);
	const struct tp_field *now;

	ck_assert_ptr_null(old->default_text);
	if (alias->state == LATER) {
		ck_assert(old->flags & TP_FIELD_UNSUPPORTED);
		return;
	}
	now = find(module, alias->standard);
	ck_assert(old->flags & TP_FIELD_DEPRECATED);
	ck_assert_uint_eq(old->offset, now->offset);
	ck_assert_uint_eq(old->type, now->type);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flags");
	TCase *tc = tcase_create("flags");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, every_flag_has_its_key, 0, TP_COUNT(flags));
	tcase_add_loop_test(tc, what_is_not_there_yet_is_refused, 0, TP_COUNT(flags));
	tcase_add_loop_test(tc, old_names_mean_the_same, 0, TP_COUNT(aliases));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
