/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations, sizes and thousandths as text. Numbers are read digit by digit into integers:
 * exact, independent of the locale, and refused when they do not fit. Only a number with an
 * exponent goes through a double.
 */
#include "tepui/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MILLI_MAX INT64_C(9200000000000000000) /* 9.2e15 in thousandths */

struct unit {
	const char *name;
	int64_t factor;
};

/* The first name of each factor is not what is printed: see duration_print. */
static const struct unit duration_units[] = {
	{ "ns", 1 },
	{ "us", TP_USEC },
	{ "ms", TP_MSEC },
	{ "s", TP_SEC },
	{ "sec", TP_SEC },
	{ "secs", TP_SEC },
	{ "m", TP_MIN },
	{ "min", TP_MIN },
	{ "mins", TP_MIN },
	{ "h", TP_HOUR },
	{ "hr", TP_HOUR },
	{ "hrs", TP_HOUR },
	{ "hour", TP_HOUR },
	{ "hours", TP_HOUR },
	{ "d", TP_DAY },
	{ "day", TP_DAY },
	{ "days", TP_DAY },
	{ "w", TP_WEEK },
	{ "week", TP_WEEK },
	{ "weeks", TP_WEEK },
};

/* From the largest down, as printed. */
static const struct unit duration_prints[] = {
	{ "weeks", TP_WEEK },
	{ "days", TP_DAY },
	{ "hrs", TP_HOUR },
	{ "mins", TP_MIN },
	{ "secs", TP_SEC },
	{ "ms", TP_MSEC },
	{ "us", TP_USEC },
	{ "ns", 1 },
};

static const struct unit size_units[] = {
	{ "TB", INT64_C(1) << 40 },
	{ "GB", INT64_C(1) << 30 },
	{ "MB", INT64_C(1) << 20 },
	{ "KB", INT64_C(1) << 10 },
	{ "B", 1 },
};

/* Reads digits at *text into *ret; returns how many, or -ERANGE. */
static int read_digits(const char **text, int64_t *ret)
{
	const char *start = *text;
	int64_t n = 0;

	for (; isdigit((unsigned char)**text); (*text)++)
		if (__builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, **text - '0', &n))
			return -ERANGE;
	*ret = n;
	return *text - start > 1000 ? 1000 : (int)(*text - start);
}

/*
 * Reads the digits of a fraction at *text as a part of `unit`, rounded half up. What is beyond
 * 18 digits cannot change a result and is skipped.
 */
static int64_t read_fraction(const char **text, int64_t unit)
{
	__extension__ __int128 sum = 0, scale = 1;

	for (; isdigit((unsigned char)**text); (*text)++) {
		if (scale >= INT64_C(1000000000000000000))
			continue;
		sum = sum * 10 + (**text - '0');
		scale *= 10;
	}
	return (int64_t)((sum * unit * 2 + scale) / (scale * 2));
}

static const struct unit *unit_find(const struct unit *units, size_t n, const char *name,
	int (*compare)(const char *, const char *))
{
	size_t i;

	for (i = 0; i < n; i++)
		if (compare(units[i].name, name) == 0)
			return &units[i];
	return NULL;
}

int tp_duration_parse(const char *text, int64_t *ret_ns, struct tp_error *err)
{
	const char *at = text, *fraction = NULL;
	const struct unit *unit;
	int64_t whole = 0, ns;
	int n_digits;

	n_digits = read_digits(&at, &whole);
	if (n_digits < 0)
		goto range;
	if (*at == '.' && isdigit((unsigned char)at[1])) {
		fraction = ++at;
		at += strspn(at, "0123456789");
	}
	unit = unit_find(duration_units, TP_COUNT(duration_units), at, strcmp);
	if ((n_digits == 0 && fraction == NULL) || unit == NULL)
		return tp_fail(err, EINVAL,
			"'%s' is not a duration (like 500ms, 2s, 10mins, 1.5h)", text);
	if (__builtin_mul_overflow(whole, unit->factor, &ns))
		goto range;
	if (fraction != NULL &&
		__builtin_add_overflow(ns, read_fraction(&fraction, unit->factor), &ns))
		goto range;
	*ret_ns = ns;
	return 0;
range:
	return tp_fail(
		err, ERANGE, "'%s' is too long a duration (at most 292 years)", text);
}

static void print_in_units(int64_t value, const struct unit *units, size_t n,
	const char *smallest, struct tp_strbuf *out)
{
	size_t i;

	for (i = 0; value != 0 && i < n; i++) {
		if (value % units[i].factor == 0) {
			tp_strbuf_printf(out, "%" PRId64 "%s", value / units[i].factor,
				units[i].name);
			return;
		}
	}
	tp_strbuf_printf(out, "%" PRId64 "%s", value, smallest);
}

void tp_duration_print(int64_t ns, struct tp_strbuf *out)
{
	print_in_units(ns, duration_prints, TP_COUNT(duration_prints), "ns", out);
}

int tp_size_parse(const char *text, int64_t *ret_bytes, struct tp_error *err)
{
	const struct unit *unit;
	const char *at = text;
	int64_t whole, bytes;
	int n_digits;

	n_digits = read_digits(&at, &whole);
	if (n_digits >= 0) {
		unit = unit_find(size_units, TP_COUNT(size_units), at, strcasecmp);
		if (n_digits == 0 || unit == NULL)
			return tp_fail(err, EINVAL,
				"'%s' is not a size (like 512B, 64MB, 2GB)", text);
		if (!__builtin_mul_overflow(whole, unit->factor, &bytes)) {
			*ret_bytes = bytes;
			return 0;
		}
	}
	return tp_fail(err, ERANGE, "'%s' is too large a size (at most 8388607TB)", text);
}

void tp_size_print(int64_t bytes, struct tp_strbuf *out)
{
	print_in_units(bytes, size_units, TP_COUNT(size_units), "B", out);
}

/* A number with an exponent, which nobody writes by hand. */
static int milli_parse_exponent(
	const char *text, int64_t *ret_milli, struct tp_error *err)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end != '\0')
		return tp_fail(err, EINVAL, "'%s' is not a number", text);
	return tp_milli_from_double(value, ret_milli, err);
}

int tp_milli_parse(const char *text, int64_t *ret_milli, struct tp_error *err)
{
	bool negative = *text == '-';
	const char *at = text + (negative || *text == '+' ? 1 : 0);
	int64_t milli, part;
	int n_digits;

	n_digits = read_digits(&at, &milli);
	if (n_digits < 0 || __builtin_mul_overflow(milli, 1000, &milli))
		goto range;
	if (*at == '.') {
		n_digits += isdigit((unsigned char)at[1]) != 0;
		at++;
		part = read_fraction(&at, 1000);
		if (__builtin_add_overflow(milli, part, &milli))
			goto range;
	}
	if (n_digits > 0 && (*at == 'e' || *at == 'E'))
		return milli_parse_exponent(text, ret_milli, err);
	if (n_digits == 0 || *at != '\0')
		return tp_fail(err, EINVAL, "'%s' is not a number", text);
	if (milli > MILLI_MAX)
		goto range;
	*ret_milli = negative ? -milli : milli;
	return 0;
range:
	return tp_fail(err, ERANGE, "'%s' is out of range (at most 9.2e15)", text);
}

int tp_milli_from_double(double value, int64_t *ret_milli, struct tp_error *err)
{
	if (value != value)
		return tp_fail(err, EINVAL, "NaN is not a number");
	if (value > 9.2e15 || value < -9.2e15)
		return tp_fail(err, ERANGE, "%g is out of range (at most 9.2e15)", value);
	*ret_milli = (int64_t)(value * 1000 + (value < 0 ? -0.5 : 0.5));
	return 0;
}

void tp_milli_print(int64_t milli, struct tp_strbuf *out)
{
	uint64_t size = milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
	unsigned rest = (unsigned)(size % 1000);
	int digits = 3;

	if (milli < 0)
		tp_strbuf_putc(out, '-');
	tp_strbuf_printf(out, "%" PRIu64, size / 1000);
	if (rest == 0)
		return;
	for (; rest % 10 == 0; rest /= 10)
		digits--;
	tp_strbuf_printf(out, ".%0*u", digits, rest);
}
