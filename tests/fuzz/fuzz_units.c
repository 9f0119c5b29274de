/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations, sizes and thousandths from any text: every refusal says why, and what was parsed
 * prints as a text that parses to the same value.
 */
#include "tepui/units.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const char *text,
	int (*parse)(const char *text, int64_t *ret, struct tp_error *err),
	void (*print)(int64_t value, struct tp_strbuf *out))
{
	struct tp_strbuf out = { 0 };
	struct tp_error err = { 0 };
	int64_t value, again;

	if (parse(text, &value, &err) < 0) {
		tp_assert(err.text[0] != '\0');
		return;
	}
	print(value, &out);
	tp_assert(parse(tp_strbuf_text(&out), &again, &err) == 0);
	tp_assert(again == value);
	tp_strbuf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256];

	if (size >= sizeof text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	round_trip(text, tp_duration_parse, tp_duration_print);
	round_trip(text, tp_size_parse, tp_size_print);
	round_trip(text, tp_milli_parse, tp_milli_print);
	return 0;
}
