/* SPDX-License-Identifier: Apache-2.0 */
/* Where a daemon's admin socket is. */
#ifndef CORE_HOST_ADMIN_SOCKET_H
#define CORE_HOST_ADMIN_SOCKET_H

#include "tepui/error.h"

/*
 * The path in *ret (tp_free), whose folder is there: `given`, or, when that is NULL, `admin.sock`
 * in the $RUNTIME_DIRECTORY of a service, else `tepuid-PID.sock` in /run/tepui or, for who may not
 * write there, /tmp/tepui-UID. Such sockets that were left behind by others are removed.
 */
int admin_socket_path(const char *given, char **ret, struct tp_error *err);

#endif
