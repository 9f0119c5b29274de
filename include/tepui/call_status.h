/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a call, in the two languages it is told in: the status of the v1 HTTP API, and
 * the errno of the native protocol and of our functions. There is one table for all daemons.
 */
#ifndef TEPUI_CALL_STATUS_H
#define TEPUI_CALL_STATUS_H

#include "tepui/base.h"

/* The status, 4xx or 5xx, of a negative errno: 500 when there is none of its own. */
TP_EXPORT int tp_call_status(int code);
/* The errno, positive, of a status of 4xx or 5xx: EIO when there is none of its own. */
TP_EXPORT int tp_call_errno(int status);

#endif
