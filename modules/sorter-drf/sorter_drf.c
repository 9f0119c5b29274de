/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sorter-drf: dominant resource fairness as a sorter of its own, for allocators that choose theirs
 * by name. It is the order that libtepui has for policies to build on.
 */
#include "tepui/kind/sorter.h"
#include "tepui/module.h"

struct sorter_drf {
	struct tp_instance instance;
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "sorter-drf",
	.version = "1.0",
	.summary = "Lowest dominant share by weight first",
	.provides = (const struct tp_provide[]){ { .kind = "sorter",
							 .abi = TP_SORTER_ABI,
							 .ops_size = sizeof(
								 struct tp_sorter_ops),
							 .ops = &tp_sorter_fair_ops,
							 .key = "drf" },
		{ 0 } },
	.instance_size = sizeof(struct sorter_drf),
};
