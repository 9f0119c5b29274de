/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the master must not forget, in order and in batches: while one store runs, later
 * operations gather and go out together in the next. A store that fails or takes too long ends
 * the process: what was promised cannot be known any more.
 */
#ifndef MASTER_REGISTRAR_H
#define MASTER_REGISTRAR_H

#include "tepui/strbuf.h"

#include "master.h"

#define REGISTRAR_CHANGES_MAX 2

/*
 * One operation; the caller's until done(), which comes exactly once, later, when all of its
 * changes are durable. At the end of the process it may come with -ECANCELED.
 */
struct registrar_operation {
	void (*done)(struct registrar_operation *operation, int status);
	struct tp_list node; /* private, as is the rest */
	size_t n;
	struct {
		char *name;
		struct tp_strbuf data;
		bool remove;
	} changes[REGISTRAR_CHANGES_MAX];
};

int registrar_create(struct master *m, struct tp_error *err);
/* Cancels what waits. */
void registrar_destroy(struct master *m);
/* Reads the registry, tells the agents' concern what is in it, then master_recovered(). */
void registrar_fetch(struct master *m);
/* Calls back when nothing is on its way any more. */
void registrar_flush(struct master *m, struct tp_done *done);

/* Admits an agent, or brings it back: out of the unreachable ones. */
void registrar_admit(struct master *m, struct registrar_operation *operation,
	const struct tp_agent_info *info);
void registrar_mark_unreachable(struct master *m, struct registrar_operation *operation,
	const char *agent_id, int64_t since_ns);
void registrar_remove(
	struct master *m, struct registrar_operation *operation, const char *agent_id);

#endif
