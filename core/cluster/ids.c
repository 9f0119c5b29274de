/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids. Those of a master's making begin with the id of that master's term, so that no two terms
 * ever give the same one.
 */
#include "tepui/ids.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

void tp_uuid_from_random(uint8_t uuid[TP_UUID_BYTES])
{
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* version 4: random */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80); /* variant of RFC 4122 */
}

void tp_uuid_generate(uint8_t uuid[TP_UUID_BYTES])
{
	/* So few bytes come at once, and fail only before the kernel has any entropy. */
	tp_assert(getrandom(uuid, TP_UUID_BYTES, 0) == TP_UUID_BYTES);
	tp_uuid_from_random(uuid);
}

void tp_uuid_print(const uint8_t uuid[TP_UUID_BYTES], char text[TP_UUID_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *at = text;
	int i;

	for (i = 0; i < TP_UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = hex[uuid[i] >> 4];
		*at++ = hex[uuid[i] & 15];
	}
	*at = '\0';
}

static int hex_digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return -1;
}

int tp_uuid_parse(const char *text, uint8_t uuid[TP_UUID_BYTES], struct tp_error *err)
{
	uint8_t parsed[TP_UUID_BYTES];
	const char *at = text;
	int i;

	for (i = 0; i < TP_UUID_BYTES; i++, at += 2) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *at++ != '-')
			goto bad;
		if (hex_digit(at[0]) < 0 || hex_digit(at[1]) < 0)
			goto bad;
		parsed[i] = (uint8_t)(hex_digit(at[0]) << 4 | hex_digit(at[1]));
	}
	if (*at != '\0')
		goto bad;
	memcpy(uuid, parsed, sizeof parsed);
	return 0;
bad:
	return tp_fail(err, EINVAL, "'%s' is not a UUID", text);
}

int tp_id_validate(const char *what, const char *id, struct tp_error *err)
{
	size_t len = id == NULL ? 0 : strlen(id), i;

	if (len == 0)
		return tp_fail(err, EINVAL, "%s must not be empty", what);
	if (len > TP_ID_MAX)
		return tp_fail(err, EINVAL, "%s must not be longer than %d characters",
			what, TP_ID_MAX);
	if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return tp_fail(err, EINVAL, "%s '%s' is disallowed", what, id);
	for (i = 0; i < len; i++)
		if (iscntrl((unsigned char)id[i]) || id[i] == '/' || id[i] == '\\')
			return tp_fail(err, EINVAL, "%s '%s' contains invalid characters",
				what, id);
	return 0;
}

char *tp_framework_id_make(const char *master, uint64_t n)
{
	return tp_asprintf("%s-%04" PRIu64, master, n);
}

char *tp_agent_id_make(const char *master, uint64_t n)
{
	return tp_asprintf("%s-S%" PRIu64, master, n);
}

char *tp_offer_id_make(const char *master, uint64_t n)
{
	return tp_asprintf("%s-O%" PRIu64, master, n);
}
