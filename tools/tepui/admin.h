/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a running daemon at its admin socket. */
#ifndef TOOLS_TEPUI_ADMIN_H
#define TOOLS_TEPUI_ADMIN_H

#include "core/host/admin_call.h" /* the records of the admin socket, which are not public */
#include "tepui/arena.h"
#include "tepui/error.h"

/*
 * One call at `socket`, a path; NULL: $TEPUI_ADMIN_SOCKET, or the one daemon on this machine that
 * would serve us. The answer lives in `arena`.
 */
int admin_ask(const char *socket, const char *command, const char *argument,
	struct tp_arena *arena, struct admin_answer **ret, struct tp_error *err);

#endif
