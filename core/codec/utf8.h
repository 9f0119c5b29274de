/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: UTF-8 as RFC 3629 has it, and no NUL, which C text cannot hold. */
#ifndef TEPUI_CODEC_UTF8_H
#define TEPUI_CODEC_UTF8_H

#include "tepui/base.h"

bool utf8_valid(const void *text, size_t len);

#endif
