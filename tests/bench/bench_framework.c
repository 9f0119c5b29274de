/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_framework.h"

#include <stdio.h>

bool bench_framework_start(
	const struct bench_framework *framework, struct tp_scheduler_driver **ret)
{
	const char *roles[] = { framework->role };
	struct tp_framework_info_capability multi_role = {
		.has_type = true,
		.type = TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE,
	};
	struct tp_framework_info_capability *capabilities[] = { &multi_role };
	const struct tp_framework_info info = {
		.user = "",
		.name = framework->name,
		.has_checkpoint = true,
		.checkpoint = framework->checkpoint,
		.has_failover_timeout_ns = framework->checkpoint,
		.failover_timeout_ns = TP_MIN,
		.roles = roles,
		.n_roles = 1,
		.capabilities = capabilities,
		.n_capabilities = 1,
	};
	const struct tp_scheduler_options options = {
		.scheduler = framework->scheduler,
		.user = framework->user,
		.framework = &info,
		.master = framework->master,
	};
	struct tp_error err;

	if (tp_scheduler_driver_create(&options, ret, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	return tp_scheduler_driver_start(*ret) == TP_DRIVER_RUNNING;
}
