/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects through libltdl, opened completely or not at all, with the reason if not. */
#ifndef KERNEL_SHAREDOBJECT_H
#define KERNEL_SHAREDOBJECT_H

#include "tepui/error.h"

struct sharedobject; /* libltdl's handle */

/* Takes part in the process's libltdl; every begin needs its end. */
int sharedobject_begin(struct tp_error *err);
void sharedobject_end(void);

/* `path` is absolute. A path that is open already gives the same object once more. */
int sharedobject_open(const char *path, struct sharedobject **ret, struct tp_error *err);
/* NULL when it exports no such symbol. */
void *sharedobject_symbol(struct sharedobject *object, const char *name);
/* Unloads with the last close, but never under a sanitizer, which needs the code for reports. */
void sharedobject_close(struct sharedobject *object);

#endif
