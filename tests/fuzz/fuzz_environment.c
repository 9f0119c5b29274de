/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an executor finds in its environment, which a task's owner may have a say in: it is
 * understood or refused with a reason, and times are never negative. Input: lines, each one
 * variable in the order of the table, an empty line leaves it unset.
 */
#include <stdlib.h>
#include <string.h>

#include "core/sdk/executor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "TEPUI_AGENT_ADDRESS", "TEPUI_FRAMEWORK_ID",
	"TEPUI_EXECUTOR_ID", "TEPUI_AGENT_ID", "TEPUI_CHECKPOINT",
	"TEPUI_RECOVERY_TIMEOUT", "TEPUI_EXECUTOR_SHUTDOWN_GRACE_PERIOD",
	"TEPUI_SUBSCRIPTION_BACKOFF_MAX", "MESOS_SLAVE_ID", "MESOS_RECOVERY_TIMEOUT",
	"MESOS_CHECKPOINT" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_executor_driver driver;
	struct tp_error err = { 0 };
	char *text = tp_alloc(size + 1);
	char *at = text;

	if (size > 0)
		memcpy(text, data, size);
	for (size_t i = 0; i < TP_COUNT(names); i++) {
		char *end = at + strcspn(at, "\n");
		bool last = *end == '\0';

		*end = '\0';
		if (*at != '\0')
			setenv(names[i], at, 1);
		else
			unsetenv(names[i]);
		at = last ? end : end + 1;
	}
	memset(&driver, 0, sizeof driver);
	if (executor_environment_read(&driver, &err) < 0) {
		tp_assert(err.text[0] != '\0');
	} else {
		tp_assert(driver.address != NULL && driver.agent_id.value != NULL);
		tp_assert(driver.recovery_timeout_ns >= 0 &&
			driver.shutdown_grace_ns >= 0 && driver.backoff_max_ns > 0);
	}
	tp_free(text);
	return 0;
}
