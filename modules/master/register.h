/* SPDX-License-Identifier: Apache-2.0 */
/* How agents come: registration, and registration again with all that they run. */
#ifndef MASTER_REGISTER_H
#define MASTER_REGISTER_H

#include "tepui/net.h"

#include "master.h"

int registers_create(struct master *m);
void registers_destroy(struct master *m);

void register_on_register(struct master *m, struct tp_message *message);
void register_on_reregister(struct master *m, struct tp_message *message);
void register_on_unregister(struct master *m, struct tp_message *message);
void register_on_update(struct master *m, struct tp_message *message);
void register_on_pong(struct master *m, struct tp_message *message);
/* Is an agent of that id being registered? */
bool register_is_under_way(const struct master *m, const char *id);
/* Tells an agent to end itself. */
void register_shut_down(struct master *m, uint64_t peer, const char *why);

#endif
