/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the master must not forget, in order and in batches: while one store runs, later
 * operations gather and go out together in the next. A store that fails or takes too long ends
 * the process: what was promised cannot be known any more. Only a full disk is waited for, within
 * registry_store_timeout; nothing is acknowledged meanwhile.
 */
#ifndef MASTER_REGISTRAR_H
#define MASTER_REGISTRAR_H

#include "registrar_operation.h"

int registrar_create(struct master *m, struct tp_error *err);
/* Cancels what waits. */
void registrar_destroy(struct master *m);
/*
 * Reads the registry, tells the agents' concern what is in it, writes down that this master
 * leads, then master_recovered().
 */
void registrar_fetch(struct master *m);
/* Calls back when nothing is on its way any more. */
void registrar_flush(struct master *m, struct tp_done *done);

/*
 * Applies one operation; see registrar_operation.h for what each means. done() comes exactly
 * once, later: 0 when it is durable, -ECANCELED at the end of the process, or the error that the
 * operation itself met (nothing was changed then). The arguments are borrowed until it.
 */
void registrar_apply(struct master *m, struct registrar_operation *operation,
	enum registrar_kind kind, const struct registrar_arguments *arguments);

/* For metrics. */
size_t registrar_n_queued(const struct master *m);
uint64_t registrar_size_bytes(const struct master *m);

#endif
