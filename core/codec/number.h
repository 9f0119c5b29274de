/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as JSON has them: the shortest text that reads back as the same double, with a
 * fraction even when it is whole. Fixed-point numbers print as the double they stand for.
 */
#ifndef TEPUI_CODEC_NUMBER_H
#define TEPUI_CODEC_NUMBER_H

#include "tepui/base.h"

#define NUMBER_TEXT_MAX 40

/* Each writes at most NUMBER_TEXT_MAX bytes without a NUL and returns how many. */
size_t number_print_uint(uint64_t u, char *out);
size_t number_print_int(int64_t i, char *out);
size_t number_print_double(double d, char *out); /* NaN and infinities: null */
/* value / 10^digits; digits is 3 or 9. */
size_t number_print_fixed(int64_t value, unsigned digits, char *out);

/* Seconds to nanoseconds; out of range saturates. False for NaN. */
bool number_seconds_to_ns(double seconds, int64_t *ret_ns);

#endif
