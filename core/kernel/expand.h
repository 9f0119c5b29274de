/* SPDX-License-Identifier: Apache-2.0 */
/* References to the environment in the values of a manifest. */
#ifndef KERNEL_EXPAND_H
#define KERNEL_EXPAND_H

#include "core/kernel/node.h"

/*
 * Replaces ${NAME} and ${NAME:-default} in every value below `root` (NULL is fine); $$ is one
 * dollar, any other dollar stays. Keys are left alone. What was written is kept in the node, so
 * that messages show the reference and never what it stands for.
 */
void node_expand(struct tp_arena *arena, struct node *root, struct issues *issues);

#endif
