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
			"Role '%s' is invalid: a '/' stands at an end or beside another",
			role);
	if (len == 1 && (*part == '.' || *part == '*'))
		return tp_fail(err, EINVAL,
			"Role '%s' is invalid: '%c' is no part of a path", role, *part);
	if (len == 2 && part[0] == '.' && part[1] == '.')
		return tp_fail(err, EINVAL,
			"Role '%s' is invalid: '..' is no part of a path", role);
	if (*part == '-')
		return tp_fail(err, EINVAL,
			"Role '%s' is invalid: no part may begin with '-'", role);
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
	if (strpbrk(role, " \t\n\v\f\r\b\x7f") != NULL)
		return tp_fail(err, EINVAL,
			"Role '%s' is invalid: it holds whitespace or a backspace", role);
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
