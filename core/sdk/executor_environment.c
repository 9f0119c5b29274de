/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent tells an executor when it starts it. Mesos' names are understood, too. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sdk/executor.h"
#include "tepui/units.h"

#define RECOVERY_TIMEOUT_NS (15 * TP_MIN)
#define SHUTDOWN_GRACE_NS (5 * TP_SEC)
/* A restarted agent waits 2 s for its executors (executor_reregistration_timeout). */
#define BACKOFF_MAX_NS TP_SEC
#define BACKOFF_MIN_NS (100 * TP_MSEC)

/* TEPUI_<name>, else MESOS_<name>. */
static const char *environment_get(const char *name)
{
	char key[64];
	const char *value;

	snprintf(key, sizeof(key), "TEPUI_%s", name);
	value = getenv(key);
	if (value != NULL)
		return value;
	snprintf(key, sizeof(key), "MESOS_%s", name);
	return getenv(key);
}

/* Stays as it is when the variable is not set. */
static int read_duration(const char *name, int64_t *ret_ns, struct tp_error *err)
{
	const char *text = environment_get(name);
	int r = text == NULL ? 0 : tp_duration_parse(text, ret_ns, err);

	return r < 0 ? tp_wrap(err, r, "TEPUI_%s", name) : 0;
}

int executor_environment_read(struct tp_executor_driver *self, struct tp_error *err)
{
	const char *checkpoint = environment_get("CHECKPOINT");
	int r;

	self->address = getenv("TEPUI_AGENT_ADDRESS");
	self->framework_id.value = environment_get("FRAMEWORK_ID");
	self->executor_id.value = environment_get("EXECUTOR_ID");
	self->agent_id.value = environment_get("AGENT_ID");
	if (self->agent_id.value == NULL)
		self->agent_id.value = getenv("MESOS_SLAVE_ID");
	if (self->address == NULL || self->framework_id.value == NULL ||
		self->executor_id.value == NULL || self->agent_id.value == NULL)
		return tp_fail(err, EINVAL,
			"TEPUI_AGENT_ADDRESS, TEPUI_FRAMEWORK_ID, TEPUI_EXECUTOR_ID and"
			" TEPUI_AGENT_ID must be set: an executor is started by an "
			"agent");
	self->checkpoint = checkpoint != NULL && strcmp(checkpoint, "1") == 0;
	self->recovery_timeout_ns = RECOVERY_TIMEOUT_NS;
	self->shutdown_grace_ns = SHUTDOWN_GRACE_NS;
	self->backoff_max_ns = BACKOFF_MAX_NS;
	r = read_duration("RECOVERY_TIMEOUT", &self->recovery_timeout_ns, err);
	if (r >= 0)
		r = read_duration(
			"EXECUTOR_SHUTDOWN_GRACE_PERIOD", &self->shutdown_grace_ns, err);
	if (r >= 0)
		r = read_duration("SUBSCRIPTION_BACKOFF_MAX", &self->backoff_max_ns, err);
	if (self->backoff_max_ns < BACKOFF_MIN_NS)
		self->backoff_max_ns = BACKOFF_MIN_NS;
	return r;
}
