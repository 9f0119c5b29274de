/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role names: paths like "eng/web". "*" is the default role: resources of "*" are unreserved.
 * What is reserved for a role may also serve the roles below it.
 */
#ifndef TEPUI_ROLE_H
#define TEPUI_ROLE_H

#include "tepui/error.h"

#define TP_ROLE_DEFAULT "*"

/*
 * The longest name, the longest of its parts, and how many parts it may have. Every role above one
 * exists too, so that a name costs its length times its depth wherever roles are kept; and an
 * agent has a directory for each part where it keeps the volumes of a role: no part is longer
 * than a file name, and all of them leave a path room for the rest.
 */
#define TP_ROLE_BYTES_MAX 1024
#define TP_ROLE_PART_BYTES_MAX 255
#define TP_ROLE_PARTS_MAX 32

/* -EINVAL with the reason, also for what is beyond these bounds. "*" is a valid name. */
TP_EXPORT int tp_role_validate(const char *role, struct tp_error *err);

/* Is `role` below `ancestor`? "a/b" is below "a"; no role is below itself or below "*". */
TP_EXPORT bool tp_role_is_strict_subrole(const char *role, const char *ancestor);
/* The same role, or below it. */
TP_EXPORT bool tp_role_is_within(const char *role, const char *ancestor);

/*
 * The length of the parent's name, which is a prefix of `role`; 0 for a top-level role. Walks
 * up with: for (len = strlen(role); len > 0; len = tp_role_parent(role, len))
 */
TP_EXPORT size_t tp_role_parent(const char *role, size_t len);

#endif
