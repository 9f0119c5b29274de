/* SPDX-License-Identifier: Apache-2.0 */
/* What containers that do not exist say of themselves: three members of a containerizer's ops. */
#ifndef TESTS_LIB_FAKE_CONTAINER_H
#define TESTS_LIB_FAKE_CONTAINER_H

#include "tepui/kind/containerizer.h"

int fake_container_usage(void *impl, const char *id, struct tp_arena *arena,
	struct tp_resource_statistics **ret, struct tp_error *err);
int fake_container_status(void *impl, const char *id, struct tp_arena *arena,
	struct tp_container_status **ret, struct tp_error *err);
int fake_container_process(
	void *impl, const char *id, int64_t *ret_pid, uint64_t *ret_start_ticks);

#endif
