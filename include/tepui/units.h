/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of durations, sizes and fixed-point numbers, as operators write them.
 *
 * duration  ns us ms s m h d w, and the field's own spellings, singular or plural: sec(s),
 *           min(s), hr(s), hour(s), day(s), week(s); decimals allowed; no sign
 * size      B KB MB GB TB, powers of 1024, any case, no fraction
 * milli     a decimal number, rounded to thousandths (half away from zero)
 */
#ifndef TEPUI_UNITS_H
#define TEPUI_UNITS_H

#include "tepui/error.h"
#include "tepui/strbuf.h"

TP_EXPORT int tp_duration_parse(const char *text, int64_t *ret_ns, struct tp_error *err);
/* The largest unit with a whole number, as the field prints it: "90secs", "10mins", "1weeks". */
TP_EXPORT void tp_duration_print(int64_t ns, struct tp_strbuf *out);
TP_EXPORT int tp_size_parse(const char *text, int64_t *ret_bytes, struct tp_error *err);
TP_EXPORT void tp_size_print(int64_t bytes, struct tp_strbuf *out);

/* -ERANGE beyond +-9.2e15, -EINVAL for NaN and non-numbers. */
TP_EXPORT int tp_milli_parse(const char *text, int64_t *ret_milli, struct tp_error *err);
TP_EXPORT int tp_milli_from_double(
	double value, int64_t *ret_milli, struct tp_error *err);
/* "4", "0.5", "1.125": no trailing zeros. */
TP_EXPORT void tp_milli_print(int64_t milli, struct tp_strbuf *out);

#endif
