/* SPDX-License-Identifier: Apache-2.0 */
/* Files that operators give to commands. */
#ifndef TOOLS_TEPUI_INPUT_H
#define TOOLS_TEPUI_INPUT_H

#include "tepui/error.h"
#include "tepui/strbuf.h"

/* Appends all that is in the file; "-" is the standard input. */
int input_read(const char *path, struct tp_strbuf *text, struct tp_error *err);

#endif
