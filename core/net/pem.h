/* SPDX-License-Identifier: Apache-2.0 */
/* Files with certificates and keys, as text for a TLS library. */
#ifndef CORE_NET_PEM_H
#define CORE_NET_PEM_H

#include "tepui/error.h"

/* *ret is tp_free()d by the caller. `what` says in errors which file it is. */
int pem_read(const char *path, const char *what, char **ret, struct tp_error *err);

#endif
