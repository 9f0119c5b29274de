/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who leads. A master that was not elected is a standby: it serves nobody, but says who it is and
 * who leads. The registry is read when it is elected, and not before. A master that loses its
 * leadership cannot know what another one does meanwhile: the process ends, with a status of its
 * own, and whoever supervises it starts a new standby.
 */
#ifndef MASTER_LEADERSHIP_H
#define MASTER_LEADERSHIP_H

#include "master.h"

/* Contends; m->info is there. */
void leadership_start(struct master *m);
void leadership_stop(struct master *m);
/* 0 when this master leads, else -EAGAIN with who it is and who leads. */
int leadership_check(const struct master *m, struct tp_error *err);

#endif
