/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of RFC 4648, section 4, with padding: bytes in JSON. */
#ifndef TEPUI_CODEC_BASE64_H
#define TEPUI_CODEC_BASE64_H

#include "tepui/base.h"

/* Bytes of text for n bytes, and the most bytes that n bytes of text hold. */
#define BASE64_TEXT_LEN(n) (((n) + 2) / 3 * 4)
#define BASE64_DATA_MAX(n) ((n) / 4 * 3)

/* Writes BASE64_TEXT_LEN(len) bytes, no NUL. */
void base64_encode(const uint8_t *data, size_t len, char *out);
/* False when the text is not canonical base64. */
bool base64_decode(const char *text, size_t len, uint8_t *out, size_t *ret_len);

#endif
