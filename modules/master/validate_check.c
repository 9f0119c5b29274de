/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both kinds of checks have a type, one member that goes with it, and times that are not
 * negative; they differ in their records only.
 */
#include "validate_check.h"

#include <errno.h>
#include <string.h>

#include "validate_container.h"

struct times {
	const char *what;
	int64_t delay_ns, interval_ns, timeout_ns, grace_ns;
};

static int validate_times(const struct times *t, struct tp_error *err)
{
	if (t->delay_ns < 0)
		return tp_fail(err, EINVAL,
			"Expecting '%s.delay_seconds' to be non-negative", t->what);
	if (t->interval_ns < 0)
		return tp_fail(err, EINVAL,
			"Expecting '%s.interval_seconds' to be non-negative", t->what);
	if (t->timeout_ns < 0)
		return tp_fail(err, EINVAL,
			"Expecting '%s.timeout_seconds' to be non-negative", t->what);
	if (t->grace_ns < 0)
		return tp_fail(err, EINVAL,
			"Expecting '%s.grace_period_seconds' to be non-negative",
			t->what);
	return 0;
}

static int missing(const char *what, const char *member, struct tp_error *err)
{
	return tp_fail(
		err, EINVAL, "Expecting '%s.%s' to be set for its type", what, member);
}

static int validate_shell(
	const char *what, const struct tp_command_info *command, struct tp_error *err)
{
	bool shell = !command->has_shell || command->shell;

	if (shell && command->value == NULL)
		return tp_fail(err, EINVAL, "%s: shell command has no value", what);
	if (!shell && command->value == NULL)
		return tp_fail(err, EINVAL, "%s: executable command has no value", what);
	return validate_command(command, err);
}

static int validate_http(
	const char *what, uint32_t port, const char *path, struct tp_error *err)
{
	if (port > 65535)
		return tp_fail(err, EINVAL, "%s: port %u is above 65535", what, port);
	if (path != NULL && path[0] != '/')
		return tp_fail(
			err, EINVAL, "%s: the path '%s' must start with '/'", what, path);
	return 0;
}

int validate_check(const struct tp_check_info *check, struct tp_error *err)
{
	const struct times times = { "CheckInfo",
		check->has_delay_ns ? check->delay_ns : 0,
		check->has_interval_ns ? check->interval_ns : 0,
		check->has_timeout_ns ? check->timeout_ns : 0, 0 };
	int r;

	switch (check->has_type ? check->type : TP_CHECK_INFO_UNKNOWN) {
	case TP_CHECK_INFO_COMMAND:
		r = check->command == NULL
			? missing("CheckInfo", "command", err)
			: validate_shell("CheckInfo", check->command->command, err);
		break;
	case TP_CHECK_INFO_HTTP:
		r = check->http == NULL ? missing("CheckInfo", "http", err)
					: validate_http("CheckInfo", check->http->port,
						  check->http->path, err);
		break;
	case TP_CHECK_INFO_TCP:
		r = check->tcp == NULL
			? missing("CheckInfo", "tcp", err)
			: validate_http("CheckInfo", check->tcp->port, NULL, err);
		break;
	default:
		return tp_fail(err, EINVAL, "CheckInfo must specify 'type'");
	}
	return r < 0 ? r : validate_times(&times, err);
}

static int validate_health_http(
	const struct tp_health_check_http_check_info *http, struct tp_error *err)
{
	if (http->scheme != NULL && strcmp(http->scheme, "http") != 0 &&
		strcmp(http->scheme, "https") != 0)
		return tp_fail(err, EINVAL, "Unsupported HTTP health check scheme: '%s'",
			http->scheme);
	return validate_http("HealthCheck", http->port, http->path, err);
}

int validate_health_check(const struct tp_health_check *check, struct tp_error *err)
{
	const struct times times = { "HealthCheck",
		check->has_delay_ns ? check->delay_ns : 0,
		check->has_interval_ns ? check->interval_ns : 0,
		check->has_timeout_ns ? check->timeout_ns : 0,
		check->has_grace_period_ns ? check->grace_period_ns : 0 };
	int r;

	switch (check->has_type ? check->type : TP_HEALTH_CHECK_UNKNOWN) {
	case TP_HEALTH_CHECK_COMMAND:
		r = check->command == NULL
			? missing("HealthCheck", "command", err)
			: validate_shell("HealthCheck", check->command, err);
		break;
	case TP_HEALTH_CHECK_HTTP:
		r = check->http == NULL ? missing("HealthCheck", "http", err)
					: validate_health_http(check->http, err);
		break;
	case TP_HEALTH_CHECK_TCP:
		r = check->tcp == NULL
			? missing("HealthCheck", "tcp", err)
			: validate_http("HealthCheck", check->tcp->port, NULL, err);
		break;
	default:
		return tp_fail(err, EINVAL, "HealthCheck must specify 'type'");
	}
	return r < 0 ? r : validate_times(&times, err);
}
