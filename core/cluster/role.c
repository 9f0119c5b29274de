/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role names and their hierarchy. A name is checked once, where it enters; the walks here take
 * what has been checked.
 */
#include "tepui/role.h"

#include <errno.h>
#include <string.h>

static int check_component(
	const char *role, const char *part, size_t len, struct tp_error *err)
{
	if (len == 0)
		return tp_fail(err, EINVAL,
			"Role '%.300s' is invalid: a '/' stands at an end or beside "
			"another",
			role);
	if (len == 1 && (*part == '.' || *part == '*'))
		return tp_fail(err, EINVAL,
			"Role '%.300s' is invalid: '%c' is no part of a path", role,
			*part);
	if (len == 2 && part[0] == '.' && part[1] == '.')
		return tp_fail(err, EINVAL,
			"Role '%.300s' is invalid: '..' is no part of a path", role);
	if (*part == '-')
		return tp_fail(err, EINVAL,
			"Role '%.300s' is invalid: no part may begin with '-'", role);
	if (len > TP_ROLE_PART_BYTES_MAX)
		return tp_fail(err, EINVAL,
			"Role '%.40s...' is invalid: a part has %zu bytes, at most %d "
			"are "
			"allowed",
			role, len, TP_ROLE_PART_BYTES_MAX);
	return 0;
}

/* A name out of bounds is shown by its begin: the reason must have room beside it. */
static int check_bounds(const char *role, struct tp_error *err)
{
	size_t len = strlen(role), n_parts = 1;
	const char *at;

	if (len > TP_ROLE_BYTES_MAX)
		return tp_fail(err, EINVAL,
			"Role '%.40s...' is invalid: it has %zu bytes, at most %d are "
			"allowed",
			role, len, TP_ROLE_BYTES_MAX);
	for (at = strchr(role, '/'); at != NULL; at = strchr(at + 1, '/'))
		n_parts++;
	if (n_parts > TP_ROLE_PARTS_MAX)
		return tp_fail(err, EINVAL,
			"Role '%.40s...' is invalid: it has %zu parts, at most %d are "
			"allowed",
			role, n_parts, TP_ROLE_PARTS_MAX);
	return 0;
}

int tp_role_validate(const char *role, struct tp_error *err)
{
	const char *part = role;
	size_t len;
	int r;

	if (role == NULL || *role == '\0')
		return tp_fail(err, EINVAL, "Role names cannot be the empty string");
	if (strcmp(role, TP_ROLE_DEFAULT) == 0)
		return 0;
	r = check_bounds(role, err);
	if (r < 0)
		return r;
	if (strpbrk(role, " \t\n\v\f\r\b\x7f") != NULL)
		return tp_fail(err, EINVAL,
			"Role '%.300s' is invalid: it holds whitespace or a backspace",
			role);
	for (;; part += len + 1) {
		len = strcspn(part, "/");
		r = check_component(role, part, len, err);
		if (r < 0 || part[len] == '\0')
			return r;
	}
}

bool tp_role_is_strict_subrole(const char *role, const char *ancestor)
{
	size_t len = strlen(ancestor);

	return strncmp(role, ancestor, len) == 0 && role[len] == '/';
}

bool tp_role_is_within(const char *role, const char *ancestor)
{
	size_t len = strlen(ancestor);

	return strncmp(role, ancestor, len) == 0 &&
		(role[len] == '\0' || role[len] == '/');
}

size_t tp_role_parent(const char *role, size_t len)
{
	while (len > 0 && role[len - 1] != '/')
		len--;
	return len > 0 ? len - 1 : 0;
}
