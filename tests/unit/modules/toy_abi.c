/* SPDX-License-Identifier: Apache-2.0 */
/* A module of some other ABI. */
#include "tepui/module.h"

TP_EXPORT const struct tp_module tp_module = {
	.abi = 3,
	.size = sizeof(struct tp_module),
	.name = "toy_abi",
	.instance_size = sizeof(struct tp_instance),
};
