/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hosts whose agents are offered, from a file that is read again every five seconds. A file
 * that cannot be read later leaves the last list as it is; one that is empty allows nobody. Offers
 * that are out stay, as do tasks.
 */
#ifndef MASTER_WHITELIST_H
#define MASTER_WHITELIST_H

#include "master.h"

/* Reads it at once and tells the allocator; -ENOTSUP when that one knows no whitelist. */
int whitelist_start(struct master *m, struct tp_error *err);
/* Reads it now and not in five seconds. */
void whitelist_reload(struct master *m);
/* To another allocator. */
int whitelist_allocate(const struct master *m, struct tp_error *err);
/* Reports once no reading is under way. */
void whitelist_stop(struct master *m, struct tp_done *done);
void whitelist_destroy(struct master *m);

#endif
