/* SPDX-License-Identifier: Apache-2.0 */
/* The master's configuration: its table, and how operators see it. */
#ifndef MASTER_FLAGS_H
#define MASTER_FLAGS_H

#include "master.h"

extern const struct tp_field master_config[];

/* check() of the module: ranges, and texts that must be something. */
void flags_check(const void *self);
/* What texts mean, into the members for it. */
int flags_parse(struct master *m, struct tp_error *err);
/* Every key with its value as text. */
struct tp_master_response_get_flags *flags_record(
	const struct master *m, struct tp_arena *arena);

#endif
