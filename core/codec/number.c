/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Printing numbers. A decimal of at most 15 digits always reads back as the same double and so
 * needs no search; that is every quantity and most times. Beyond that fewer and fewer digits
 * are dropped until the text stands for the same double.
 */
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15

static const uint64_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
	100000000, 1000000000 };

size_t number_print_uint(uint64_t u, char *out)
{
	char text[24];
	size_t n = sizeof text;

	do {
		text[--n] = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	memcpy(out, text + n, sizeof text - n);
	return sizeof text - n;
}

size_t number_print_int(int64_t i, char *out)
{
	if (i >= 0)
		return number_print_uint((uint64_t)i, out);
	*out = '-';
	return 1 + number_print_uint(0 - (uint64_t)i, out + 1);
}

size_t number_print_double(double d, char *out)
{
	int precision = EXACT_DIGITS, n;
	size_t whole;

	if (!isfinite(d)) {
		memcpy(out, "null", 4);
		return 4;
	}
	if (fabs(d) < 1e17 && d == (double)(int64_t)d) {
		whole = number_print_int((int64_t)d, out);
		memcpy(out + whole, ".0", 2);
		return whole + 2;
	}
	do {
		n = snprintf(out, NUMBER_TEXT_MAX - 2, "%.*g", precision, d);
	} while (precision++ < 17 && strtod(out, NULL) != d);
	if (strpbrk(out, ".e") == NULL) {
		memcpy(out + n, ".0", 2);
		n += 2;
	}
	return (size_t)n;
}

static unsigned count_digits(uint64_t u)
{
	unsigned n = 1;

	for (; u >= 10; u /= 10)
		n++;
	return n;
}

static double quotient(uint64_t value, unsigned digits)
{
	if (value < UINT64_C(1) << 53) /* both exact: the quotient is rounded once */
		return (double)value / (double)powers[digits];
	return (double)((long double)value / (long double)powers[digits]);
}

/*
 * The number with the fewest digits that is the same double as value / 10^digits. It is searched
 * around the double, not around the value, which may lie at the edge of what becomes that double.
 */
static uint64_t shorten(uint64_t value, unsigned digits)
{
	unsigned drop = count_digits(value) - EXACT_DIGITS;
	double wanted = quotient(value, digits);
	uint64_t candidate;

	value = (uint64_t)((long double)wanted * (long double)powers[digits] + 0.5L);
	for (; drop > 0; drop--) {
		candidate = (value + powers[drop] / 2) / powers[drop] * powers[drop];
		if (quotient(candidate, digits) == wanted)
			return candidate;
	}
	return value;
}

size_t number_print_fixed(int64_t value, unsigned digits, char *out)
{
	uint64_t u = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint64_t fraction;
	size_t n = 0;

	if (u >= UINT64_C(1000000000000000)) /* more than 15 digits */
		u = shorten(u, digits);
	if (value < 0)
		out[n++] = '-';
	n += number_print_uint(u / powers[digits], out + n);
	out[n++] = '.';
	fraction = u % powers[digits];
	do {
		fraction *= 10;
		out[n++] = (char)('0' + fraction / powers[digits]);
		fraction %= powers[digits];
	} while (fraction != 0);
	return n;
}

bool number_seconds_to_ns(double seconds, int64_t *ret_ns)
{
	long double ns = (long double)seconds * 1e9L;

	if (isnan(seconds))
		return false;
	if (ns >= 9223372036854775807.0L)
		*ret_ns = INT64_MAX;
	else if (ns <= -9223372036854775808.0L)
		*ret_ns = INT64_MIN;
	else
		*ret_ns = (int64_t)(ns < 0 ? ns - 0.5L : ns + 0.5L);
	return true;
}
