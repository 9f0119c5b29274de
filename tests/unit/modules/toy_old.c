/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A greeter as it was compiled long ago: the descriptor ends before status(), rows of all three
 * tables are shorter than today's, and so is its ops table. It is written out with types of
 * its own, as nobody can compile against an old header in a new tree.
 */
#include <stddef.h>
#include <stdint.h>

#include "toy.h"

struct old_ops {
	const char *(*greet)(void *impl);
};

struct old_field {
	const char *name;
	uint16_t number;
	uint8_t type, label, flags, proto_type, oneof, reserved;
	uint32_t offset, extra;
	const void *sub;
	const char *default_text;
};

struct old_provide {
	const char *kind;
	uint32_t abi, ops_size;
	const void *ops;
};

struct old_module {
	uint32_t abi, size, field_size, provide_size, require_size, reserved;
	const char *name, *version, *summary;
	const void *provides, *requires, *config;
	size_t instance_size;
	void *init, *start, *recover, *stop, *fini;
};

struct old_greeter {
	struct tp_instance instance;
	const char *text;
	int64_t delay_ns;
};

static const char *old_greet(void *impl)
{
	return ((struct old_greeter *)impl)->text;
}

static const struct old_ops ops = { old_greet };

TP_EXPORT const struct old_module tp_module;
const struct old_module tp_module = {
	.abi = 1,
	.size = sizeof(struct old_module),
	.field_size = sizeof(struct old_field),
	.provide_size = sizeof(struct old_provide),
	.name = "toy_old",
	.provides =
		(const struct old_provide[]){
			{ "greeter", TOY_GREETER_ABI, sizeof(ops), &ops }, { 0 } },
	.config = (const struct old_field[]){ { .name = "text",
						      .type = TP_STRING,
						      .offset = offsetof(
							      struct old_greeter, text),
						      .default_text = "good day" },
		{ .name = "delay",
			.type = TP_DURATION,
			.offset = offsetof(struct old_greeter, delay_ns),
			.default_text = "2s" },
		{ 0 } },
	.instance_size = sizeof(struct old_greeter),
};
